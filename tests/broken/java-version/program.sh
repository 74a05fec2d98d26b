cat <<'END' >&2
Error: LinkageError occurred while loading main class shop.Main
	java.lang.UnsupportedClassVersionError: shop/Main has been compiled by a more recent version of the Java Runtime (class file version 65.0), this version of the Java Runtime only recognizes class file versions up to 61.0
END
exit 1
