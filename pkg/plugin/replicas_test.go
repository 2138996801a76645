package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/history/remote/remotetest"
	"community-mesos-datasource/pkg/zookeeper/zookeepertest"
)

// A grafana is one of several on one data source, with what happens to its connections to
// ZooKeeper.
type grafana struct {
	*fixture
	cut atomic.Bool
}

// cutConn is a connection that carries nothing once cut, and does not break.
type cutConn struct {
	net.Conn
	cut    *atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (c *cutConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.cut.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *cutConn) Read(p []byte) (int, error) {
	for {
		n, err := c.Conn.Read(p)
		if c.cut.Load() && err != nil {
			<-c.closed
		}
		if err != nil || !c.cut.Load() {
			return n, err
		}
	}
}

// several returns Grafanas on one data source, which has one cluster.
func several(t *testing.T, zk *zookeepertest.Server, engine string, hosts ...string) (all []*grafana) {
	t.Helper()
	settings := map[string]any{"engine": "remote", "remoteUrl": engine, "replicas": "zk://" + zk.Address + "/mesos-datasource"}
	for _, host := range hosts {
		g := &grafana{fixture: newFixture(t, nil, workload, redirect, roles)}
		if len(all) > 0 {
			settings["masters"] = all[0].cluster.Masters()
		}
		g.configure(settings)
		g.registry.host = host
		g.registry.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err == nil && address == zk.Address {
				conn = &cutConn{Conn: conn, cut: &g.cut, closed: make(chan struct{})}
			}
			return conn, err
		}
		all = append(all, g)
	}
	return all
}

// begin sends the first request.
func (g *grafana) begin() *grafana {
	g.t.Helper()
	_, err := g.registry.For(g.t.Context(), g.context())
	require.NoError(g.t, err)
	return g
}

func (g *grafana) polling() bool {
	src := g.source()
	_, follows := src.role()
	return !follows
}

// elected waits until it polls.
func (g *grafana) elected() {
	g.t.Helper()
	require.Eventually(g.t, g.polling, 30*time.Second, time.Millisecond, "%s polls", g.registry.host)
	g.clock.Settle()
}

// requests returns how many requests the masters got of each page.
func requests(g *grafana) map[string]int {
	counts := map[string]int{}
	for _, r := range g.cluster.Requests() {
		path, _, _ := strings.Cut(r.Path, "?")
		counts[path]++
	}
	return counts
}

// Whose series a Grafana that does not poll reads is for its own settings to say, where they do.
func TestTheZnodeDoesNotChooseTheClusterOfASetting(t *testing.T) {
	for setting, want := range map[string]string{"": "theirs", "ours": "ours"} {
		s := &source{}
		s.named.Store(&setting)
		s.hear(json.RawMessage(`{"cluster": "theirs", "everyNs": {}}`))
		n, known := s.heldNote()
		require.True(t, known)
		require.Equal(t, want, n.Cluster)
	}
}

