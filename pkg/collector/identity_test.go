package collector_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

func TestAfterARestartDuringAnOutageMesosUpIsZero(t *testing.T) {
	down := func(last string) func(*fake) {
		return func(f *fake) {
			f.last = last
			for _, what := range []string{"state", "snapshot", "flags", "roles"} {
				f.err[what] = failure(mesos.Network)
			}
		}
	}
	t.Run("under the name that the history has", func(t *testing.T) {
		f := start(t, collector.Settings{}, down("fixture"))
		f.clock.Advance(interval + 2*time.Second) // with the second try
		for _, poll := range []string{"state", "roles", "snapshot"} {
			require.Equal(t, "0s 0, 15s 0", f.rec.one(t, "mesos_up", "poll="+poll, "cluster=fixture").text(begin), poll)
		}
		require.Equal(t, "fixture", f.Status().Cluster)
		require.Equal(t, 1, f.recalls, "it is looked up once")

		f.set(func(f *fake) { f.err = map[string]error{} })
		f.clock.Advance(4 * interval)
		require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=state"))
		require.Len(t, f.rec.find("mesos_up", "poll=state"), 1, "it goes on under its name")
	})
	t.Run("and when the cluster says another, that is the name", func(t *testing.T) {
		f := start(t, collector.Settings{}, down("former"))
		f.clock.Advance(interval)
		f.set(func(f *fake) { f.err = map[string]error{} })
		f.clock.Advance(4 * interval)
		require.Zero(t, f.rec.open(f.clock.Now(), "mesos_up", "cluster=former"))
		require.Equal(t, 3, f.rec.open(f.clock.Now(), "mesos_up", "cluster=fixture"))
	})
	t.Run("the setting goes first", func(t *testing.T) {
		f := start(t, collector.Settings{ClusterName: "prod"}, down("former"))
		f.clock.Advance(interval)
		require.Equal(t, 3, f.rec.open(f.clock.Now(), "mesos_up", "cluster=prod"))
		require.Zero(t, f.recalls)
	})
	t.Run("without history there is no name", func(t *testing.T) {
		f := start(t, collector.Settings{}, down(""))
		f.clock.Advance(interval)
		require.Empty(t, f.rec.names())
		f.set(func(f *fake) { f.last = "fixture" }) // the disk is open by now
		f.clock.Advance(2 * interval)
		require.Equal(t, 3, f.rec.open(f.clock.Now(), "mesos_up", "cluster=fixture"))
	})
}

// another is a fake of another cluster: other agents, frameworks, election, name.
func another(f *faked) *fake {
	next := newFake(f.clock)
	name := "second"
	next.address = "other:5050"
	next.state.Cluster, next.state.PID, next.state.ElectedTime = &name, "master@10.9.0.1:5050", 7
	next.state.Slaves[0].ID, next.state.Slaves[0].Hostname = "X1", "other1"
	next.state.Frameworks[0].ID, next.state.Frameworks[0].Name = "G1", "chronos"
	one := task(1)
	one.FrameworkID, one.SlaveID = "G1", "X1"
	next.state.Frameworks[0].Tasks = []mesos.Task{one}
	return next
}

func at(masters ...string) collector.Settings {
	return collector.Settings{UID: "uid", Masters: masters}
}

