package collector_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// TestEverySeriesIsInTheCatalogue writes all that scenes bring and looks each
// series up: its name, and exactly the labels the catalogue says.
func TestEverySeriesIsInTheCatalogue(t *testing.T) {
	for _, scene := range []mesostest.Scene{{Name: "03-workload"}, {Name: "07-agent-unreachable"}, {Name: "14-ha", Prefix: []string{"leader-", "nonleader-"}}} {
		t.Run(scene.Name, func(t *testing.T) {
			w := watch(t, collector.Settings{TaskLabels: []string{"team"}}, scene)
			require.NoError(t, w.Ready(t.Context()))
			w.clock.Settle()
			w.clock.Advance(interval)
			checked := 0
			for _, name := range w.rec.names() {
				known, ok := catalogue.Lookup(name)
				require.True(t, ok, name)
				for _, s := range w.rec.find(name) {
					s.labels.Range(func(l labels.Label) {
						if l.Name == labels.MetricName || l.Name == "cluster" || slices.Contains(known.Labels, l.Name) {
							return
						}
						require.True(t, slices.ContainsFunc(known.OpenLabels, func(open string) bool {
							return strings.HasPrefix(l.Name, strings.TrimSuffix(open, "*"))
						}), "%s has no label %s in the catalogue", s.labels, l.Name)
					})
					require.Equal(t, "fixture", s.labels.Get("cluster"))
					checked++
				}
			}
			require.Greater(t, checked, 500)
		})
	}
}

func TestWhatAnAgentAFrameworkAndATaskLookLike(t *testing.T) {
	_, rec := collectOnce(t, "03-workload", "master-")
	info := rec.one(t, "mesos_agent_info", "agent=agent3.fixture.test")
	require.Equal(t, `{__name__="mesos_agent_info", agent="agent3.fixture.test", agent_id="abbec842-7d73-4f70-8d69-201cee145933-S2", `+
		`attr_rack="r3", attr_zone="c", cluster="fixture", region="eu-central", version="1.12.0", zone="eu-central-1c"}`, info.labels.String())
	value := func(name string, with ...string) float64 {
		t.Helper()
		v, ok := rec.one(t, name, with...).at(begin)
		require.True(t, ok)
		return v
	}
	require.Equal(t, 8.0, value("mesos_agent_cpus_capacity", "agent=agent3.fixture.test"))
	require.Equal(t, 2.0, value("mesos_agent_cpus_revocable_capacity", "agent=agent3.fixture.test"), "beside, not within, the capacity")
	require.Equal(t, 8192.0*1048576, value("mesos_agent_memory_capacity_bytes", "agent=agent3.fixture.test"))
	require.Equal(t, 1.0, value("mesos_framework_state", "framework=disconnected-fw"))
	require.Equal(t, "disconnected", rec.one(t, "mesos_framework_state", "framework=disconnected-fw").labels.Get("state"))
	require.Equal(t, "analytics,analytics/etl", rec.one(t, "mesos_framework_info", "framework=Spark ETL (nightly)").labels.Get("roles"))
	require.Zero(t, value("mesos_framework_cpus_allocated", "framework=suppressed-fw"), "zeros are known")

	// /roles: analytics 1.2 cpus, analytics/etl within it 1.0.
	require.Equal(t, 1.0, value("mesos_role_cpus_allocated", "role=analytics/etl"))
	require.Equal(t, 0.2, value("mesos_role_cpus_allocated", "role=analytics"))
	require.Equal(t, 1.2, value("mesos_role_cpus_quota_consumed", "role=analytics"), "quota is the subtree's")
	require.Equal(t, 4.0, value("mesos_role_cpus_quota_limit", "role=batch"))
	require.Empty(t, rec.find("mesos_role_memory_quota_limit_bytes", "role=batch"), "no limit is no series")
	require.Equal(t, 3.0, value("mesos_role_weight", "role=db"))

	require.Empty(t, rec.find("mesos_cluster_gpus_capacity"), "a cluster without GPUs has no series of them")
	for _, entity := range []string{"agent", "framework", "role", "task", "executor"} {
		require.Empty(t, rec.find("mesos_"+entity+"_gpus_allocated"))
	}
}

