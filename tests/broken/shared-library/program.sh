cat <<'END' >&2
./shop: error while loading shared libraries: libssl.so.1.1: cannot open shared object file: No such file or directory
END
exit 127
