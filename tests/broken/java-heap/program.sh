cat <<'END' >&2
Exception in thread "main" java.lang.OutOfMemoryError: Java heap space
	at shop.Orders.load(Orders.java:41)
END
exit 1