func TestGPUsAreThereForAllAsSoonAsTheClusterHasOne(t *testing.T) {
	f := start(t, collector.Settings{})
	f.set(func(f *fake) { gpu := agent(2); gpu.Resources.GPUs = 2; f.state.Slaves = append(f.state.Slaves, gpu) })
	f.clock.Advance(interval)
	require.Equal(t, "15s 0", f.rec.one(t, "mesos_agent_gpus_capacity", "agent=agent1").text(begin))
	require.Equal(t, "15s 2", f.rec.one(t, "mesos_agent_gpus_capacity", "agent=agent2").text(begin))
	require.Equal(t, "15s 0", f.rec.one(t, "mesos_role_gpus_allocated").text(begin))
	require.Equal(t, "15s 0", f.rec.one(t, "mesos_task_gpus_allocated").text(begin))
	f.set(func(f *fake) { f.state.Slaves = f.state.Slaves[:1] })
	f.clock.Advance(interval)
	require.Equal(t, "15s 2, 30s 0", f.rec.one(t, "mesos_cluster_gpus_capacity").text(begin), "none left is known, too")
}

func TestAStateThatChangesEndsTheOneBefore(t *testing.T) {
	f := start(t, collector.Settings{})
	f.set(func(f *fake) {
		drained := agent(1)
		drained.Active, drained.Deactivated, drained.DrainInfo = false, true, &mesos.DrainInfo{State: "DRAINING"}
		f.state.Slaves = []mesos.Slave{drained}
	})
	f.clock.Advance(interval)
	require.Equal(t, "0s 1, 15s end", f.rec.one(t, "mesos_agent_state", "state=active").text(begin))
	require.Equal(t, "15s 1", f.rec.one(t, "mesos_agent_state", "state=draining").text(begin))
	require.Equal(t, "0s 1, 15s 0", f.rec.one(t, "mesos_cluster_agents", "state=active").text(begin))
	require.Equal(t, "0s 0, 15s 1", f.rec.one(t, "mesos_cluster_agents", "state=draining").text(begin))
	require.Equal(t, "0s 0, 15s 0", f.rec.one(t, "mesos_cluster_agents", "state=deactivated").text(begin))
}

func TestTaskLabelsThatAreNamedBecomeLabels(t *testing.T) {
	f := start(t, collector.Settings{TaskLabels: []string{"team", "my env"}}, func(f *fake) {
		labelled := task(1)
		labelled.Labels = []mesos.Label{{Key: "team", Value: "search"}, {Key: "secret", Value: "x"}, {Key: "my env", Value: "prod"}}
		f.state.Frameworks[0].Tasks = []mesos.Task{labelled}
	})
	const base = `{__name__="mesos_task_cpus_allocated", agent="agent1", agent_id="S1", cluster="fixture", framework="marathon", framework_id="F1", `
	require.Equal(t, base+`label_my_env_x8f30dba9="prod", label_team="search", role="prod", task="task 1", task_id="t1"}`,
		f.rec.one(t, "mesos_task_cpus_allocated").labels.String())
	f.clock.Advance(interval)
	f.Apply(collector.Settings{UID: "uid"}, f.fake)
	f.clock.Settle()
	f.clock.Advance(interval)
	require.Equal(t, "0s 1, 15s 1, 30s end", f.rec.one(t, "mesos_task_cpus_allocated", "label_team=search").text(begin))
	require.Equal(t, "30s 1", f.rec.one(t, "mesos_task_cpus_allocated", "label_team=").text(begin))
}

func TestKnownSeriesAreWrittenWithoutTheirLabels(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(interval)
	called := f.rec.called
	f.clock.Advance(time.Hour)
	require.Equal(t, called, f.rec.called)
}

func TestLateCountersBeginWithZero(t *testing.T) {
	const key = "master/task_failed/source_slave/reason_container_limitation_memory"
	set := func(f *faked, change func(map[string]float64)) { f.set(func(f *fake) { change(f.values) }) }
	series := func(f *faked) *recorded { return f.rec.one(t, "mesos_master_task_status_total", "state=failed") }

	t.Run("of the same leader", func(t *testing.T) {
		f := start(t, collector.Settings{})
		set(f, func(v map[string]float64) { v[key] = 3 })
		f.clock.Advance(interval)
		require.Equal(t, "0s 0, 15s 3", series(f).text(begin))
	})
	t.Run("not of one elected meanwhile", func(t *testing.T) {
		f := start(t, collector.Settings{})
		set(f, func(v map[string]float64) { v[key], v["master/uptime_secs"] = 3, 1 })
		f.clock.Advance(interval)
		require.Equal(t, "15s 3", series(f).text(begin))
	})
	t.Run("not in the first snapshot", func(t *testing.T) {
		f := start(t, collector.Settings{}, func(f *fake) { f.values[key] = 3 })
		require.Equal(t, "0s 3", series(f).text(begin))
	})
	t.Run("a framework's begin with what they were when it was not known yet", func(t *testing.T) {
		const calls = "master/frameworks/late/F2/calls"
		f := start(t, collector.Settings{}, func(f *fake) { f.values[calls] = 5 })
		set(f, func(v map[string]float64) { v[calls] = 7 })
		f.set(func(f *fake) {
			f.state.Frameworks = append(f.state.Frameworks, mesos.Framework{ID: "F2", Name: "late", Active: true})
		})
		f.clock.Advance(interval)
		require.Equal(t, "0s 5, 15s 7", f.rec.one(t, "mesos_framework_calls_total").text(begin))
		f.set(func(f *fake) { f.state.Frameworks = f.state.Frameworks[:1] })
		f.clock.Advance(2 * interval)
		require.Equal(t, "0s 5, 15s 7, 30s end", f.rec.one(t, "mesos_framework_calls_total").text(begin), "Mesos goes on serving the keys")
	})
}

