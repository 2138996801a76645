package collector_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// both are the clients for the masters and agents of recordings.
type both struct {
	*mesos.Client
	agents *mesos.Agents
}

func (b both) Agents() collector.Agents { return b.agents }
func (b both) Close()                   { b.agents.Close(); b.Client.Close() }

// watchAgents is watch with agents, which are asked under the names they
// registered with.
func watchAgents(t *testing.T, s collector.Settings, scenes ...mesostest.Scene) *watched {
	t.Helper()
	cluster := mesostest.NewCluster(t, os.DirFS(captures), scenes...)
	clock := clocktest.New(begin)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return new(net.Dialer).DialContext(ctx, network, cluster.Address("127.0.0.1:"+port))
	}
	masters := mesos.Config{Masters: cluster.Masters(), Now: clock.Now, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	client, err := mesos.New(masters)
	require.NoError(t, err)
	masters.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}
	agents, err := mesos.NewAgents(mesos.AgentsConfig{Config: masters})
	require.NoError(t, err)
	s.AgentStatistics = true
	w := &watched{cluster: cluster, clock: clock, rec: newRecorder()}
	w.Collector = collector.New(collector.Config{Client: both{client, agents}, Sink: w.rec, Clock: clock, Settings: s, Jitter: func() float64 { return 0.5 }})
	w.Start()
	t.Cleanup(w.Stop)
	w.clock.Settle()
	return w
}

// measuredUse holds what an entity uses and what is allocated to it where that was
// read, computed from the recordings by a program that is not this one.
type measuredUse struct {
	entity, with         string
	cpus, cpusMeasured   float64
	memory, memoryOfThem float64 // bytes
}

var use03 = []measuredUse{
	{"agent", "agent=agent1.fixture.test", 0, 0, 113704960, 272629760},
	{"agent", "agent=agent2.fixture.test", 0, 0, 357171200, 1107296256},
	{"agent", "agent=agent3.fixture.test", 0, 0, 3044888576, 419430400},
	{"cluster", "", 0, 0, 3515764736, 1799356416},
	{"framework", "framework=Long Lived Framework (C++)", 0, 0, 18579456, 37748736},
	{"framework", "framework=Spark ETL (nightly)", 0, 0, 656670720, 385875968},
	{"framework", "framework=cassandra", 0, 0, 19767296, 134217728},
	{"framework", "framework=chronos", 0, 0, 1817010176, 536870912},
	{"framework", "framework=disconnected-fw", 0, 0, 404619264, 33554432},
	{"framework", "framework=marathon", 0, 0, 136413184, 536870912},
	{"framework", "framework=mesos-execute instance", 0, 0, 404615168, 33554432},
	{"framework", "framework=old-framework", 0, 0, 58089472, 100663296},
	{"role", "role=*", 0, 0, 423194624, 71303168},
	{"role", "role=analytics", 0, 0, 404652032, 67108864},
	{"role", "role=analytics/etl", 0, 0, 252018688, 318767104},
	{"role", "role=batch", 0, 0, 1817010176, 536870912},
	{"role", "role=db", 0, 0, 19767296, 134217728},
	{"role", "role=legacy", 0, 0, 462708736, 134217728},
	{"role", "role=prod", 0, 0, 136413184, 536870912},
}

