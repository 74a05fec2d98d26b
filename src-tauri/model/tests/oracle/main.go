// Reads Compose files with Compose's own library, in the way in which
// `docker compose config` does, for the test beside this folder.
//
// On its input stands one path a line, on its output one JSON object a line:
// {"path", "project"} or {"path", "error"}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/sirupsen/logrus"
)

type answer struct {
	Path    string          `json:"path"`
	Project json.RawMessage `json:"project,omitempty"`
	Error   string          `json:"error,omitempty"`
}

func main() {
	logrus.SetLevel(logrus.PanicLevel)
	lines := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		answer := answer{Path: lines.Text()}
		project, err := read(answer.Path)
		if err != nil {
			answer.Error = err.Error()
		} else {
			answer.Project = project
		}
		if err := answers.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func read(path string) (json.RawMessage, error) {
	folder := filepath.Dir(path)
	options, err := cli.NewProjectOptions(
		withOverride(path),
		cli.WithWorkingDirectory(folder),
		cli.WithEnv([]string{"HOME=/home/me"}),
		cli.WithEnvFiles(),
		cli.WithDotEnv,
		cli.WithResolvedPaths(true),
		cli.WithDiscardEnvFile,
	)
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	return project.MarshalJSON()
}

// What lies beside a file of a usual name counts as if no file had been named.
func withOverride(path string) []string {
	if !slices.Contains(cli.DefaultFileNames, filepath.Base(path)) {
		return []string{path}
	}
	for _, name := range cli.DefaultOverrideFileNames {
		override := filepath.Join(filepath.Dir(path), name)
		if _, err := os.Stat(override); err == nil {
			return []string{path, override}
		}
	}
	return []string{path}
}