func TestFollowersSayOnlyWhatTheyAre(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		f.targets = []mesos.Target{{Address: "master2:5050"}, {Address: "master3:5050"}}
		f.follower = quiet
	})
	require.Equal(t, "0s 7", f.rec.one(t, "mesos_master_uptime_seconds", "master=master2:5050").text(begin))
	require.Len(t, f.rec.find("mesos_master_cpus_capacity"), 1, "the leader's; a follower's 0 means nothing")

	f.set(func(f *fake) {
		f.follower = func(target mesos.Target) (map[string]float64, error) {
			if target.Address == "master3:5050" {
				return nil, failure(mesos.Network)
			}
			return quiet(target)
		}
	})
	f.clock.Advance(5*interval - time.Second)
	require.Equal(t, "0s 7, 1m0s 7", f.rec.one(t, "mesos_master_uptime_seconds", "master=master2:5050").text(begin))
	require.Equal(t, "0s 7, 1m0s end", f.rec.one(t, "mesos_master_uptime_seconds", "master=master3:5050").text(begin))
	require.Equal(t, "0s 1, 1m0s 0", f.rec.one(t, "mesos_up", "poll=followers").text(begin))
	require.Equal(t, []collector.MasterStatus{{Address: "master1:5050", Leading: true}, {Address: "master2:5050"},
		{Address: "master3:5050", Error: "made up: network"}}, f.Status().Masters)

	t.Run("a follower that becomes the leader goes on, the old leader's cluster ends", func(t *testing.T) {
		f.set(func(f *fake) {
			f.address = "master2:5050"
			f.targets = []mesos.Target{{Address: "master1:5050"}}
			f.follower = quiet
			f.state.PID, f.state.ElectedTime = "master@10.0.0.2:5050", 2
			f.values["master/uptime_secs"] = 9
		})
		f.clock.Advance(4*interval + time.Second)
		now := f.clock.Now()
		require.Equal(t, 0, f.rec.open(now, "mesos_master_cpus_capacity", "master=master1:5050"))
		require.Equal(t, 1, f.rec.open(now, "mesos_master_cpus_capacity", "master=master2:5050"))
		require.Equal(t, 1, f.rec.open(now, "mesos_master_uptime_seconds", "master=master2:5050"))
		require.Equal(t, 1, f.rec.open(now, "mesos_master_uptime_seconds", "master=master1:5050"), "as a follower")
		require.Equal(t, "master2:5050", f.Status().Leader)
	})
}

func TestTheNameOfTheClusterIsFixedAtTheFirstSuccess(t *testing.T) {
	name := func(f *faked) string { return f.Status().Cluster }
	t.Run("the setting goes first", func(t *testing.T) {
		require.Equal(t, "prod", name(start(t, collector.Settings{ClusterName: "prod"})))
	})
	t.Run("then the master's --cluster", func(t *testing.T) {
		f := start(t, collector.Settings{})
		f.set(func(f *fake) { other := "other"; f.state.Cluster = &other })
		f.clock.Advance(time.Hour)
		require.Equal(t, "fixture", name(f))
	})
	t.Run("then the data source's UID", func(t *testing.T) {
		require.Equal(t, "uid", name(start(t, collector.Settings{}, func(f *fake) { f.state.Cluster = nil })))
	})
	t.Run("while /state fails, /flags tells", func(t *testing.T) {
		f := start(t, collector.Settings{}, func(f *fake) {
			f.err["state"] = failure(mesos.Timeout)
			f.flags = map[string]string{"cluster": "by-flags"}
		})
		f.clock.Advance(5 * time.Second)
		require.Equal(t, "by-flags", name(f))
		require.Equal(t, 1, f.count("flags"))
	})
	t.Run("another name in the settings ends the series of the old one", func(t *testing.T) {
		f := start(t, collector.Settings{ClusterName: "old"})
		f.clock.Advance(interval)
		f.Apply(collector.Settings{ClusterName: "new", UID: "uid"}, f.fake)
		f.clock.Settle()
		f.clock.Advance(2 * interval)
		require.Equal(t, "0s 4, 15s 4, 30s end", f.rec.one(t, "mesos_agent_cpus_capacity", "cluster=old").text(begin))
		require.Equal(t, "30s 4, 45s 4", f.rec.one(t, "mesos_agent_cpus_capacity", "cluster=new").text(begin))
	})
	t.Run("a principal that may not see it keeps it", func(t *testing.T) {
		f := start(t, collector.Settings{})
		limited := newFake(f.clock)
		limited.state.Cluster, limited.state.Flags = nil, nil
		f.Apply(collector.Settings{UID: "uid"}, limited)
		f.clock.Settle()
		f.clock.Advance(interval)
		require.Equal(t, "fixture", name(f))
		require.True(t, f.Status().Restricted)
	})
}

