cat <<'END' >&2
CSC : error CS2012: Cannot open '/src/Shop/obj/Debug/net10.0/Shop.dll' for writing -- The process cannot access the file '/src/Shop/obj/Debug/net10.0/Shop.dll' because it is being used by another process.
The build failed. Fix the build errors and run again.
END
exit 1
