# The program, with its pages inside, from Go's module proxy.
cd -- "$out"
go_programs "$out/bin" github.com/temporalio/ui-server/v2/cmd/server
mv -- bin/server bin/ui-server