func TestARestrictedPrincipalGetsTheClusterFromTheSnapshot(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		f.state.Flags, f.state.Cluster, f.state.Frameworks = nil, nil, nil
		f.values["master/mem_used"], f.values["master/tasks_running"] = 100, 12
	})
	f.clock.Advance(interval)
	require.True(t, f.Status().Restricted)
	require.Equal(t, "0s 4, 15s 4", f.rec.one(t, "mesos_cluster_cpus_capacity").text(begin))
	require.Equal(t, 100.0*1048576, f.rec.sum(f.clock.Now(), "mesos_cluster_memory_allocated_bytes"))
	require.Equal(t, 12.0, f.rec.sum(f.clock.Now(), "mesos_cluster_tasks", "state=running"))
	require.Empty(t, f.rec.find("mesos_cluster_cpus_offered"), "not in the snapshot: unknown")
	f.set(func(f *fake) { f.state.Flags = map[string]string{} })
	f.clock.Advance(2 * interval)
	require.Equal(t, "30s 0, 45s 0", f.rec.one(t, "mesos_cluster_cpus_offered").text(begin))
	require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_cluster_cpus_capacity"))
}

// A leader that was just elected counts 0 until its agents are back.
func TestTheSumsOfALeaderWithoutItsAgentsAreNotTheClusters(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		f.state.Flags, f.state.Cluster, f.state.Frameworks = nil, nil, nil
		f.values["master/slaves_active"] = 1
	})
	f.clock.Advance(interval)
	f.set(func(f *fake) {
		f.values["master/slaves_active"], f.values["master/slaves_inactive"], f.values["master/cpus_total"] = 0, 0, 0
		f.err["state"] = failure(mesos.Recovering)
	})
	f.clock.Advance(interval)
	require.Equal(t, "0s 4, 15s 4, 30s end", f.rec.one(t, "mesos_cluster_cpus_capacity").text(begin))
	f.set(func(f *fake) {
		f.values["master/slaves_active"], f.values["master/cpus_total"], f.err["state"] = 1, 4, nil
	})
	f.clock.Advance(interval)
	require.Equal(t, "0s 4, 15s 4, 30s end, 45s 4", f.rec.one(t, "mesos_cluster_cpus_capacity").text(begin))
}

func TestTheRecordedRestrictedPrincipal(t *testing.T) {
	w := watchAs(t, "limited:limitedpw", collector.Settings{UID: "uid"}, mesostest.Scene{Name: "15-auth"})
	w.clock.Advance(interval)
	require.NoError(t, w.Check(t.Context()))
	require.True(t, w.Status().Restricted)
	require.Equal(t, "uid", w.Status().Cluster)
	now := w.clock.Now()
	for _, name := range w.rec.names() {
		require.False(t, strings.HasPrefix(name, "mesos_cluster_"), "%s: the snapshot is refused", name)
	}
	require.Zero(t, w.rec.sum(now, "mesos_up", "poll=snapshot"))
	require.Positive(t, w.rec.sum(now, "mesos_poll_failures_total", "poll=snapshot", "category=forbidden"))
	require.Equal(t, 1.0, w.rec.sum(now, "mesos_up", "poll=state"))
}

