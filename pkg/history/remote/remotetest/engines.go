// Package remotetest starts the real engines that tests write to and read from. Which ones there
// are is a table (Kinds); those that are not installed are skipped.
package remotetest

import (
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Kind is a kind of engine.
type Kind struct {
	Name string
	// Command is the executable, which is on the PATH.
	Command string
	// Protocol is the version of remote write that those take which were tested: each row names the
	// version.
	Protocol string
	// Strict: it refuses what is out of order, too old, or there with another value.
	Strict bool
	// Adds are labels that it adds to all series. Who does not want to see them writes them
	// (jsonData.remoteLabels).
	Adds map[string]string
	// Tenants: requests must name a tenant.
	Tenants bool

	setUp func(e *Engine, with []string)
}

// The kinds of engines, with the version that was tested.
var (
	Prometheus = Kind{ // 2.42
		Name: "Prometheus", Command: "prometheus", Protocol: "1.0", Strict: true, setUp: (*Engine).prometheus,
	}
	VictoriaMetrics = Kind{ // 1.79
		Name: "VictoriaMetrics", Command: "victoria-metrics", Protocol: "1.0", setUp: (*Engine).victoriaMetrics,
	}
	Thanos = Kind{ // 0.42.4: receive and query
		Name: "Thanos", Command: "thanos", Protocol: "1.0", Strict: true,
		Adds: map[string]string{"receive": "a", "tenant_id": "mesos"}, Tenants: true, setUp: (*Engine).thanos,
	}
	Mimir = Kind{ // of April 2026, after 3.0: all of it in one process
		Name: "Mimir", Command: "mimir", Protocol: "2.0", Strict: true, Tenants: true, setUp: (*Engine).mimir,
	}
)

// Kinds are all of them.
var Kinds = []Kind{Prometheus, VictoriaMetrics, Thanos, Mimir}

// An Engine is a real one, in one or more processes of its own.
type Engine struct {
	Kind
	URL      string // of Prometheus' HTTP API
	WriteURL string
	// Header is sent with each request: it names the tenant.
	Header http.Header

	t         *testing.T
	path      string // of the executable
	dir       string
	processes []*process
}

// A process is one of an engine. The first one of an engine takes what is written.
type process struct {
	args  []string
	end   os.Signal // how it is stopped
	ready func() bool
	cmd   *exec.Cmd
}

// Tenant is who writes and asks, where an engine has tenants.
const Tenant = "mesos"

// Start starts an engine of a kind, with more arguments of the process that takes what is written.
// Where it is not installed the test is skipped.
func Start(t *testing.T, kind Kind, with ...string) *Engine {
	t.Helper()
	path, err := exec.LookPath(kind.Command)
	if err != nil {
		t.Skipf("skipped: no %s on the PATH", kind.Command)
	}
	e := &Engine{Kind: kind, t: t, path: path, dir: t.TempDir(), Header: http.Header{}}
	if kind.Tenants {
		e.Header.Set("X-Scope-OrgID", Tenant)
	}
	kind.setUp(e, with)
	t.Cleanup(e.Stop)
	e.Start()
	return e
}

// Client returns a client that names the tenant.
func (e *Engine) Client() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: naming{e.Header}}
}

// naming adds headers to requests.
type naming struct{ header http.Header }