func TestOneOfTwoGrafanasPolls(t *testing.T) {
	zk, e := zookeepertest.Start(t), remotetest.Start(t, remotetest.Prometheus)
	both := several(t, zk, e.URL, "grafana-a", "grafana-b")
	a, b := both[0], both[1]
	a.begin().elected()
	b.begin()
	pass := func(polls int) {
		for range polls {
			a.clock.Advance(every)
			b.clock.Advance(every)
		}
	}
	pass(20)
	a.acknowledged()
	asked := requests(a)
	require.Equal(t, 21, asked["/state"], "%v", asked)
	require.Equal(t, 21, asked["/metrics/snapshot"])

	// Metrics are the same from both, and cost the masters nothing.
	const panel = `{"expr": "sum by (framework) (mesos_framework_cpus_allocated)"}`
	mine, others := pointsOf(t, a.ask(panel)), pointsOf(t, b.ask(panel))
	require.NotEmpty(t, mine)
	require.Equal(t, len(mine), len(others))
	require.NotEmpty(t, b.latest(`{"expr": "mesos_up{poll=\"state\"}"}`))
	require.Equal(t, asked, requests(a))
	require.Empty(t, b.cluster.Requests())

	// Tables are of a /state of its own, for as long as somebody asks.
	rows := b.ask(`{"queryType": "sql", "sql": "SELECT COUNT(*) AS n FROM agents"}`)
	require.NoError(t, rows.Error)
	require.NotZero(t, rows.Frames[0].Rows())
	require.Equal(t, asked["/state"]+1, requests(a)["/state"])
	require.Equal(t, asked["/metrics/snapshot"], requests(a)["/metrics/snapshot"])
	for range int(modelFor/every) + 2 {
		b.clock.Advance(every)
	}
	before := requests(a)["/state"]
	for range 10 {
		b.clock.Advance(every)
		require.NoError(t, b.ask(panel).Error)
	}
	require.Equal(t, before, requests(a)["/state"], "metrics do not wake it")

	answer, details := b.check()
	require.Equal(t, backend.HealthStatusOk, answer.Status, answer.Message)
	require.Contains(t, answer.Message, "Grafana on grafana-a polls this cluster since ")
	require.Contains(t, details, "Replicas: Grafana on grafana-a polls this cluster since ")
	require.Contains(t, details, "; this one answers from the remote engine")
	require.Contains(t, details, "Remote engine: this Grafana writes nothing, since it does not poll, 0 refused")
	require.Contains(t, details, ", of what this Grafana saw itself: the log of the cluster is on the one that polls")
	require.NotContains(t, details, "complete since")
	answer, details = a.check()
	require.Contains(t, details, "complete since")
	require.Contains(t, answer.Message, ". This Grafana, on grafana-a, polls this cluster since ")
	require.Equal(t, 1.0, a.collected()[`lease_held{source="1-mesos"}`])
	require.Equal(t, 0.0, b.collected()[`lease_held{source="1-mesos"}`])

	// The one that polls ends in order: the other goes on at once.
	closed := time.Now()
	a.close()
	b.elected()
	since, _, _ := b.source().lease.Held()
	require.Less(t, since.Sub(closed), 20*zookeepertest.Tick, "without waiting for the session to end")
	was := requests(a)["/state"]
	b.clock.Advance(every)
	require.Greater(t, requests(a)["/state"], was)
	require.Zero(t, b.acknowledged().RefusedInAll())
}

// Save & test of a Grafana that does not poll says what keeps it from answering and from taking over, since all looks well
// on the one that polls.
func TestAFollowerSaysWhatIsWrongWithItself(t *testing.T) {
	zk, e := zookeepertest.Start(t), remotetest.Start(t, remotetest.Prometheus)
	both := several(t, zk, e.URL, "grafana-a", "grafana-b")
	a, b := both[0], both[1]
	a.begin().elected()
	a.acknowledged()
	settings := map[string]any{"engine": "remote", "remoteUrl": e.URL, "replicas": "zk://" + zk.Address + "/mesos-datasource", "masters": a.cluster.Masters()}
	check := func() (answer *backend.CheckHealthResult, details string) {
		checked := make(chan struct{})
		go func() { defer close(checked); answer, details = b.check() }()
		for { // edited settings are checked by a poll
			select {
			case <-checked:
				return answer, details
			case <-time.After(10 * time.Millisecond):
				b.clock.Advance(time.Second)
			}
		}
	}
	healthy := func() (string, string) {
		t.Helper()
		answer, details := check()
		require.Equal(t, backend.HealthStatusOk, answer.Status, answer.Message)
		return answer.Message, details
	}
	message, details := healthy()
	require.NotContains(t, message, "other settings")
	require.Contains(t, details, "reaches back to ", "without a query before")
	require.Empty(t, notices(b.ask(`{"expr": "sum by (framework) (mesos_framework_cpus_allocated)", "instant": true}`)))

	settings["clusterName"], settings["pollInterval"] = "other", "1m"
	b.configure(settings)
	message, _ = healthy()
	require.Contains(t, message, ", and has other settings than the one that polls: clusterName (jsonData.clusterName), pollInterval (jsonData.pollInterval). Write the same in all Grafanas")
	answer, _ := a.check()
	require.NotContains(t, answer.Message, "other settings")
	delete(settings, "clusterName")
	delete(settings, "pollInterval")

	settings["remoteUrl"] = "http://127.0.0.1:1"
	b.configure(settings)
	answer, _ = check()
	require.Equal(t, backend.HealthStatusError, answer.Status, answer.Message)
	require.Contains(t, answer.Message, "answers from the remote engine, which it cannot read: the remote engine http://127.0.0.1:1 cannot be reached: ")
	require.Contains(t, answer.Message, "(jsonData.remoteUrl)")
	require.ErrorContains(t, b.ask(`{"expr": "mesos_up", "instant": true}`).Error, "or another Grafana polls, and the remote engine http://127.0.0.1:1 cannot be reached")
	settings["remoteUrl"] = e.URL
	b.configure(settings)
	message, _ = healthy()
	require.NotContains(t, message, "other settings")
}

