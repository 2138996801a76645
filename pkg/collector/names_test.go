package collector_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// long is a name of 1 MiB whose first bytes tell it apart; its characters have
// two bytes, so that a cut may fall into one.
func long(n int) string { return fmt.Sprintf("%04d", n) + strings.Repeat("ü", 1<<19) }

func TestNamesThatAreTooLongAreCutAndTold(t *testing.T) {
	f, agents := startAgents(t, 2, collector.Settings{TaskLabels: []string{"team"}}, func(f *fake, a *fakeAgents) {
		s := &f.state
		s.Slaves[0].Hostname = long(1)
		s.Slaves[0].Attributes = map[string]mesos.Attribute{"rack": mesos.Attribute(long(2))}
		fw := &s.Frameworks[0]
		fw.Name, fw.Principal, fw.User, fw.WebUIURL, fw.Roles = long(3), long(4), long(5), "http://"+long(6), []string{long(7), "prod"}
		task := &fw.Tasks[0]
		task.ID, task.Name, task.Role, task.Labels = long(8), long(9), long(7), []mesos.Label{{Key: "team", Value: long(10)}}
		f.values["master/frameworks/"+strings.ReplaceAll(fw.Name[:300], "ü", "%C3%BC")+"/F1/subscribed"] = 1
		a.container = map[string]string{"S1": long(8)}
	})
	f.clock.Advance(2 * interval)
	require.NotNil(t, agents)
	now := f.clock.Now()
	for _, name := range f.rec.names() {
		for _, s := range f.rec.find(name) {
			s.labels.Range(func(l labels.Label) {
				most := series.MaxName
				if strings.HasPrefix(l.Name, "attr_") || strings.HasPrefix(l.Name, "label_") {
					most = 128
				}
				if l.Name == "roles" { // a list
					most = 2*series.MaxName + 1
				}
				require.LessOrEqual(t, len(l.Value), most, "%s of %s", l.Name, name)
			})
		}
	}
	cut := series.CutName(long(3))
	require.Regexp(t, "^0003"+strings.Repeat("ü", 117)+"~[0-9a-f]{16}$", cut)
	require.Equal(t, 1, f.rec.open(now, "mesos_framework_cpus_allocated", "framework="+cut))
	require.Equal(t, 1, f.rec.open(now, "mesos_framework_info", "principal="+series.CutName(long(4))))
	require.Equal(t, 1, f.rec.open(now, "mesos_task_cpus_allocated", "task_id="+series.CutName(long(8))))
	require.Equal(t, 1, f.rec.open(now, "mesos_task_memory_used_bytes", "task_id="+series.CutName(long(8))), "the agent's container is found under the same name")
	require.Equal(t, 1, f.rec.open(now, "mesos_role_cpus_allocated", "role="+series.CutName(long(7))))
	// Host name, framework's name, principal, user, link, role; of the task: ID,
	// name, role.
	require.Equal(t, 9, f.Status().NamesCut)
}

