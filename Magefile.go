//go:build mage
// +build mage

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/magefile/mage/mg"
	"github.com/magefile/mage/sh"

	// mage:import
	"github.com/grafana/grafana-plugin-sdk-go/build"
	"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo"
)

// Default configures the default target.
var Default = build.BuildAll

// goFlags make the same executable of the same source, wherever it is: without paths of this machine, and without what
// Go reads from git, such as the tags that a clone happens to have.
const goFlags = "-trimpath -buildvcs=false"

func init() {
	err := build.SetBeforeBuildCallback(func(cfg build.Config) (build.Config, error) {
		if cfg.Env == nil { // the manifest's
			return cfg, nil
		}
		info, err := info()
		cfg.Env["GOFLAGS"], cfg.CustomVars = goFlags, info
		return cfg, err
	})
	if err != nil {
		panic(err)
	}
}

// Catalogue holds the targets of the build for Grafana's catalogue.
type Catalogue mg.Namespace

// Custom builds the executable for Grafana's catalogue, without the engine on disk. The SDK's targets take no build tags,
// so this one repeats what they do.
func (Catalogue) Custom(goos, goarch string) error {
	vars, err := info()
	if err != nil {
		return err
	}
	flags := []string{`-w -s -extldflags "-static"`}
	for _, name := range []string{"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo.buildInfoJSON", "main.pluginID", "main.version"} {
		flags = append(flags, "-X '"+name+"="+vars[name]+"'")
	}
	name := "gpx_mesos_" + goos + "_" + goarch
	if goos == "windows" {
		name += ".exe"
	}
	env := map[string]string{"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "GOFLAGS": goFlags}
	return sh.RunWithV(env, "go", "build", "-o", filepath.Join("dist", name), "-tags", "arrow_json_stdlib,catalogue", "-ldflags", strings.Join(flags, " "), "./pkg")
}

// info returns what the SDK writes into an executable, with the time of SOURCE_DATE_EPOCH where that is set.
func info() (map[string]string, error) {
	var plugin struct{ ID string }
	var npm struct{ Version string }
	for file, into := range map[string]any{"src/plugin.json": &plugin, "package.json": &npm} {
		raw, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return nil, err
		}
	}
	at := time.Now().Unix()
	if text := os.Getenv("SOURCE_DATE_EPOCH"); text != "" {
		var err error
		if at, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, err
		}
	}
	vars := map[string]string{}
	buildinfo.Info{Time: at * 1000, PluginID: plugin.ID, Version: npm.Version}.AppendFlags(vars)
	return vars, nil
}
