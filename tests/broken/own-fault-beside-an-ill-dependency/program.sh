echo "Unhandled exception. System.InvalidOperationException: Unable to find the required services. Please add all the required services by calling 'IServiceCollection.AddRateLimiter' inside the call to 'ConfigureServices(...)' in the application startup code." >&2
kill -ABRT $$