func TestTaskSeriesAreKeptForAllTasksOrForNone(t *testing.T) {
	many := func(f *fake) {
		f.state.Frameworks[0].Tasks = nil
		for n := range 200 {
			f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, task(n))
		}
	}
	open := func(f *faked) int { return f.rec.open(f.clock.Now(), "mesos_task_cpus_allocated") }

	t.Run("auto keeps them while they fit", func(t *testing.T) {
		f := start(t, collector.Settings{MaxSeries: 500})
		require.Equal(t, 1, open(f))
		f.set(many)
		f.clock.Advance(interval)
		require.Zero(t, open(f))
		s := f.Status()
		require.False(t, s.TaskSeries)
		require.Equal(t, 200*5, s.SeriesDropped)
		require.Contains(t, s.TaskSeriesWhy, "it takes 1000 series")
		require.Contains(t, s.TaskSeriesWhy, "maxSeries has room for 500")
		require.Equal(t, 4.0, f.rec.sum(f.clock.Now(), "mesos_cluster_cpus_capacity"), "all else goes on")
		f.clock.Advance(interval)
		require.Equal(t, 1000.0, f.rec.sum(f.clock.Now(), "mesos_series_dropped"))
		require.Equal(t, f.clock.Now(), f.CurrentTasks().Time().UTC())
		require.Len(t, f.CurrentTasks().Series("mesos_task_cpus_allocated"), 200, "current values are there")

		f.set(func(f *fake) { f.state.Frameworks[0].Tasks = []mesos.Task{task(1)} })
		f.clock.Advance(interval)
		require.Equal(t, 1, open(f))
		require.Zero(t, f.Status().SeriesDropped)
	})
	t.Run("memory may be the narrower", func(t *testing.T) {
		f := start(t, collector.Settings{})
		require.Equal(t, 1, open(f))
		f.rec.set(func(r *recorder) { r.room = 10 }) // the disk fails
		f.clock.Advance(interval)
		require.Zero(t, open(f))
		require.Contains(t, f.Status().TaskSeriesWhy, "memoryLimit has room for 10")
		f.rec.set(func(r *recorder) { r.room = 0 })
		f.clock.Advance(2 * interval)
		require.Equal(t, 1, open(f), "the disk is back")
		require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_series_dropped"))
	})
	t.Run("always keeps them", func(t *testing.T) {
		f := start(t, collector.Settings{MaxSeries: 500, TaskSeries: collector.TaskSeriesAlways}, many)
		require.Equal(t, 200, open(f))
	})
	t.Run("never keeps none", func(t *testing.T) {
		f := start(t, collector.Settings{TaskSeries: collector.TaskSeriesNever})
		require.Zero(t, open(f))
		require.Zero(t, f.Status().SeriesDropped)
		require.Contains(t, f.Status().TaskSeriesWhy, "never")
	})
}

func TestWhatTheHistoryRefusesIsTold(t *testing.T) {
	f := start(t, collector.Settings{})
	f.rec.mu.Lock()
	f.rec.full = errors.New("the history is full")
	f.rec.mu.Unlock()
	f.set(func(f *fake) { f.state.Slaves = append(f.state.Slaves, agent(2)) })
	f.clock.Advance(interval)
	require.Positive(t, f.Status().SeriesDropped)
	require.Contains(t, f.Status().SeriesDroppedWhy, "the history is full")
	require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_agent_cpus_capacity"))
}

func TestATaskThatEndedAndIsNotAcknowledgedHasNoSeries(t *testing.T) {
	f := start(t, collector.Settings{})
	f.set(func(f *fake) {
		ended := task(1)
		ended.State = "TASK_FINISHED"
		f.state.Frameworks[0].Tasks = []mesos.Task{ended}
		f.state.Frameworks[0].Used = mesos.Resources{}
	})
	f.clock.Advance(interval)
	require.Equal(t, "0s 1, 15s end", f.rec.one(t, "mesos_task_cpus_allocated").text(begin))
	require.Equal(t, "0s 1, 15s 0", f.rec.one(t, "mesos_framework_tasks", "state=running").text(begin))
	require.Equal(t, "0s 1, 15s 0", f.rec.one(t, "mesos_framework_cpus_allocated").text(begin))
}

func TestOwnSeries(t *testing.T) {
	f := start(t, collector.Settings{})
	require.Equal(t, fmt.Sprintf("0s %v", float64(begin.Unix())), f.rec.one(t, "mesos_history_start_timestamp_seconds").text(begin))
	require.Equal(t, "0s 0", f.rec.one(t, "mesos_series_dropped").text(begin))
	require.Equal(t, "0s 1000", f.rec.one(t, "mesos_poll_bytes", "poll=state").text(begin))
	require.Len(t, f.rec.find("mesos_poll_failures_total", "poll=state"), 9, "from the first poll on, so that increase() counts the first failure")
}
