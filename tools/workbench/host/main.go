// Command host is the server half of the workbench: it starts a built data
// source plugin the way Grafana starts it and serves the part of Grafana's HTTP
// API that such a plugin's frontend calls, so that the plugin runs in a browser
// without Grafana.
//
//	main.go          flags, start, orderly end
//	process.go       the plugin's process: handshake, environment, restarts
//	provisioning.go  datasources/*.yaml, read as Grafana reads them
//	expand.go        environment variables in those files
//	sources.go       the data sources
//	server.go        routes, static files, loopback only
//	query.go         POST /api/ds/query
//	calls.go         health and resources
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
)

// grafanaVersion is the version in GF_VERSION and in the user agent: the release
// whose behavior the host copies.
const grafanaVersion = "12.4.0"

// options holds the command line.
type options struct {
	plugin       string // directory with plugin.json, module.js and the executable
	provisioning string // directory with datasources/*.yaml
	page         string // directory with the built page; empty: no page is served
	history      string // value of GF_PLUGIN_HISTORY_PATH; empty: not set
	port         int    // 0: any free port
	role         role   // of everybody who asks
	rules        bool   // requests with the header FromAlert are those of alert rules
	verbose      bool   // the plugin's debug lines too
	tied         bool   // end when standard input closes, so that no host outlives a killed starter
}

func main() {
	var o options
	flag.StringVar(&o.plugin, "plugin", "dist", "directory of the built plugin")
	flag.StringVar(&o.provisioning, "provisioning", "provisioning", "directory with datasources/*.yaml, or with *.yaml")
	flag.StringVar(&o.page, "page", "", "directory of the built page")
	flag.StringVar(&o.history, "history", "", "absolute directory for the plugin's history (GF_PLUGIN_HISTORY_PATH)")
	flag.IntVar(&o.port, "port", 3000, "port on the loopback interface, 0 for any free one")
	asked := flag.String("role", string(admin), "role of the user: Viewer, Editor or Admin")
	flag.BoolVar(&o.rules, "rules", false, "take a request with the header FromAlert for an alert rule's, which Grafana does for none from outside: for tests")
	flag.BoolVar(&o.verbose, "verbose", false, "print the plugin's debug lines")
	flag.BoolVar(&o.tied, "tied", false, "end when standard input closes")
	flag.Parse()
	o.role = role(*asked)
	if !slices.Contains(roles, o.role) {
		fmt.Fprintf(os.Stderr, "workbench host: the role %q is not known: one of Viewer, Editor, Admin\n", *asked)
		os.Exit(2)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.tied {
		ctx = untilClosed(ctx, os.Stdin)
	}
	if err := run(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "workbench host:", err)
		os.Exit(1)
	}
}

// run starts everything, prints "ready http://localhost:<port>" to out, and
// serves until ctx ends. It returns within 3 s of that: requests get half a
// second, the plugin the two seconds that Grafana gives it.
func run(ctx context.Context, o options, out, logTo io.Writer) error {
	level := hclog.Info
	if o.verbose {
		level = hclog.Debug
	}
	log := hclog.New(&hclog.LoggerOptions{
		Name: "workbench", Level: level, Output: logTo,
		// The SDK's line for every request and go-plugin's line at its end add nothing.
		Exclude: func(at hclog.Level, message string, _ ...any) bool {
			return !o.verbose && at <= hclog.Info && (message == "Plugin Request Completed" || message == "plugin process exited")
		},
	})

	manifest, err := readManifest(o.plugin)
	if err != nil {
		return err
	}
	sources, err := readProvisioning(o.provisioning, manifest.ID, os.LookupEnv, log)
	if err != nil {
		return err
	}
	// The port is taken before the plugin starts: a port in use must not cost a
	// plugin process.
	listener, err := listen(o.port)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()

	process, err := startProcess(processOptions{
		executable: manifest.executable(o.plugin),
		env:        pluginEnvironment(manifest, o.history),
		log:        log,
	})
	if err != nil {
		return err
	}
	defer process.close()

	server := &http.Server{
		Handler:           newServer(manifest, sources, process, o, log),
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	fmt.Fprintf(out, "ready http://localhost:%d\n", listener.Addr().(*net.TCPAddr).Port)

	select {
	case err := <-served:
		return fmt.Errorf("serving the page: %w", err)
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		_ = server.Close() // Cancels the contexts of requests that are still waiting.
	}
	<-served
	return nil
}

// listen opens the port on the loopback interface only: the host answers anybody
// who reaches it, with the data source's stored credentials.
func listen(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use by another program: end that one or choose another port with --port", port)
	}
	if err != nil {
		return nil, fmt.Errorf("taking port %d: %w", port, err)
	}
	return listener, nil
}

// untilClosed returns a context that also ends when r does.
func untilClosed(parent context.Context, r io.Reader) context.Context {
	ctx, cancel := context.WithCancel(parent)
	go func() {
		_, _ = io.Copy(io.Discard, r)
		cancel()
	}()
	return ctx
}
