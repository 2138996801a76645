// Package remotetest starts the real engines that tests write to and read from.
package remotetest

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An Engine is a real one, in a process of its own.
type Engine struct {
	t    *testing.T
	args []string
	URL  string
	cmd  *exec.Cmd
	end  os.Signal // how it is stopped
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// StartPrometheus starts a Prometheus that takes remote write, or skips the test.
func StartPrometheus(t *testing.T) *Engine {
	path, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("skipped: no prometheus on PATH")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte("global: {}\n"), 0o600))
	port := freePort(t)
	e := &Engine{t: t, end: os.Kill, URL: fmt.Sprintf("http://127.0.0.1:%d", port), args: []string{
		path, "--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(dir, "data"), "--web.enable-remote-write-receiver",
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port), "--log.level=error",
	}}
	t.Cleanup(e.Stop)
	e.Start()
	return e
}

// StartVictoriaMetrics starts a VictoriaMetrics, or skips the test.
func StartVictoriaMetrics(t *testing.T, flags ...string) *Engine {
	path, err := exec.LookPath("victoria-metrics")
	if err != nil {
		t.Skip("skipped: no victoria-metrics on PATH")
	}
	port := freePort(t)
	// Killed, it would lose what it took within the last 5 s (-inmemoryDataFlushInterval).
	e := &Engine{t: t, end: syscall.SIGTERM, URL: fmt.Sprintf("http://127.0.0.1:%d", port), args: append([]string{
		path, "-storageDataPath=" + t.TempDir(), fmt.Sprintf("-httpListenAddr=127.0.0.1:%d", port), "-loggerLevel=ERROR", "-retentionPeriod=100y", "-memory.allowedBytes=64MiB",
	}, flags...)}
	t.Cleanup(e.Stop)
	e.Start()
	return e
}

// Start starts it, also again.
func (e *Engine) Start() {
	e.t.Helper()
	e.cmd = exec.Command(e.args[0], e.args[1:]...)
	e.cmd.Stdout, e.cmd.Stderr = os.Stderr, os.Stderr
	require.NoError(e.t, e.cmd.Start())
	require.Eventually(e.t, func() bool {
		res, err := http.Get(e.URL + "/api/v1/query?query=1")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, 30*time.Second, 20*time.Millisecond)
}

// Stop stops it: a Prometheus as kill -9 does.
func (e *Engine) Stop() {
	if e.cmd != nil {
		_ = e.cmd.Process.Signal(e.end)
		_ = e.cmd.Wait()
		e.cmd = nil
	}
}

// Raw returns the samples that the engine has within a day before end, by time, of each series that matches, by its labels as JSON.
func (e *Engine) Raw(selector string, end time.Time) map[string]map[int64]float64 {
	e.t.Helper()
	res, err := http.PostForm(e.URL+"/api/v1/query", url.Values{"query": {selector + "[1d]"}, "time": {strconv.FormatFloat(float64(end.UnixMilli())/1000, 'f', 3, 64)}})
	require.NoError(e.t, err)
	defer res.Body.Close()
	var answer struct {
		Error string
		Data  struct {
			Result []struct {
				Metric map[string]string
				Values [][2]any
			}
		}
	}
	require.NoError(e.t, json.NewDecoder(res.Body).Decode(&answer))
	require.Empty(e.t, answer.Error)
	all := map[string]map[int64]float64{}
	for _, s := range answer.Data.Result {
		key, _ := json.Marshal(s.Metric)
		points := map[int64]float64{}
		for _, p := range s.Values {
			v, err := strconv.ParseFloat(p[1].(string), 64)
			require.NoError(e.t, err)
			if math.IsNaN(v) { // VictoriaMetrics answers the markers of staleness
				continue
			}
			at := int64(math.Round(p[0].(float64) * 1000))
			require.NotContains(e.t, points, at, "a sample twice")
			points[at] = v
		}
		all[string(key)] = points
	}
	return all
}

// Flush makes a VictoriaMetrics show what it took.
func (e *Engine) Flush() {
	res, err := http.Get(e.URL + "/internal/force_flush")
	require.NoError(e.t, err)
	_ = res.Body.Close()
}
