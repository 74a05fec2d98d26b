cat <<'END' >&2
You must install or update .NET to run this application.
App: /src/Shop/bin/Debug/net10.0/Shop
Framework: 'Microsoft.NETCore.App', version '10.0.0' (x64)
END
exit 150
