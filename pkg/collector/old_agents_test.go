package collector_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// publicFixture reads a real file of an older Mesos.
func publicFixture(t *testing.T, into any, path ...string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"../../testdata/public-fixtures"}, path...)...))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

// In the statistics of Mesos 0.19 a container is a task of Marathon; the second
// answer is the first, 15 s and 3 s of CPU time later.
func TestStatisticsOfMesos019(t *testing.T) {
	f, _ := startAgents(t, 0, collector.Settings{}, func(f *fake, a *fakeAgents) {
		f.state, f.roles = mesos.State{}, mesos.Roles{}
		publicFixture(t, &f.state, "old-masters", "mesos-cli_master_state_0.19.0.json")
		listed := f.state.Slaves[1]
		a.answer = func(id string, at time.Time) []mesos.Container {
			if id != listed.ID {
				return nil
			}
			var all []mesos.Container
			publicFixture(t, &all, "old-masters", "mesos-cli_agent_monitor_statistics_0.19.0.json")
			for i := range all {
				later := at.Sub(begin).Seconds()
				r := &all[i].Readings
				then, _ := r.Of(mesos.StatisticOf("timestamp"))
				user, _ := r.Of(mesos.StatisticOf("cpus_user_time_secs"))
				r.Set(mesos.StatisticOf("timestamp"), then+later)
				r.Set(mesos.StatisticOf("cpus_user_time_secs"), user+later/5)
			}
			return all
		}
	})
	f.clock.Advance(2*interval - time.Second)
	now := f.clock.Now()
	value := func(name string, with ...string) float64 {
		n, open := f.rec.one(t, name, with...).at(now)
		require.True(t, open, name)
		return n
	}
	require.InDelta(t, 0.4, value("mesos_cluster_cpus_used"), 1e-6)
	require.Equal(t, 0.2, value("mesos_cluster_cpus_measured"))
	require.Equal(t, 10964992.0+10973184, value("mesos_cluster_memory_used_bytes"))
	require.Equal(t, 32.0*(1<<20), value("mesos_cluster_memory_measured_bytes"))
	require.InDelta(t, 0.4, value("mesos_framework_cpus_used", "framework=marathon-0.6.0-SNAPSHOT"), 1e-6)
	require.InDelta(t, 0.2, value("mesos_task_cpus_used", "task_id=app-15.41fef02d-fcba-11e3-8b67-b6f6cc110ef2"), 1e-6)
	require.Equal(t, 10964992.0, value("mesos_executor_memory_rss_bytes", "executor_id=app-215.3e6a099c-fcba-11e3-8b67-b6f6cc110ef2"))
	require.Equal(t, 0.0, value("mesos_agent_cpus_used", "agent_id=20140623-174033-177048842-5050-6160-0"), "it has no tasks")
	require.Equal(t, [2]int{2, 2}, containersRead(f.Status().AgentPolls))
	require.Empty(t, f.Status().AgentPolls.Containers.Lacking())
	require.Empty(t, f.Status().LeftOut)
}

func TestMetricsOfAnAgentOfMesos022(t *testing.T) {
	var values map[string]float64
	publicFixture(t, &values, "old-masters", "bolcom_agent_metrics_snapshot_0.22.1.json")
	f, _ := startAgents(t, 1, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.own = values })
	f.clock.Advance(interval - time.Second)
	written := 0
	for _, s := range f.rec.byRef {
		if known, ok := catalogue.Lookup(s.labels.Get("__name__")); ok && known.Poll == series.PollAgents && s.labels.Get("agent") == "agent1" && s.labels.Get("executor_id") == "" {
			written++
		}
	}
	require.GreaterOrEqual(t, written, len(values))
	for name, want := range map[string]float64{
		"mesos_agent_uptime_seconds": 488886.147593984, "mesos_agent_reported_memory_capacity_bytes": 256971 * (1 << 20), "mesos_agent_system_cpus": 48,
		"mesos_agent_tasks_running": 14, "mesos_agent_executors_terminated_total": 203,
	} {
		n, open := f.rec.one(t, name, "agent=agent1").at(f.clock.Now())
		require.True(t, open, name)
		require.InDelta(t, want, n, 1e-6, name)
	}
	require.Empty(t, f.Status().LeftOut)
}

