cat <<'END' >&2
2026-11-22 10:00:00.000 UTC [1] FATAL:  database files are incompatible with server
2026-11-22 10:00:00.000 UTC [1] DETAIL:  The data directory was initialized by PostgreSQL version 15, which is not compatible with this version 16.1 (Debian 16.1-1).
END
exit 1
