# The three programs from Go's module proxy: six minutes of processor time.
cd -- "$out"
go_programs "$out/bin" github.com/temporalio/cli/cmd/temporal \
  go.temporal.io/server/cmd/server go.temporal.io/server/cmd/tools/sql
mv -- bin/server bin/temporal-server
mv -- bin/sql bin/temporal-sql-tool