var use04 = map[int][]measuredUse{
	1: {
		{"agent", "agent=agent1.fixture.test", 0.016137, 1.301, 152973312, 403701760},
		{"agent", "agent=agent2.fixture.test", 0.624143, 3.600, 328851456, 1090519040},
		{"agent", "agent=agent3.fixture.test", 0.014190, 0.700, 2643849216, 301989888},
		{"cluster", "", 0.654470, 5.601, 3125673984, 1796210688},
		{"framework", "framework=chronos", 0.601937, 0.800, 1041727488, 536870912},
		{"role", "role=analytics", 0.004066, 0.200, 404652032, 67108864},
		{"role", "role=prod", 0.028277, 2.800, 136523776, 536870912},
	},
	6: {
		{"agent", "agent=agent1.fixture.test", 0.057501, 1.003, 231591936, 439353344},
		{"agent", "agent=agent2.fixture.test", 0.623147, 3.700, 356929536, 1107296256},
		{"agent", "agent=agent3.fixture.test", 0.010076, 1.200, 1430077440, 318767104},
		{"cluster", "", 0.690724, 5.903, 2018598912, 1865416704},
		{"framework", "framework=chronos", 0.634894, 0.900, 281075712, 536870912},
		{"role", "role=analytics", 0.004049, 0.200, 404652032, 67108864},
		{"role", "role=prod", 0.027888, 2.800, 136560640, 536870912},
	},
	40: {
		{"agent", "agent=agent1.fixture.test", 0.017784, 1.403, 152813568, 422576128},
		{"agent", "agent=agent2.fixture.test", 0.621034, 3.600, 337137664, 1040187392},
		{"agent", "agent=agent3.fixture.test", 0.043789, 0.500, 1834795008, 234881024},
		{"cluster", "", 0.682607, 5.503, 2324746240, 1697644544},
		{"framework", "framework=chronos", 0.637187, 0.800, 1030160384, 469762048},
		{"role", "role=analytics", 0.001998, 0.200, 404652032, 67108864},
		{"role", "role=prod", 0.029578, 2.800, 136695808, 536870912},
	},
}

func (w *watched) requireUse(t *testing.T, at time.Time, want []measuredUse, cpus bool) {
	t.Helper()
	for _, u := range want {
		var with []string
		if u.with != "" {
			with = append(with, u.with)
		}
		value := func(name string) float64 {
			v, ok := w.rec.one(t, "mesos_"+u.entity+"_"+name, with...).at(at)
			require.True(t, ok, "%s of %s has ended", name, u.with)
			return v
		}
		require.Equal(t, u.memory, value("memory_used_bytes"), u.with)
		require.Equal(t, u.memoryOfThem, value("memory_measured_bytes"), u.with)
		if cpus {
			require.InDelta(t, u.cpus, value("cpus_used"), 2e-6, u.with)
			require.InDelta(t, u.cpusMeasured, value("cpus_measured"), 1e-9, u.with)
		}
	}
}

// listedPort reports whether a recorded /state lists an agent on a port.
func listedPort(t *testing.T, step, port int) bool {
	t.Helper()
	var state struct{ Slaves []struct{ Port int } }
	require.True(t, readJSON(t, filepath.Join("04-series", fmt.Sprintf("%03d-master-state", step)), &state))
	for _, a := range state.Slaves {
		if a.Port == port {
			return true
		}
	}
	return false
}