// The containers of dcos-metrics have no timestamp, one has no mem_rss_bytes, one no
// statistics at all.
func TestContainersWithoutStatistics(t *testing.T) {
	const with, without = "foo.124b1048-a17a-11e6-9182-080027fb5b88", "boba_20170731215525xd01p.87bf554a-763f-11e7-90b8-70b3d5800001"
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, a *fakeAgents) {
		var all []mesos.Container
		publicFixture(t, &all, "dcos-metrics", "container-metrics-no-statistics.json")
		own := &f.state.Frameworks[0]
		own.Tasks = nil
		for i := range all {
			one := task(1)
			one.ID = all[i].ExecutorID
			all[i].FrameworkID = own.ID
			own.Tasks = append(own.Tasks, one)
		}
		a.answer = func(string, time.Time) []mesos.Container {
			publicFixture(t, &all, "dcos-metrics", "container-metrics-no-statistics.json")
			for i := range all {
				all[i].FrameworkID = own.ID
			}
			return all
		}
	})
	f.clock.Advance(2*interval - time.Second)
	now := f.clock.Now()
	require.Equal(t, 1, f.rec.open(now, "mesos_executor_memory_total_bytes", "executor_id="+with))
	require.Equal(t, 1, f.rec.open(now, "mesos_task_cpus_used", "task_id="+with), "by our own clock")
	require.Equal(t, 1.0, f.rec.sum(now, "mesos_cluster_cpus_measured"), "of the one that was read")
	require.Zero(t, f.rec.open(now, "mesos_cluster_memory_used_bytes"), "mem_total_bytes has the page cache in it")
	require.Zero(t, f.rec.open(now, "mesos_task_cpus_used", "task_id="+without))
	require.Equal(t, []string{
		"The agents' answers lack 1 of 2 containers that are running, most on agent agent1: what they use is unknown. An agent leaves out what it cannot read: its log says why.",
		"1 of 1 containers have no memory (mem_rss_bytes) in the agents' answers, most on agent agent1: what they use of it is unknown. Look at the agent's --isolation.",
	}, f.Status().AgentPolls.Containers.Lacking())
}

func TestContainersOfDCOS(t *testing.T) {
	for _, file := range []string{"container-metrics.json", "container-metrics-blkio.json"} {
		var all []mesos.Container
		publicFixture(t, &all, "dcos-metrics", file)
		require.NotEmpty(t, all, file)
		for i := range all {
			rss, known := all[i].Readings.Of(mesos.StatisticOf("mem_rss_bytes"))
			require.True(t, known && rss > 0, file)
		}
		if file == "container-metrics-blkio.json" {
			require.NotEmpty(t, all[0].Readings.Devices)
		}
	}
}

// Before 0.23 the leader does not list executors: what one holds itself is
// unknown, and so is the efficiency of its container.
func TestAnExecutorThatIsNotListedHasNoEfficiency(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, a *fakeAgents) {
		f.state.Frameworks[0].Tasks[0].ExecutorID = "custom"
		a.container = map[string]string{"S1": "custom"}
	})
	f.clock.Advance(2*interval - time.Second)
	now := f.clock.Now()
	for _, entity := range []string{"task", "executor", "agent", "framework", "role", "cluster"} {
		require.Equal(t, 0.5, f.rec.sum(now, "mesos_"+entity+"_cpus_used"), entity)
		require.Zero(t, f.rec.open(now, "mesos_"+entity+"_cpus_measured"), entity)
		require.Zero(t, f.rec.open(now, "mesos_"+entity+"_memory_measured_bytes"), entity)
	}
	for _, s := range f.rec.byRef {
		for _, x := range s.samples {
			require.True(t, !math.IsNaN(x.v) || series.IsStale(x.v), "%s", s.labels)
		}
	}
}

// What an agent offers is unknown: the bounds are those of any machine.
func TestAnAgentOfUnknownCapacityIsBounded(t *testing.T) {
	f, _ := startAgents(t, 1, collector.Settings{}, func(f *fake, _ *fakeAgents) {
		f.state.Slaves[0].Resources.Unknown = mesos.KindCPUs | mesos.KindMem | mesos.KindDisk | mesos.KindGPUs
	}, eachAnswer(func(n int, at time.Time) mesos.Readings {
		return reading(at, []float64{10, 17.5, 8450000, 25, 32.5}[n])
	}))
	f.clock.Advance(5*interval - time.Second)
	require.Equal(t, "16.5s 0.5, 31.5s end, 1m1.5s 0.5", f.rec.one(t, "mesos_agent_cpus_used").text(begin))
	require.Contains(t, f.leftOut(series.PollAgents).Example, "rose by 8449982.5 s in 15 s. What the agent offers is unknown.")
}
