package coderules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../../.."

func TestRulesFindWhatTheyForbid(t *testing.T) {
	for source, want := range map[string]string{
		`import "os"; func f() { os.Open("x") }`:                               "access-file-system-with-os",
		`import "os"; func f() { _, _ = os.ReadFile("x") }`:                    "access-file-system-with-os",
		`import system "os"; func f() { system.Remove("x") }`:                  "access-file-system-with-os",
		`import "os"; func f() { os.Environ() }`:                               "access-os-environment",
		`import "os"; func f() { os.Getenv("HOME") }`:                          "access-forbidden-os-environment",
		`import "os"; func f(name string) { os.Getenv(name) }`:                 "access-forbidden-os-environment",
		`import "os"; func f() { os.Getenv("GF_PLUGIN_X") }`:                   "",
		`import "os"; const name = "GF_VERSION"; func f() { os.Getenv(name) }`: "",
		`import "os"; func f() { os.Exit(1) }`:                                 "",
		`import "io/fs"; func f(in fs.FS) { fs.Stat(in, "x") }`:                "access-file-system-with-fs",
		`import "io/fs"; var _ fs.FS`:                                          "",
		`import "path/filepath"; func f() { filepath.Glob("*") }`:              "access-file-system-with-filepath",
		`import "path/filepath"; func f() { filepath.Join("a") }`:              "",
		`import "syscall"; func f() { syscall.Kill(1, 9) }`:                    "access-syscall",
		`import "syscall"; var _ = syscall.SIGTERM`:                            "",
		`import "fmt"; func f() { fmt.Println() }`:                             "fmt-print-logging",
		`import "fmt"; var _ = fmt.Sprintf("")`:                                "",
		`import os "example.com/os"; func f() { os.Open("x") }`:                "",
		`func f(os interface{ Open(string) }) { os.Open("x") }`:                "",
	} {
		found, err := Check([]byte("package x; "+source), nil)
		require.NoError(t, err, source)
		rules := ""
		for _, f := range found {
			rules += f.Rule
		}
		require.Equal(t, want, rules, source)
	}
}

// goPackage is what `go list` tells of a package.
type goPackage struct {
	ImportPath, Dir string
	GoFiles         []string
	Module          *struct{ Main bool }
}

// packages returns what an executable consists of.
func packages(t *testing.T, tags string) (all []goPackage) {
	command := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Module", "-tags", tags, "./pkg")
	command.Dir, command.Stderr = root, os.Stderr
	out, err := command.Output()
	require.NoError(t, err)
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p goPackage
		require.NoError(t, decoder.Decode(&p))
		all = append(all, p)
	}
	return all
}

// check returns what is found in files of one package, a line each.
func check(t *testing.T, paths []string) (lines []string) {
	sources, constants := map[string][]byte{}, map[string]string{}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
		require.NoError(t, err, path)
		sources[path] = source
		maps.Copy(constants, Constants(file))
	}
	for _, path := range paths {
		found, err := Check(sources[path], constants)
		require.NoError(t, err)
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		for _, f := range found {
			lines = append(lines, fmt.Sprintf("%s: %s (%s)", filepath.ToSlash(name), f.Call, f.Rule))
		}
	}
	return lines
}

// The build for Grafana's catalogue has no code of ours that the rules forbid, and no package that keeps files.
func TestTheCatalogueBuildUsesNoFiles(t *testing.T) {
	absolute, err := filepath.Abs(root)
	require.NoError(t, err)
	var found []string
	own := 0
	for _, p := range packages(t, "catalogue") {
		for _, files := range []string{"community-mesos-datasource/pkg/history/disk", "github.com/prometheus/prometheus/tsdb/wlog"} {
			require.False(t, strings.HasPrefix(p.ImportPath, files), "%s is in the build", p.ImportPath)
		}
		require.NotEqual(t, "github.com/prometheus/prometheus/tsdb", p.ImportPath)
		if p.Module == nil || !p.Module.Main {
			continue
		}
		own++
		dir, err := filepath.Rel(absolute, p.Dir)
		require.NoError(t, err)
		var paths []string
		for _, name := range p.GoFiles {
			paths = append(paths, filepath.Join(root, dir, name))
		}
		found = append(found, check(t, paths)...)
	}
	require.Greater(t, own, 10)
	require.Empty(t, found)
}

// The full build keeps history in files, which is what its finding is about.
func TestTheFullBuildHasTheEngineOnDisk(t *testing.T) {
	var all []string
	for _, p := range packages(t, "") {
		all = append(all, p.ImportPath)
	}
	require.Contains(t, all, "community-mesos-datasource/pkg/history/disk")
	require.Contains(t, all, "github.com/prometheus/prometheus/tsdb")
}

// findings are those in the whole source, which the validator reads whatever is built of it.
var findings = []string{
	// The engine on disk, in the full build only.
	"pkg/history/disk/mark.go: os.ReadFile (access-file-system-with-os)",
	"pkg/history/disk/mark.go: os.Rename (access-file-system-with-os)",
	"pkg/history/disk/mark.go: os.WriteFile (access-file-system-with-os)",
	"pkg/history/disk/repair/block.go: filepath.Glob (access-file-system-with-filepath)",
	"pkg/history/disk/repair/log.go: filepath.Glob (access-file-system-with-filepath)",
	// Helps for tests, in no build: they write the configuration of a Prometheus and of a ZooKeeper, and read recorded responses.
	"pkg/history/remote/remotetest/engines.go: os.WriteFile (access-file-system-with-os)",
	"pkg/mesos/mesostest/scene.go: fs.ReadDir (access-file-system-with-fs)",
	"pkg/mesos/mesostest/scene.go: fs.ReadFile (access-file-system-with-fs)",
	"pkg/mesos/mesostest/scene.go: fs.ReadFile (access-file-system-with-fs)",
	"pkg/zookeeper/zookeepertest/server.go: os.Create (access-file-system-with-os)",
	"pkg/zookeeper/zookeepertest/server.go: os.ReadFile (access-file-system-with-os)",
	"pkg/zookeeper/zookeepertest/server.go: os.Stat (access-file-system-with-os)",
	"pkg/zookeeper/zookeepertest/server.go: os.WriteFile (access-file-system-with-os)",
}

func TestFindingsInTheWholeSourceAreThoseThatAreExplained(t *testing.T) {
	byDir := map[string][]string{}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "pkg"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			byDir[filepath.Dir(path)] = append(byDir[filepath.Dir(path)], path)
		}
		return err
	}))
	var found []string
	for _, paths := range byDir {
		found = append(found, check(t, paths)...)
	}
	require.ElementsMatch(t, findings, found)
}