// A Grafana that lost ZooKeeper, and not the remote engine, stops to write before the next begins.
func TestAGrafanaThatIsCutOffWritesNothing(t *testing.T) {
	zk, e := zookeepertest.Start(t), remotetest.Start(t, remotetest.Prometheus)
	both := several(t, zk, e.URL, "grafana-a", "grafana-b")
	a, b := both[0], both[1]
	a.begin().elected()
	b.begin()
	for range 5 {
		a.clock.Advance(every)
		b.clock.Advance(every)
	}
	a.acknowledged()
	sent := a.source().store.(*remote.Store).Remote().Sent
	b.clock.Advance(every / 2) // the time that passes until it begins
	a.cut.Store(true)
	require.Eventually(t, func() bool { _, _, ok := a.source().lease.Held(); return !ok }, 10*time.Second, time.Millisecond)
	require.False(t, b.polling(), "not before a has stopped")
	b.elected()
	require.Eventually(t, func() bool { return !a.polling() }, 10*time.Second, time.Millisecond)
	asked := requests(a)
	for range 5 {
		a.clock.Advance(every)
	}
	require.Equal(t, asked, requests(a), "it asks nobody")
	far := a.source().store.(*remote.Store)
	require.Equal(t, sent, far.Remote().Sent)
	require.Zero(t, far.Remote().Unsent, "nothing was collected")
	require.NoError(t, a.ask(`{"expr": "mesos_up"}`).Error)
	require.Eventually(t, func() bool { return a.source().statusAnswer().Replicas.Problem != "" }, 20*time.Second, 5*time.Millisecond)
	answer, _ := a.check()
	require.Equal(t, backend.HealthStatusError, answer.Status)
	require.Contains(t, answer.Message, "No samples come in: it is not known which Grafana polls this cluster, so this one does not: no answer from ZooKeeper")
	for range 7 {
		b.clock.Advance(every)
	}
	require.Zero(t, b.acknowledged().RefusedInAll())
	a.cut.Store(false)
	require.Eventually(t, func() bool { st := a.source().statusAnswer().Replicas; return st.Host == "grafana-b" && !st.Polls }, 20*time.Second, time.Millisecond)
}

// The setting may come and go while the data source is in use.
func TestReplicasAreSetAndRemovedWhileItPolls(t *testing.T) {
	zk, e := zookeepertest.Start(t), remotetest.Start(t, remotetest.Prometheus)
	a := several(t, zk, e.URL, "grafana-a")[0]
	without := map[string]any{"engine": "remote", "remoteUrl": e.URL}
	with := map[string]any{"engine": "remote", "remoteUrl": e.URL, "replicas": "zk://" + zk.Address + "/other"}
	a.configure(without)
	a.start()
	require.Nil(t, a.source().lease)
	pass := func() {
		before := requests(a)["/state"]
		for range 3 {
			a.clock.Advance(every)
		}
		require.Greater(t, requests(a)["/state"], before)
		a.acknowledged()
	}
	pass()
	for range 2 {
		a.configure(with)
		a.begin().elected()
		pass()
		require.Equal(t, "grafana-a", a.source().statusAnswer().Replicas.Host)
		a.configure(without)
		a.begin()
		a.clock.Settle()
		pass()
		require.Nil(t, a.source().statusAnswer().Replicas)
	}
	a.configure(map[string]any{"engine": "remote", "remoteUrl": e.URL, "replicas": "zk1:2181"}) // it cannot be used
	_, err := a.registry.For(t.Context(), a.context())
	require.ErrorContains(t, err, "is not an address of ZooKeeper: write for example zk://zk1:2181,zk2:2181/mesos-datasource (jsonData.replicas)")
	a.configure(with)
	a.begin().elected()
	pass()
	require.Zero(t, a.acknowledged().RefusedInAll())
}

// An end of a task is counted by the Grafana that polled then, and not again by one that polls
// later and finds it among the tasks that ended since it polled before.
func TestAnEndIsCountedByOneGrafana(t *testing.T) {
	for _, engine := range []string{engineMemory, engineDisk} {
		t.Run(engine, func(t *testing.T) { countsEachEndOnce(t, engine == engineDisk, false) })
	}
	// As under load, when it takes longer than is waited for.
	t.Run("the engine does not say what was counted", func(t *testing.T) { countsEachEndOnce(t, false, true) })
}