func TestOtherMastersAreAnotherCluster(t *testing.T) {
	const first, second, third = "http://master1:5050", "http://other:5050", "http://master3:5050"
	gpus := func(f *fake) { f.state.Slaves[0].Resources.GPUs = 2 }

	t.Run("nothing of theirs is written under the old name", func(t *testing.T) {
		f := start(t, at(first), gpus)
		f.clock.Advance(10 * interval)
		f.set(func(f *fake) { f.err["roles"] = failure(mesos.Forbidden) })
		f.clock.Advance(interval)
		next := another(f)
		f.Apply(at(second), next)
		f.clock.Settle()
		moved := f.clock.Now()
		f.clock.Advance(2 * interval)

		for _, name := range f.rec.names() {
			require.Zero(t, f.rec.open(f.clock.Now(), name, "cluster=fixture"), name)
			for _, s := range f.rec.find(name, "cluster=fixture") {
				last := s.samples[len(s.samples)-1]
				require.True(t, series.IsStale(last.v), name)
				require.LessOrEqual(t, last.t, moved.UnixMilli()+1, name)
			}
		}
		require.Equal(t, "second", f.Status().Cluster)
		require.Equal(t, 4.0, f.rec.sum(f.clock.Now(), "mesos_cluster_cpus_capacity", "cluster=second"))
		require.Zero(t, f.rec.open(f.clock.Now(), "mesos_cluster_gpus_capacity"), "whether the old one had GPUs is forgotten")
		require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_poll_failures_total"), "failures are those of this cluster")
		require.Nil(t, f.Cluster().Agent("S1"))
	})
	t.Run("how long the old masters took is forgotten", func(t *testing.T) {
		f := start(t, at(first))
		slow := &slowClient{fake: newFake(f.clock), head: 4 * time.Second}
		f.Apply(at(first), slow)
		f.clock.Advance(3 * time.Minute)
		require.Equal(t, 162*time.Second, f.Interval(series.PollState))
		f.Apply(at(second), another(f))
		f.clock.Settle()
		require.Equal(t, interval, f.Interval(series.PollState))
	})
	t.Run("while they cannot be reached, they are down under the data source's UID", func(t *testing.T) {
		f := start(t, at(first), func(f *fake) { f.last = "fixture" })
		f.clock.Advance(interval)
		next := another(f)
		for _, what := range []string{"state", "snapshot", "flags"} {
			next.err[what] = failure(mesos.Network)
		}
		f.Apply(at(second), next)
		f.clock.Advance(10 * interval)
		for _, name := range f.rec.names() {
			require.Zero(t, f.rec.open(f.clock.Now(), name, "cluster=fixture"), name)
		}
		for _, poll := range []string{"state", "roles", "snapshot"} {
			v, known := f.rec.one(t, "mesos_up", "poll="+poll, "cluster=uid").at(f.clock.Now())
			require.True(t, known, poll)
			require.Zero(t, v, poll)
		}
		require.Zero(t, f.rec.open(f.clock.Now(), "mesos_cluster_cpus_capacity"))
		require.Zero(t, f.recalls, "the history is of the old cluster")
		next.set(func(f *fake) { f.err = map[string]error{} })
		f.clock.Advance(3 * interval)
		require.Equal(t, 3, f.rec.open(f.clock.Now(), "mesos_up", "cluster=second"))
		require.Zero(t, f.rec.open(f.clock.Now(), "mesos_up", "cluster=uid"))
	})
	t.Run("a counter does not go on from the old cluster's", func(t *testing.T) {
		f := start(t, collector.Settings{UID: "uid", Masters: []string{first}, ClusterName: "same"}, func(f *fake) { f.values["master/tasks_failed"] = 10 })
		f.clock.Advance(interval)
		next := another(f)
		next.values["master/tasks_failed"] = 10
		f.Apply(collector.Settings{UID: "uid", Masters: []string{second}, ClusterName: "same"}, next)
		f.clock.Advance(2 * interval)
		require.Equal(t, "0s 10, 15s 10, 15.001s end, 16s 10, 31s 10", f.rec.one(t, "mesos_cluster_tasks_ended_total", "state=failed").text(begin), "they end even where the setting gives both one name")
	})
	t.Run("a master more is the same cluster", func(t *testing.T) {
		f := start(t, at(first), gpus)
		f.clock.Advance(interval)
		next := newFake(f.clock)
		f.Apply(at(first, third), next)
		f.clock.Advance(2 * interval)
		require.Equal(t, "0s 4, 15s 4, 16s 4, 31s 4", f.rec.one(t, "mesos_agent_cpus_capacity").text(begin), "nothing ends")
		require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_agent_gpus_capacity"), "and GPUs are remembered")
	})
	t.Run("so are masters under other addresses, after an election", func(t *testing.T) {
		f := start(t, at(first))
		f.clock.Advance(interval)
		next := newFake(f.clock)
		next.state.PID, next.state.ElectedTime = "master@10.0.0.3:5050", 99
		f.Apply(at("zk://zk1:2181/mesos"), next)
		f.clock.Advance(2 * interval)
		require.Equal(t, "0s 4, 15s 4, 16s 4, 31s 4", f.rec.one(t, "mesos_agent_cpus_capacity").text(begin), "it has the agents of before")
	})
	t.Run("a master more while none can be reached is down, not unknown", func(t *testing.T) {
		f := start(t, at(first))
		f.clock.Advance(interval)
		next := newFake(f.clock)
		for _, what := range []string{"state", "snapshot", "flags"} {
			next.err[what] = failure(mesos.Network)
		}
		f.Apply(at(first, third), next)
		f.clock.Advance(4 * interval)
		v, known := f.rec.one(t, "mesos_up", "poll=state").at(f.clock.Now())
		require.True(t, known)
		require.Zero(t, v)
	})
	t.Run("credentials and intervals change nothing of it", func(t *testing.T) {
		f := start(t, at(first), gpus)
		f.clock.Advance(interval)
		s := at(first)
		s.PollInterval = 20 * time.Second
		next := newFake(f.clock)
		f.Apply(s, next)
		f.clock.Advance(25 * time.Second)
		require.Equal(t, "0s 4, 15s 4, 16s 4, 36s 4", f.rec.one(t, "mesos_agent_cpus_capacity").text(begin))
		require.Equal(t, 1, f.rec.open(f.clock.Now(), "mesos_agent_gpus_capacity"))
	})
}

