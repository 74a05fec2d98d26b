cat <<'END' >&2
2026-11-22 10:00:00 UTC [1] PANIC:  could not write to file "pg_wal/xlogtemp.29": No space left on device
END
kill -ABRT $$
