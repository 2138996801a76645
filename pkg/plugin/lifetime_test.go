package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"
)

// endsWithin is the longest time that the process takes to end, however it is ended.
const endsWithin = 2 * time.Second

// The process ends by itself, also in the middle of a poll that is not
// answered: its parent asks it to, dies, or the system sends SIGTERM.
func TestTheProcessEndsByItself(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM, and does not hand a dead parent's processes to another")
	}
	executable := buildPlugin(t)
	cases := map[string]struct {
		end    func(*family) error
		orphan bool
	}{
		"its parent is killed": {func(f *family) error { return f.parent.Process.Kill() }, true},
		"SIGTERM":              {func(f *family) error { return f.plugin.Signal(syscall.SIGTERM) }, false},
		"its parent asks":      {func(f *family) error { return f.tell.Close() }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := startPolling(t, executable)
			require.True(t, f.lives())
			told := time.Now()
			require.NoError(t, c.end(f))
			for f.lives() && time.Since(told) < 3*endsWithin {
				time.Sleep(5 * time.Millisecond)
			}
			require.Less(t, time.Since(told), endsWithin)
			if c.orphan {
				return // nobody is left to tell how
			}
			_ = f.tell.Close() // again, perhaps
			said, err := io.ReadAll(f.says)
			require.NoError(t, err)
			require.Equal(t, "exit status 0\n", string(said), "in order, not by a signal")
		})
	}
}

// buildPlugin builds the executable.
func buildPlugin(t *testing.T) string {
	t.Helper()
	executable := filepath.Join(t.TempDir(), "gpx_mesos")
	said, err := exec.Command("go", "build", "-o", executable, "community-mesos-datasource/pkg").CombinedOutput()
	require.NoError(t, err, string(said))
	return executable
}

// A family is the plugin's process, amid a poll, and its parent.
type family struct {
	parent *exec.Cmd
	tell   io.WriteCloser // closed, the parent ends the plugin in order
	says   io.Reader
	plugin *os.Process
}

// startPolling starts both, and waits until the plugin polls a master that never
// answers.
func startPolling(t *testing.T, executable string) *family {
	t.Helper()
	polled := make(chan struct{}, 100)
	master := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		polled <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(master.Close)
	f := startFamily(t, executable, master.URL, socketFolder(t))
	select {
	case <-polled:
	case <-time.After(time.Minute):
		require.Fail(t, "the plugin does not poll")
	}
	return f
}

// socketFolder returns a folder for the sockets of a plugin, whose paths have to be
// short.
func socketFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "gpx")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// startFamily starts the parent, which starts the executable with a data source of
// the master.
func startFamily(t *testing.T, executable, master, sockets string) *family {
	t.Helper()
	f := &family{parent: exec.Command(os.Args[0])}
	f.parent.Env = append(os.Environ(), playParent+"="+executable, playMaster+"="+master, "TMPDIR="+sockets)
	f.parent.Stderr = os.Stderr
	var err error
	f.tell, err = f.parent.StdinPipe()
	require.NoError(t, err)
	says, err := f.parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, f.parent.Start())
	t.Cleanup(func() {
		_ = f.tell.Close()
		_ = f.parent.Process.Kill()
		_ = f.parent.Wait()
	})

	lines := bufio.NewReader(says)
	f.says = lines
	line, err := lines.ReadString('\n')
	require.NoError(t, err, "the parent says the plugin's process id")
	var pid int
	_, err = fmt.Sscan(line, &pid)
	require.NoError(t, err, line)
	f.plugin, err = os.FindProcess(pid)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.plugin.Kill() })
	return f
}

// lives reports whether the plugin's process runs. One that has ended and that
// nobody has waited for yet, as may be after its parent's death, does not.
func (f *family) lives() bool {
	if f.plugin.Signal(syscall.Signal(0)) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", f.plugin.Pid)) // pid (name) state ...
	if err != nil {
		return runtime.GOOS != "linux" // elsewhere there is no such file
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}

// What tells this test's executable to play the parent, by the environment:
// the plugin's executable, and the master that it is to poll.
const (
	playParent = "TEST_PLAY_PARENT"
	playMaster = "TEST_PLAY_MASTER"
)

// beParent starts the plugin as Grafana does (pkg/plugins/backendplugin/grpcplugin),
// has it poll, says its process id, and ends it in order when there is nothing
// more to read.
func beParent(executable string) int {
	cmd := exec.Command(executable)
	cmd.Env = []string{"GF_VERSION=12.3.0"} // nothing of its own
	client := plugin.NewClient(&plugin.ClientConfig{
		Cmd:         cmd,
		SkipHostEnv: true,
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{grpcplugin.ProtocolVersion: {"data": &grpcplugin.DataGRPCPlugin{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "the parent:", err)
		return 1
	}
	connection, err := client.Client()
	if err != nil {
		return fail(err)
	}
	raw, err := connection.Dispense("data")
	if err != nil {
		return fail(err)
	}
	settings, err := json.Marshal(map[string]any{"masters": []string{os.Getenv(playMaster)}})
	if err != nil {
		return fail(err)
	}
	go func() { // it is answered when the first poll has failed, or never
		_, _ = raw.(pluginv2.DataClient).QueryData(context.Background(), backend.ToProto().QueryDataRequest(&backend.QueryDataRequest{
			PluginContext: backend.PluginContext{
				OrgID: 1, PluginID: ID,
				DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{ID: 1, UID: "mesos", JSONData: settings, Updated: time.Now()},
			},
			Queries: []backend.DataQuery{{RefID: "A", JSON: json.RawMessage(`{"expr": "mesos_up"}`)}},
		}))
	}()
	fmt.Println(cmd.Process.Pid)
	_, _ = io.Copy(io.Discard, os.Stdin)
	client.Kill()
	fmt.Println(cmd.ProcessState)
	return 0
}
