// Command gen writes docs/metrics.md from catalogue/metrics.json. Run it at the
// root of the repository: go run ./catalogue/gen. With --check it writes nothing
// and exits 1 if the file is stale.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"community-mesos-datasource/catalogue"
)

func main() {
	check := flag.Bool("check", false, "write nothing, exit 1 if docs/metrics.md is stale")
	flag.Parse()
	if err := run(filepath.Join("docs", "metrics.md"), *check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string, check bool) error {
	want := catalogue.Reference()
	if !check {
		return os.WriteFile(file, []byte(want), 0o644)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if string(got) != want {
		return fmt.Errorf("%s is not what catalogue/metrics.json says", file)
	}
	return nil
}
