package plugin

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"

	"community-mesos-datasource/pkg/collector"
)

// Grafana 12 ends a plugin in one of three ways: Manage returns, and SIGKILL
// follows 2 s later; under systemd SIGTERM comes at the same moment; and a Grafana
// that is killed leaves the process running, which would poll beside its
// successor. After each of them the stores are closed and the process ends.
const (
	closeWithin = 1500 * time.Millisecond
	parentEvery = 500 * time.Millisecond
)

// Run serves the plugin until Grafana ends it, a SIGTERM comes or the parent
// process is gone. It returns after the stores are closed.
func Run() error {
	backend.SetupPluginEnvironment(ID)
	if err := backend.SetupTracer(ID, tracing.Opts{}); err != nil {
		return err
	}
	registry := NewRegistry(backend.Logger, collector.SystemClock{})
	registry.KeepHistoryIn(os.Getenv(historyPathVariable), os.Getenv(historyLimitVariable))
	// The SDK answers CollectMetrics from the default registry.
	if err := prometheus.Register(registry.own); err != nil {
		return err
	}
	var once sync.Once
	closeAll := func() {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
			defer cancel()
			registry.Close(ctx)
		})
	}
	served := make(chan error, 1)
	go func() { served <- backend.Manage(ID, New(registry).ServeOpts()) }()

	// A log line to a parent that is gone must not end the process before the
	// stores are closed.
	signal.Ignore(syscall.SIGPIPE)
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	defer signal.Stop(terminated)
	// Asking for the parent works on every system; a death signal (prctl) depends
	// on the thread that forked, which in a Go parent may end at any time.
	check := time.NewTicker(parentEvery)
	defer check.Stop()
	parent := os.Getppid()
	for {
		select {
		case err := <-served:
			closeAll()
			return err
		case <-terminated:
			closeAll()
			return nil
		case <-check.C:
			if os.Getppid() != parent {
				closeAll()
				return nil
			}
		}
	}
}
