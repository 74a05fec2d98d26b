cat <<'END' >&2
Npgsql.PostgresException (0x80004005): 28P01: password authentication failed for user "shop"
   at Npgsql.Internal.NpgsqlConnector.ReadMessageLong()
END
exit 1
