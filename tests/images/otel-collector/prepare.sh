# The program from Go's module proxy.
cd -- "$out"
go_programs "$out/bin" .
mv -- bin/otel-collector bin/otelcol