func (n naming) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(n.header) > 0 {
		r = r.Clone(r.Context())
		for name, values := range n.header {
			r.Header[name] = values
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (e *Engine) port() string {
	e.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(e.t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(e.t, err)
	return port
}

// file writes a file into the engine's directory and returns its path.
func (e *Engine) file(name, content string) string {
	e.t.Helper()
	path := filepath.Join(e.dir, name)
	require.NoError(e.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func (e *Engine) add(p process, args ...string) {
	p.args = append([]string{e.path}, args...)
	e.processes = append(e.processes, &p)
}

// answers reports whether an address answers with 200, and with a text.
func (e *Engine) answers(address, text string) bool {
	res, err := e.Client().Get(address)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return err == nil && res.StatusCode == http.StatusOK && strings.Contains(string(body), text)
}

func (e *Engine) answersQueries() bool { return e.answers(e.URL+"/api/v1/query?query=1", "success") }

func (e *Engine) prometheus(with []string) {
	port := e.port()
	e.URL = "http://127.0.0.1:" + port
	e.WriteURL = e.URL + "/api/v1/write"
	e.add(process{end: os.Kill, ready: e.answersQueries}, append([]string{
		"--config.file=" + e.file("prometheus.yml", "global: {}\n"), "--storage.tsdb.path=" + filepath.Join(e.dir, "data"),
		"--web.enable-remote-write-receiver", "--web.listen-address=127.0.0.1:" + port, "--log.level=error",
	}, with...)...)
}

func (e *Engine) victoriaMetrics(with []string) {
	port := e.port()
	e.URL = "http://127.0.0.1:" + port
	e.WriteURL = e.URL + "/api/v1/write"
	// Killed, it would lose what it took within the last 5 s (-inmemoryDataFlushInterval).
	e.add(process{end: syscall.SIGTERM, ready: e.answersQueries}, append([]string{
		"-storageDataPath=" + filepath.Join(e.dir, "data"), "-httpListenAddr=127.0.0.1:" + port, "-loggerLevel=ERROR", "-retentionPeriod=100y", "-memory.allowedBytes=64MiB",
	}, with...)...)
}

func (e *Engine) thanos(with []string) {
	write, stores, http := e.port(), e.port(), e.port()
	e.WriteURL = "http://127.0.0.1:" + write + "/api/v1/receive"
	e.add(process{end: os.Kill, ready: func() bool { return e.answers("http://127.0.0.1:"+http+"/-/ready", "") }}, append([]string{
		"receive", "--tsdb.path=" + filepath.Join(e.dir, "data"), "--label=receive=\"a\"", "--remote-write.address=127.0.0.1:" + write,
		"--grpc-address=127.0.0.1:" + stores, "--http-address=127.0.0.1:" + http, "--receive.local-endpoint=127.0.0.1:" + stores,
		"--receive.tenant-header=X-Scope-OrgID", "--receive.default-tenant-id=nobody", "--log.level=error",
	}, with...)...)
	query, unused := e.port(), e.port()
	e.URL = "http://127.0.0.1:" + query
	// It asks its stores every 5 s what they have.
	e.add(process{end: os.Kill, ready: func() bool { return e.answers(e.URL+"/api/v1/stores", stores) && e.answersQueries() }},
		"query", "--endpoint-strict=127.0.0.1:"+stores, "--http-address=127.0.0.1:"+query, "--grpc-address=127.0.0.1:"+unused, "--log.level=error")
}

func (e *Engine) mimir(with []string) {
	port := e.port()
	e.URL = "http://127.0.0.1:" + port + "/prometheus"
	e.WriteURL = "http://127.0.0.1:" + port + "/api/v1/push"
	args := []string{
		"-target=all", "-server.http-listen-address=127.0.0.1", "-server.http-listen-port=" + port, "-server.grpc-listen-address=127.0.0.1",
		"-server.grpc-listen-port=" + e.port(), "-memberlist.bind-addr=127.0.0.1", "-memberlist.bind-port=" + e.port(), "-blocks-storage.backend=filesystem",
		"-ingester.ring.replication-factor=1", "-ingester.ring.min-ready-duration=0s", "-query-frontend.instance-addr=127.0.0.1", "-usage-stats.enabled=false", "-log.level=error",
		"-querier.query-ingesters-within=0", // the clocks of tests show what is long past
		"-activity-tracker.filepath=" + filepath.Join(e.dir, "activity"),
	}
	for flag, dir := range map[string]string{
		"blocks-storage.filesystem.dir": "blocks", "blocks-storage.tsdb.dir": "data", "blocks-storage.bucket-store.sync-dir": "sync",
		"compactor.data-dir": "compactor", "ruler.rule-path": "rules", "ruler-storage.local.directory": "ruler",
	} {
		args = append(args, "-"+flag+"="+filepath.Join(e.dir, dir))
	}
	for _, ring := range []string{
		"ingester.ring", "distributor.ring", "compactor.ring", "store-gateway.sharding-ring", "ruler.ring", "querier.ring", "query-scheduler.ring", "overrides-exporter.ring",
	} {
		args = append(args, "-"+ring+".store=inmemory", "-"+ring+".instance-addr=127.0.0.1")
	}
	// It is killed, and goes on from its log.
	e.add(process{end: os.Kill, ready: func() bool { return e.answers("http://127.0.0.1:"+port+"/ready", "ready") && e.answersQueries() }}, append(args, with...)...)
}

// Start starts what does not run, also again.
func (e *Engine) Start() {
	e.t.Helper()
	for _, p := range e.processes {
		if p.cmd == nil {
			p.cmd = exec.Command(p.args[0], p.args[1:]...)
			p.cmd.Stdout, p.cmd.Stderr = os.Stderr, os.Stderr
			require.NoError(e.t, p.cmd.Start())
		}
		require.Eventually(e.t, p.ready, 60*time.Second, 20*time.Millisecond, "%s does not answer", p.args)
	}
}

// Stop stops it: a Prometheus as kill -9 does.
func (e *Engine) Stop() {
	for _, p := range e.processes {
		p.stop()
	}
}

// StopWriting stops the process that takes what is written, which may be the only one.
func (e *Engine) StopWriting() { e.processes[0].stop() }

func (p *process) stop() {
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(p.end)
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// Raw returns the samples that the engine has within a day before end, by time, of each series that
// matches, by its labels as JSON, without those that the engine adds.
func (e *Engine) Raw(selector string, end time.Time) map[string]map[int64]float64 {
	e.t.Helper()
	res, err := e.Client().PostForm(e.URL+"/api/v1/query", url.Values{"query": {selector + "[1d]"}, "time": {strconv.FormatFloat(float64(end.UnixMilli())/1000, 'f', 3, 64)}})
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
		for name := range e.Adds {
			delete(s.Metric, name)
		}
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

// Flush makes a VictoriaMetrics show what it took, and does nothing to others.
func (e *Engine) Flush() {
	if e.Name != VictoriaMetrics.Name {
		return
	}
	res, err := http.Get(e.URL + "/internal/force_flush")
	require.NoError(e.t, err)
	_ = res.Body.Close()
}