func TestUseOfARecordedCluster(t *testing.T) {
	w := watchAgents(t, collector.Settings{}, mesostest.Scene{Name: "03-workload"})
	w.clock.Advance(interval - time.Second)
	now := w.clock.Now()
	w.requireUse(t, now, use03, false)
	require.Len(t, w.rec.find("mesos_framework_memory_used_bytes"), 8, "frameworks without a container have none")

	t.Run("after one reading nothing is known of CPU use", func(t *testing.T) {
		for _, name := range w.rec.names() {
			require.False(t, strings.HasSuffix(name, "_cpus_used") || strings.HasSuffix(name, "_cpus_measured"), name)
		}
	})
	t.Run("a container has its numbers as the agent gives them", func(t *testing.T) {
		for name, want := range map[string]float64{
			`cpu_seconds_total mode=user`: 63.11, `cpu_seconds_total mode=system`: 0.19, "memory_rss_bytes": 18837504, "memory_limit_bytes": 67108864,
			"memory_pressure_events_total level=critical": 0, "cpus_limit": 0.6, "memory_used_bytes": 18837504, "memory_measured_bytes": 33554432,
		} {
			name, label, _ := strings.Cut(name, " ")
			with := []string{"executor_id=chronos.burner.1", "framework=chronos", "role=batch", "agent=agent2.fixture.test"}
			if label != "" {
				with = append(with, label)
			}
			got, ok := w.rec.one(t, "mesos_executor_"+name, with...).at(now)
			require.True(t, ok)
			require.Equal(t, want, got, "%s %s", name, label)
		}
	})
	t.Run("an agent without cgroups has fewer, and what it has not is absent", func(t *testing.T) {
		posix, cgroups := "agent=agent3.fixture.test", "agent=agent2.fixture.test"
		require.Len(t, w.rec.find("mesos_executor_memory_rss_bytes", posix), 8)
		require.Len(t, w.rec.find("mesos_executor_memory_rss_bytes", cgroups), 12)
		for _, name := range []string{"memory_cache_bytes", "processes", "threads", "cpu_throttled_seconds_total", "memory_pressure_events_total"} {
			require.Empty(t, w.rec.find("mesos_executor_"+name, posix), name)
			require.NotEmpty(t, w.rec.find("mesos_executor_"+name, cgroups), name)
		}
		require.Len(t, w.rec.find("mesos_executor_disk_used_bytes"), 2, "of containers with a disk resource")
	})
	t.Run("a task has use only when it is alone in its container", func(t *testing.T) {
		require.Len(t, w.rec.find("mesos_task_memory_used_bytes"), 22)
		require.Empty(t, w.rec.find("mesos_task_memory_used_bytes", "framework=Long Lived Framework (C++)"), "four share an executor")
		alone := w.rec.one(t, "mesos_task_memory_used_bytes", "task_id=chronos.burner.1")
		require.Equal(t, "batch", alone.labels.Get("role"))
		require.NotEmpty(t, alone.labels.Get("task"))
	})
	t.Run("an agent's own metrics are series of it", func(t *testing.T) {
		for n := 1; n <= 3; n++ {
			var snapshot map[string]float64
			require.True(t, readJSON(t, filepath.Join("03-workload", fmt.Sprintf("agent%d-get_metrics_snapshot", n)), &snapshot))
			with := fmt.Sprintf("agent=agent%d.fixture.test", n)
			for key, name := range map[string]string{"slave/uptime_secs": "mesos_agent_uptime_seconds", "slave/tasks_running": "mesos_agent_tasks_running", "slave/cpus_used": "mesos_agent_reported_cpus_allocated"} {
				if _, known := catalogue.Lookup(name); !known {
					name = catalogue.Resolve(catalogue.Agent, key).Series.Name
				}
				got, _ := w.rec.one(t, name, with).at(now)
				require.Equal(t, snapshot[key], got, "%s of agent %d", key, n)
			}
			got, _ := w.rec.one(t, "mesos_agent_reported_memory_capacity_bytes", with).at(now)
			require.Equal(t, snapshot["slave/mem_total"]*1048576, got)
		}
	})
	t.Run("every series is in the catalogue, with just these labels", func(t *testing.T) {
		for _, s := range w.rec.byRef {
			known, ok := catalogue.Lookup(s.labels.Get("__name__"))
			require.True(t, ok, s.labels)
			if known.Poll != "agents" {
				continue
			}
			allowed := "__name__ cluster " + strings.Join(known.Labels, " ")
			for label := range s.labels.Map() {
				require.Contains(t, strings.Fields(allowed), label, s.labels)
			}
		}
	})
	up, _ := w.rec.one(t, "mesos_up", "poll=agents").at(now)
	require.Equal(t, 1.0, up)
	polls := w.Status().AgentPolls
	require.Equal(t, &collector.AgentPolls{Listed: 3, Asked: 3, Answered: 3, OwnMetrics: true, Containers: polls.Containers}, polls)
	require.Equal(t, [2]int{26, 26}, containersRead(polls), "those in the agents' recorded answers")
	require.Empty(t, polls.Containers.Lacking())
}

