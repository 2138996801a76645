package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/proxy"
	"github.com/grafana/grafana-plugin-sdk-go/config"
	"github.com/stretchr/testify/require"
)

func TestPathless(t *testing.T) {
	r := &Registry{historyPath: "/var/lib/grafana/history/"}
	for text, want := range map[string]string{
		"/var/lib/grafana/history/1-mesos has gone":                  "history_path/1-mesos has gone",
		`open "/var/lib/grafana/history": permission denied`:         `open "history_path": permission denied`,
		"/var/lib/grafana/history2 is another":                       "a directory above history_path/history2 is another",
		"mkdir /var/lib/grafana: permission denied":                  "mkdir a directory above history_path: permission denied",
		"mkdir /var/lib: no":                                         "mkdir a directory above history_path: no",
		"The master at m:5050 did not answer /state within 30 s: x":  "The master at m:5050 did not answer /state within 30 s: x",
		"/var/lib/grafana/history, /var/lib/grafana/history/1-mesos": "history_path, history_path/1-mesos",
	} {
		require.Equal(t, want, r.pathless(text))
	}
	for _, path := range []string{"", "history", "/"} {
		require.Equal(t, "/state and history", (&Registry{historyPath: path}).pathless("/state and history"))
	}
}

// A fault of the directory of the history is shown with its path to
// administrators, and without to everybody else.
func TestOnlyAdministratorsSeePathsOfTheServer(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "deep", "history")
	require.NoError(t, os.WriteFile(filepath.Join(root, "deep"), nil, 0o600)) // a file where a directory belongs
	s := newFixture(t, nil, workload).onDisk(path).start()
	require.Eventually(t, func() bool { return s.source().store.Stats().Note != "" }, 10*time.Second, 5*time.Millisecond)

	for _, role := range []string{"Admin", "Editor", "Viewer", "None", ""} {
		s.user = &backend.User{Role: role}
		if role == "" {
			s.user = nil // as in requests of rules
		}
		health, details := s.check()
		_, status := s.call("GET status", "")
		for name, text := range map[string]string{"details": details, "status": string(status)} {
			require.Contains(t, text, "cannot be opened", "%s for %q", name, role)
			if role == "Admin" {
				require.Contains(t, text, path, name)
			} else {
				require.NotContains(t, text, root, "%s for %q", name, role)
				require.Contains(t, text, "history_path", name)
			}
		}
		require.NotContains(t, health.Message, root)
	}
}

// Answers of queries and lists have no path for anybody: they are stored with
// alerts and shared with dashboards.
func TestErrorsOfQueriesHaveNoPath(t *testing.T) {
	path := t.TempDir()
	s := newFixture(t, nil, workload).onDisk(path).start()
	s.engine("disk")
	s.user = &backend.User{Role: "Admin"}
	s.spoil(func(string) error {
		return &fs.PathError{Op: "read", Path: filepath.Join(path, "1-mesos", "01ABC", "chunks", "000001"), Err: errors.New("input/output error")}
	})
	err := s.ask(cpusByFramework).Error
	require.ErrorContains(t, err, "input/output error")
	require.NotContains(t, err.Error(), path)
	require.NotContains(t, s.heard(), path)
}

// An error of a certificate of Grafana's secure socks proxy has the path of its
// file.
func TestErrorsOfTheProxyHaveNoPath(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "ca.pem")
	ctx := config.WithGrafanaConfig(t.Context(), config.NewGrafanaCfg(map[string]string{
		proxy.PluginSecureSocksProxyEnabled: "true", proxy.PluginSecureSocksProxyProxyAddress: "proxy:1080",
		proxy.PluginSecureSocksProxyServerName: "proxy", proxy.PluginSecureSocksProxyRootCAs: missing,
		proxy.PluginSecureSocksProxyClientCert: missing, proxy.PluginSecureSocksProxyClientKey: missing,
	}))
	_, _, err := newClients(ctx, instance(`{"masters": ["http://master1:5050"], "enableSecureSocksProxy": true}`), time.Now, nil)
	require.ErrorContains(t, err, "ca.pem: no such file")
	require.NotContains(t, err.Error(), missing)
	require.Equal(t, "rename a b: x", withoutFile(fmt.Errorf("%w", &os.LinkError{Op: "rename", Old: "/etc/a", New: "/etc/b", Err: errors.New("x")})))
}
