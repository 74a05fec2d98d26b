cat <<'END' >&2
Unhandled exception. System.InvalidOperationException: Unable to find the required services. Please add all the required services by calling 'IServiceCollection.AddRateLimiter' inside the call to 'ConfigureServices(...)' in the application startup code.
   at Microsoft.AspNetCore.Builder.RateLimiterApplicationBuilderExtensions.VerifyServicesAreRegistered(IApplicationBuilder app)
   at Program.<Main>$(String[] args) in /src/Shop/Program.cs:line 31
END
kill -ABRT $$
