cat <<'END' >&2
psycopg2.OperationalError: connection to server at "localhost" (127.0.0.1), port 5432 failed: FATAL:  database "shop" does not exist
END
exit 1
