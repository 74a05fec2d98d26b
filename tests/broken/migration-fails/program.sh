echo 'ERROR:  relation "orders" does not exist at character 15' >&2
exit 1
