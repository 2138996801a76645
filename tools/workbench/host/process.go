package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// The plugin's process is started as Grafana starts it (Grafana's
// pkg/plugins/backendplugin/grpcplugin): go-plugin's handshake with Grafana's
// magic cookie, gRPC over a socket, none of the host's own environment, a check
// every second whether it is running.

// aliveEvery is how often Grafana checks whether a plugin's process is running.
const aliveEvery = time.Second

// errUnavailable means that there is no process now: it has died and its
// successor has not started yet.
var errUnavailable = errors.New("the plugin's process is not running")

// manifest holds the keys of plugin.json that the host needs.
type manifest struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Executable string `json:"executable"`
	Info       struct {
		Version string `json:"version"`
		Logos   struct {
			Small string `json:"small"`
		} `json:"logos"`
	} `json:"info"`
}

// readManifest reads plugin.json of a built plugin and checks that the files
// Grafana would load are there.
func readManifest(dir string) (manifest, error) {
	var m manifest
	path := filepath.Join(dir, "plugin.json")
	content, err := os.ReadFile(path)
	if err != nil {
		return m, fmt.Errorf("reading the plugin: %w (is it built?)", err)
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return m, fmt.Errorf("reading %s: %w", path, err)
	}
	if m.ID == "" || m.Executable == "" {
		return m, fmt.Errorf("reading %s: it has no id or no executable, so it is not a plugin with a backend", path)
	}
	if _, err := os.Stat(m.executable(dir)); err != nil {
		return m, fmt.Errorf("finding the plugin's backend: %w (is it built for this system?)", err)
	}
	return m, nil
}

// executable is the file Grafana starts: <executable>_<os>_<arch>, .exe on Windows.
func (m manifest) executable(dir string) string {
	name := fmt.Sprintf("%s_%s_%s", m.Executable, runtime.GOOS, runtime.GOARCH)
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(dir, name)
}

// pluginEnvironment returns the whole environment of the plugin's process.
// Grafana passes on nothing of its own: no PATH, HOME or TMPDIR.
func pluginEnvironment(m manifest, history string) []string {
	env := []string{
		"GF_VERSION=" + grafanaVersion,
		"GF_EDITION=Open Source",
		"GF_PLUGIN_VERSION=" + m.Info.Version,
	}
	if history != "" {
		env = append(env, "GF_PLUGIN_HISTORY_PATH="+history)
	}
	return env
}

type processOptions struct {
	executable string
	env        []string
	log        hclog.Logger
}

// clients are the services of one running process.
type clients struct {
	data        grpcplugin.DataClient
	diagnostics grpcplugin.DiagnosticsClient
	resource    grpcplugin.ResourceClient
}

// process keeps one plugin process running until it is closed.
type process struct {
	opts processOptions
	stop chan struct{}
	done chan struct{}

	mu      sync.Mutex
	current *plugin.Client
	clients clients
}

// startProcess starts the plugin and keeps it running; it fails when the first
// start does.
func startProcess(opts processOptions) (*process, error) {
	p := &process{opts: opts, stop: make(chan struct{}), done: make(chan struct{})}
	if err := p.start(); err != nil {
		return nil, err
	}
	go p.keepAlive()
	return p, nil
}

// get returns the services of the running process, or errUnavailable.
func (p *process) get() (clients, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.Exited() {
		return clients{}, errUnavailable
	}
	return p.clients, nil
}

// close ends the process as Grafana does: it asks over gRPC, waits two seconds,
// then kills.
func (p *process) close() {
	close(p.stop)
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current.Kill()
}

func (p *process) keepAlive() {
	defer close(p.done)
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		p.mu.Lock()
		dead := p.current.Exited()
		p.mu.Unlock()
		if !dead {
			continue
		}
		p.opts.log.Warn("The plugin's process has ended by itself and is started again.")
		if err := p.start(); err != nil {
			p.opts.log.Error("The plugin could not be started again; the next try is in a second.", "error", err)
		}
	}
}

// start replaces the current process, if any, by a new one.
func (p *process) start() error {
	cmd := exec.Command(p.opts.executable)
	cmd.Env = p.opts.env
	client := plugin.NewClient(&plugin.ClientConfig{
		Cmd:         cmd,
		SkipHostEnv: true,
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data":        &grpcplugin.DataGRPCPlugin{},
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
		}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           p.opts.log.Named("plugin"),
	})
	services, err := connect(client)
	if err != nil {
		client.Kill()
		return fmt.Errorf("starting %s: %w", p.opts.executable, err)
	}
	p.mu.Lock()
	old := p.current
	p.current, p.clients = client, services
	p.mu.Unlock()
	if old != nil {
		old.Kill() // Already dead; this frees its socket directory.
	}
	return nil
}

func connect(client *plugin.Client) (clients, error) {
	var c clients
	rpc, err := client.Client()
	if err != nil {
		return c, err
	}
	for name, set := range map[string]func(any) bool{
		"data":        func(raw any) (ok bool) { c.data, ok = raw.(grpcplugin.DataClient); return },
		"diagnostics": func(raw any) (ok bool) { c.diagnostics, ok = raw.(grpcplugin.DiagnosticsClient); return },
		"resource":    func(raw any) (ok bool) { c.resource, ok = raw.(grpcplugin.ResourceClient); return },
	} {
		raw, err := rpc.Dispense(name)
		if err != nil {
			return c, fmt.Errorf("connecting to its %s service: %w", name, err)
		}
		if !set(raw) {
			return c, fmt.Errorf("connecting to its %s service: unexpected client %T", name, raw)
		}
	}
	return c, nil
}