// A tenant runs fifty tasks whose names have 1 MiB.
func TestNamesOfAMebibyteDoNotTakeTheMemory(t *testing.T) {
	const tasks = 50
	var state bytes.Buffer
	state.Grow((tasks + 1) << 20)
	{
		w := &state
		fmt.Fprint(w, `{"version":"1.12.0","id":"m","pid":"master@10.0.0.1:5050","leader":"master@10.0.0.1:5050","cluster":"c","flags":{},
			"slaves":[{"id":"S1","hostname":"agent1","active":true,"resources":{"cpus":8}}],
			"frameworks":[{"id":"F1","name":"marathon","active":true,"roles":["prod"],"tasks":[`)
		for n := range tasks {
			if n > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"id":"t%d","name":"%s","framework_id":"F1","slave_id":"S1","state":"TASK_RUNNING","role":"prod","resources":{"cpus":0.01},"labels":[{"key":"team","value":"x"}]}`, n, long(n))
		}
		fmt.Fprint(w, `]}]}`)
	}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/state", "/master/state":
			_, _ = w.Write(state.Bytes())
		case "/roles", "/master/roles":
			fmt.Fprint(w, `{"roles":[]}`)
		case "/metrics/snapshot":
			fmt.Fprint(w, `{"master/elected":1,"master/uptime_secs":5}`)
		default:
			w.Header().Set("Location", "//"+strings.TrimPrefix(server.URL, "http://"))
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	clock := clocktest.New(begin)
	client, err := mesos.New(mesos.Config{Masters: []string{server.URL}, HTTP: server.Client(), Now: clock.Now, Timeout: 5 * time.Minute})
	require.NoError(t, err)
	store := memory.New(memory.Options{Now: clock.Now})
	defer store.Close()
	c := collector.New(collector.Config{Client: client, Sink: store, Clock: clock, Settings: collector.Settings{UID: "uid", TaskLabels: []string{"team"}}})
	defer c.Stop()

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c.Start()
	clock.Settle()
	polls := uint64(0)
	for ; c.Cluster() == nil || polls < 2; polls++ { // the machine may be too busy for the first
		require.Less(t, polls, uint64(20))
		clock.Advance(interval)
	}
	require.Equal(t, tasks, c.Status().NamesCut)
	require.Len(t, c.Cluster().Tasks(), tasks)
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	require.Less(t, kept, int64(20), "MiB that stay, of 50 MiB of names")
	each := (after.TotalAlloc - before.TotalAlloc) / polls >> 20
	require.Less(t, each, uint64(150), "MiB that a poll allocates")
}

// Names that differ only beyond the cut are those of different things.
func TestNamesThatAreCutStayDifferentSeries(t *testing.T) {
	same := strings.Repeat("x", 300)
	id := func(n int) string { return fmt.Sprintf("%s%d", same, n) }
	f := start(t, collector.Settings{TaskSeries: "always"}, func(f *fake) {
		s := &f.state
		s.Slaves, s.Frameworks, f.roles.Roles = nil, nil, nil
		for n := range 3 {
			a := agent(1)
			a.ID, a.Hostname = id(n), same
			one := task(1)
			one.ID, one.FrameworkID, one.SlaveID, one.Role = id(n), id(n), id(n), id(n)
			executor := mesos.Executor{ID: id(n), SlaveID: id(0), Role: id(n), Resources: mesos.Resources{CPUs: 1, Mem: 32}}
			s.Slaves = append(s.Slaves, a)
			s.Frameworks = append(s.Frameworks, mesos.Framework{ID: id(n), Name: same, Active: true, Connected: true, Roles: []string{id(n)},
				Tasks: []mesos.Task{one}, Executors: []mesos.Executor{executor}})
			f.roles.Roles = append(f.roles.Roles, mesos.Role{Name: id(n), Weight: 1})
			f.values["master/frameworks/marathon/"+id(n)+"/subscribed"] = 1
		}
		for n := range 3 {
			one := task(1)
			one.ID, one.FrameworkID, one.SlaveID = "second "+id(n), id(0), id(0)
			s.Frameworks[0].Tasks = append(s.Frameworks[0].Tasks, one)
		}
	})
	f.clock.Advance(2 * interval)
	now := f.clock.Now()
	for name, want := range map[string]int{
		"mesos_agent_cpus_capacity": 3, "mesos_agent_info": 3, "mesos_framework_cpus_allocated": 3, "mesos_framework_info": 3,
		"mesos_role_weight": 3, "mesos_role_cpus_allocated": 4, "mesos_task_cpus_allocated": 6, "mesos_executor_cpus_allocated": 3,
		"mesos_framework_subscribed": 3,
	} {
		require.Equal(t, want, f.rec.open(now, name), name)
	}
	require.Equal(t, 6.0, f.rec.sum(now, "mesos_task_cpus_allocated"))
	require.Zero(t, f.rec.sum(now, "mesos_series_dropped"))
}

func TestWhatIsListedTwiceIsCountedAsDropped(t *testing.T) {
	f := start(t, collector.Settings{TaskSeries: "always"}, func(f *fake) {
		again := task(1)
		again.Resources.CPUs = 2
		f.state.Frameworks[0].Used, f.state.Slaves[0].Used = task(1).Resources, task(1).Resources
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, again)
	})
	f.clock.Advance(2 * interval)
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_task_cpus_allocated"), "the first counts")
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_cluster_tasks", "state=running"), "in sums, too")
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_series_dropped"), "one task")
	require.Contains(t, f.Status().SeriesDroppedWhy, "two things of the same name and ID")
}

func TestAttributesWhoseNamesAreAlikeCostNoSeries(t *testing.T) {
	store := memory.New(memory.Options{})
	defer store.Close()
	clock := clocktest.New(begin)
	f := newFake(clock)
	f.state.Slaves[0].Attributes = map[string]mesos.Attribute{"a.b": "1", "a-b": "2", "a_b_conflict1": "3", "rack": "odd"}
	c := collector.New(collector.Config{Client: f, Sink: store, Clock: clock, Settings: collector.Settings{UID: "uid"}})
	c.Start()
	defer c.Stop()
	clock.Settle()
	n, err := store.CountSeries(t.Context(), 0, 1<<62, labels.MustNewMatcher(labels.MatchEqual, "__name__", "mesos_agent_info"),
		labels.MustNewMatcher(labels.MatchEqual, "attr_rack", "odd"), labels.MustNewMatcher(labels.MatchEqual, "attr_a_b_conflict1", "3"))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Zero(t, c.Status().SeriesDropped)
}
