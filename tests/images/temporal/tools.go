//go:build tools

// Package tools names the programs that are built, so that `go mod tidy` keeps what
// they need.
package tools

import (
	_ "github.com/temporalio/cli/cmd/temporal"
	_ "go.temporal.io/server/cmd/server"
	_ "go.temporal.io/server/cmd/tools/sql"
)