// silent is whether the engine answers no query for the newest of the counters.
func countsEachEndOnce(t *testing.T, onDisk, silent bool) {
	zk, e := zookeepertest.Start(t), remotetest.Start(t, remotetest.Prometheus)
	at, err := url.Parse(e.URL)
	require.NoError(t, err)
	engine := httputil.NewSingleHostReverseProxy(at)
	var asked atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if silent && r.URL.Path == "/api/v1/query" {
			if body, _ := io.ReadAll(r.Body); strings.Contains(string(body), "mesos_events_total") {
				asked.Add(1)
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			} else {
				r.Body = io.NopCloser(bytes.NewReader(body))
			}
		}
		engine.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	both := several(t, zk, front.URL, "grafana-a", "grafana-b")
	a, b := both[0], both[1]
	if onDisk {
		a.onDisk(t.TempDir())
		b.onDisk(t.TempDir())
	}
	var mu sync.Mutex
	state := askedState(t, a.fixture)
	a.handle(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(state)
	}, "/state")
	framework := frameworkWithTasks(state)
	status := func(state string) any { return statusAt(a.clock.Now(), state) }
	launch := func(n int, name string) (all []map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		for i := range n {
			task := maps.Clone(framework["tasks"].([]any)[0].(map[string]any))
			task["id"], task["name"], task["state"] = fmt.Sprint(name, i), name, "TASK_RUNNING"
			task["statuses"] = []any{status("TASK_RUNNING")}
			all = append(all, task)
			framework["tasks"] = append(framework["tasks"].([]any), task)
		}
		return all
	}
	fail := func(tasks []map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		framework["tasks"] = slices.DeleteFunc(framework["tasks"].([]any), func(task any) bool {
			return slices.ContainsFunc(tasks, func(x map[string]any) bool { return x["id"] == task.(map[string]any)["id"] })
		})
		for _, task := range tasks {
			task["state"], task["statuses"] = "TASK_FAILED", append(task["statuses"].([]any), status("TASK_FAILED"))
			framework["completed_tasks"] = append(framework["completed_tasks"].([]any), task)
		}
	}
	pass := func(polls int) {
		for range polls {
			a.clock.Advance(every)
			b.clock.Advance(every)
		}
	}
	changes := func(from, to *grafana) {
		from.cut.Store(true)
		require.Eventually(t, func() bool { return !from.polling() }, 20*time.Second, time.Millisecond)
		pass(1) // nobody polls
		to.elected()
		from.cut.Store(false)
		require.Eventually(t, func() bool { return from.source().statusAnswer().Replicas.Host == to.registry.host }, 20*time.Second, time.Millisecond)
	}
	counted := func() (n float64) {
		for _, points := range e.Raw(`mesos_agent_tasks_ended_total{state=~"failed|unknown"}`, a.clock.Now()) {
			before := 0.0
			for _, at := range slices.Sorted(maps.Keys(points)) {
				v := points[at]
				if v < before {
					before = 0 // the counter begins anew
				}
				n, before = n+v-before, v
			}
		}
		return n
	}
	first, second, third, fourth := launch(3, "first"), launch(5, "second"), launch(7, "third"), launch(11, "fourth")
	a.begin().elected()
	b.begin()
	pass(3)
	fail(first)
	pass(3)
	a.acknowledged()
	require.EqualValues(t, 3, counted())

	changes(a, b)
	pass(3)
	fail(second)
	pass(3)
	b.acknowledged()
	require.EqualValues(t, 3+5, counted())

	from, to := b, a
	from.cut.Store(true)
	require.Eventually(t, func() bool { return !from.polling() }, 20*time.Second, time.Millisecond)
	pass(1)
	fail(third) // while nobody polls
	pass(1)
	to.elected()
	pass(4)
	a.acknowledged()
	require.EqualValues(t, 3+5+7, counted(), "what the other one counted is not counted again, and what ended since is")
	fail(fourth)
	pass(3)
	a.acknowledged()
	require.EqualValues(t, 3+5+7+11, counted())
	require.Equal(t, silent, asked.Load() > 0)
}

// A term that is over before a batch was stored has counted nothing: what is known of the one before it is not
// forgotten, or its ends would be counted again.
func TestATermWithoutABatchForgetsNothingThatWasCounted(t *testing.T) {
	counted := collector.Counted{Until: begin, Since: begin.Add(-time.Minute), Ends: []uint64{1}}
	src := &source{counted: counted}
	src.collector = collector.New(collector.Config{Sink: discard{}})
	src.polls.Store(src.collector)
	src.stopCollector()
	require.Nil(t, src.collector)
	require.Equal(t, counted, src.counted)
}
