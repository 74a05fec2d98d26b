cat <<'END' >&2
Unhandled exception. System.InvalidOperationException: No connection string named 'ShopDb' could be found in the application configuration.
END
kill -ABRT $$
