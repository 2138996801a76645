// Command gen writes docs/metrics.md from catalogue/metrics.json, and the tables of
// docs/migration.md from catalogue/aliases.json. Run it at the root of the repository:
// go run ./catalogue/gen. With --check it writes nothing and exits 1 if a file is stale.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"community-mesos-datasource/catalogue"
)

func main() {
	check := flag.Bool("check", false, "write nothing, exit 1 if a file is stale")
	flag.Parse()
	if err := both(*check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func both(check bool) error {
	if err := run(filepath.Join("docs", "metrics.md"), catalogue.Reference(), check); err != nil {
		return err
	}
	migration := filepath.Join("docs", "migration.md")
	doc, err := os.ReadFile(migration)
	if err != nil {
		return err
	}
	want, err := catalogue.Migration(string(doc))
	if err != nil {
		return fmt.Errorf("%s: %w", migration, err)
	}
	return run(migration, want, check)
}

func run(file, want string, check bool) error {
	if !check {
		return os.WriteFile(file, []byte(want), 0o644)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("%s is not what catalogue says: run npm run generate", file)
	}
	return nil
}