// TestUseOfTheRecordedSeriesInTime replays 385 s of a real cluster, in which
// agents come and go and executors end and begin all the time.
func TestUseOfTheRecordedSeriesInTime(t *testing.T) {
	const steps, every = 77, 5 * time.Second
	roles := mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_roles"}}
	w := watchAgents(t, collector.Settings{PollInterval: every}, mesostest.Step(0), roles, redirect)
	w.clock.Advance(every - time.Millisecond)
	answers := map[int]map[int]bool{}
	expected := 0
	for n := 1; n < steps; n++ {
		w.cluster.SetScene(mesostest.Step(n), roles, redirect)
		w.clock.Advance(every)
		polls := w.Status().AgentPolls
		require.Empty(t, polls.Containers.Lacking(), "step %d: containers that begin and end are not missing", n)
		require.Empty(t, w.Status().LeftOut, "step %d", n)
		expected += polls.Containers.Expected
		answers[n] = map[int]bool{}
		for a := 1; a <= 3; a++ {
			_, err := os.Stat(filepath.Join(captures, "04-series", fmt.Sprintf("%03d-agent%d-statistics.json.gz", n, a)))
			answers[n][a] = err == nil && listedPort(t, n, 5050+a)
		}
	}
	end := func(n int) time.Time { return begin.Add(time.Duration(n+1)*every - time.Millisecond) }

	require.Greater(t, expected, 1500)
	for n, want := range use04 {
		t.Run(fmt.Sprintf("step %d", n), func(t *testing.T) { w.requireUse(t, end(n), want, true) })
	}
	t.Run("no rate is negative or more than the machine has", func(t *testing.T) {
		rates := 0
		for _, entity := range []string{"cluster", "agent", "framework", "role", "executor", "task"} {
			for _, s := range w.rec.find("mesos_" + entity + "_cpus_used") {
				for _, x := range s.samples {
					if !math.IsNaN(x.v) { // the end
						require.GreaterOrEqual(t, x.v, 0.0, s.labels)
						require.Less(t, x.v, 2.0, s.labels)
						rates++
					}
				}
			}
		}
		require.Greater(t, rates, 3000)
	})
	t.Run("an agent that does not answer has a gap, and no other", func(t *testing.T) {
		for a := 1; a <= 2; a++ {
			for n := 1; n < steps; n++ {
				if answers[n][a] {
					require.Positive(t, w.rec.open(end(n), "mesos_agent_memory_used_bytes", fmt.Sprintf("agent=agent%d.fixture.test", a)), "step %d, agent %d", n, a)
				} else {
					require.Zero(t, w.rec.open(end(n), "mesos_agent_memory_used_bytes", fmt.Sprintf("agent=agent%d.fixture.test", a)), "step %d, agent %d", n, a)
				}
			}
		}
		third := "agent=agent3.fixture.test"
		for n := 1; n < steps; n++ {
			if !answers[n][3] {
				require.Zero(t, w.rec.open(end(n), "mesos_agent_memory_used_bytes", third), "step %d", n)
				require.Zero(t, w.rec.open(end(n), "mesos_executor_memory_rss_bytes", third), "step %d", n)
				require.Zero(t, w.rec.open(end(n), "mesos_agent_uptime_seconds", third), "step %d", n)
			}
		}
		require.Positive(t, w.rec.open(end(steps-1), "mesos_agent_memory_used_bytes", third), "it is back")
		text := w.rec.one(t, "mesos_agent_memory_used_bytes", third).text(begin)
		require.Equal(t, 1, strings.Count(text, "end"), "one gap: %s", text)
	})
	t.Run("mesos_up is of the connected agents' half", func(t *testing.T) {
		for _, x := range w.rec.one(t, "mesos_up", "poll=agents").samples {
			require.Equal(t, 1.0, x.v, "one of three is a minority")
		}
	})
}
