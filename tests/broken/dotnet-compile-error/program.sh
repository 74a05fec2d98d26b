cat <<'END' >&2
/src/Auth/Program.cs(12,9): error CS0103: The name 'builderx' does not exist in the current context [/src/Auth/Auth.csproj]
The build failed. Fix the build errors and run again.
END
exit 1
