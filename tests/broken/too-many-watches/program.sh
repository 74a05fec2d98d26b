cat <<'END' >&2
Error: ENOSPC: System limit for number of file watchers reached, watch '/srv/shop/src'
    at FSWatcher.<computed> (node:internal/fs/watchers:247:19)
END
exit 1