func TestAgentsOfTheOldClusterAreNotAskedWithTheNewSettings(t *testing.T) {
	f, old := startAgents(t, 3, at("http://master1:5050"))
	f.clock.Advance(2 * interval)
	require.Len(t, old.asked, 3)
	next := another(f)
	next.err["state"], next.err["snapshot"] = failure(mesos.Network), failure(mesos.Network)
	agents := &fakeAgents{clock: f.clock, asked: map[string][]time.Time{}, running: map[string]int{}, err: map[string]error{}, use: half}
	s := at("http://other:5050")
	s.AgentStatistics = true
	f.Apply(s, &collector.Both{Client: next, Of: agents})
	f.clock.Advance(4 * interval)
	require.Empty(t, agents.asked)
	next.set(func(f *fake) { f.err = map[string]error{} })
	f.clock.Advance(4 * interval)
	require.Len(t, agents.asked, 1)
	require.NotEmpty(t, agents.asked["X1"])
}

func TestStatusListsNoFollowersOfTheMastersBefore(t *testing.T) {
	f := start(t, at("http://master1:5050", "http://typo:5050"), func(f *fake) {
		f.targets = []mesos.Target{{Address: "typo:5050"}}
		f.follower = func(mesos.Target) (map[string]float64, error) { return nil, failure(mesos.Network) }
	})
	f.clock.Advance(5*interval - time.Second)
	leader := collector.MasterStatus{Address: "master1:5050", Leading: true}
	require.Equal(t, []collector.MasterStatus{leader, {Address: "typo:5050", Error: "made up: network"}}, f.Status().Masters)

	f.set(func(f *fake) {
		f.targets = []mesos.Target{{Address: "master2:5050"}}
		f.follower = quiet
	})
	f.Apply(at("http://master1:5050", "http://master2:5050"), f.fake)
	require.Equal(t, []collector.MasterStatus{leader}, f.Status().Masters)
	f.clock.Advance(5 * interval)
	require.Equal(t, []collector.MasterStatus{leader, {Address: "master2:5050"}}, f.Status().Masters)
}
