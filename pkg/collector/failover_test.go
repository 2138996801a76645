package collector_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/series"
)

// TestTheRecordedFailover goes from the leader of scene 14-ha through the time
// without one to the next.
func TestTheRecordedFailover(t *testing.T) {
	const (
		oldLeader = mesostest.Master
		newLeader = mesostest.Master2
	)
	scene := func(prefix ...string) mesostest.Scene { return mesostest.Scene{Name: "14-ha", Prefix: prefix} }
	w := watch(t, collector.Settings{}, scene("leader-", "nonleader-"))
	require.NoError(t, w.Ready(t.Context()))
	w.clock.Advance(4 * interval)
	before := w.clock.Now()
	address := func(host string) string { return "master=" + w.cluster.Address(host) }
	require.Equal(t, w.cluster.Address(oldLeader), w.Status().Leader)
	require.Equal(t, 1, w.rec.open(before, "mesos_master_cpus_capacity", address(oldLeader)))

	w.cluster.Kill(oldLeader)
	w.cluster.SetScene(scene("noleader-"))
	w.clock.Advance(4 * interval)
	require.Zero(t, w.rec.open(w.clock.Now(), "mesos_master_cpus_capacity"))
	require.Zero(t, w.rec.open(w.clock.Now(), "mesos_agent_cpus_capacity"))
	require.Zero(t, w.rec.sum(w.clock.Now(), "mesos_up", "poll=state"))

	w.cluster.SetScene(scene("newleader-", "nonleader-5062-"))
	w.clock.Advance(2 * time.Minute)
	now := w.clock.Now()
	require.Equal(t, w.cluster.Address(newLeader), w.Status().Leader)
	require.Equal(t, 1.0, w.rec.sum(now, "mesos_up", "poll=state"))
	require.Equal(t, 3, w.rec.open(now, "mesos_agent_cpus_capacity"))
	require.Zero(t, w.rec.open(now, "mesos_master_cpus_capacity", address(oldLeader)))
	require.Equal(t, 1, w.rec.open(now, "mesos_master_cpus_capacity", address(newLeader)))

	for _, s := range w.rec.find("mesos_master_cpus_capacity") {
		for _, x := range s.samples {
			require.NotZero(t, x.v, "%s at %s: a follower's zero", s.labels, time.UnixMilli(x.t).Sub(begin))
		}
	}
	require.Equal(t, 1, w.rec.open(now, "mesos_master_uptime_seconds", address(mesostest.Master3)), "a follower's own")
}

// How long nobody leads when a leader dies: until its session with ZooKeeper
// ends. In the recorded failover (14-ha/failover-series) that took 6.55 s, by
// default it takes 10 s at most (MASTER_CONTENDER_ZK_SESSION_TIMEOUT of Mesos).
const (
	recordedElection = 6550 * time.Millisecond
	longestElection  = 10 * time.Second
)

// TestALeaderChangeCostsTwoPollsAtMost kills the leader at every moment between
// two polls, with the masters listed and with ZooKeeper telling them.
func TestALeaderChangeCostsTwoPollsAtMost(t *testing.T) {
	before := mesostest.Scene{Name: "14-ha", Prefix: []string{"leader-", "nonleader-"}}
	after := mesostest.Scene{Name: "14-ha", Prefix: []string{"newleader-", "nonleader-5062-"}}
	for _, through := range []string{"list", "ZooKeeper"} {
		for _, every := range []time.Duration{10 * time.Second, 15 * time.Second} {
			for _, election := range []time.Duration{recordedElection, longestElection} {
				for late := time.Second / 2; late < every; late += 3 * time.Second {
					t.Run(fmt.Sprintf("%s, every %s, elected after %s, killed %s after a poll", through, every, election, late), func(t *testing.T) {
						cluster := mesostest.NewCluster(t, os.DirFS(captures), before)
						masters := cluster.Masters()
						var zooKeeper *mesostest.ZooKeeper
						if through == "ZooKeeper" {
							zooKeeper = mesostest.NewZooKeeper(t)
							zooKeeper.Elect(cluster, "/mesos", mesostest.Master, mesostest.Master2, mesostest.Master3)
							masters = []string{zooKeeper.URL("/mesos")}
						}
						w := watchMasters(t, cluster, masters, "", collector.Settings{PollInterval: every})
						w.clock.Advance(4*every + late)
						killed := w.clock.Now()
						cluster.Kill(mesostest.Master)
						w.clock.Advance(election)
						cluster.SetScene(after)
						if zooKeeper != nil {
							zooKeeper.Elect(cluster, "/mesos", mesostest.Master2, mesostest.Master3)
						}
						w.clock.Advance(6 * every)

						require.Equal(t, cluster.Address(mesostest.Master2), w.Status().Leader)
						for _, name := range []string{"mesos_cluster_cpus_capacity", "mesos_agent_cpus_capacity", "mesos_framework_cpus_allocated"} {
							found := w.rec.find(name)
							require.NotEmpty(t, found, name)
							for _, s := range found {
								missed, goesOn := missedPolls(s, killed, every)
								require.LessOrEqual(t, missed, 2, "%s: %s", s.labels, s.text(begin))
								if name != "mesos_framework_cpus_allocated" { // schedulers of the recording are still away
									require.True(t, goesOn, "%s: %s", s.labels, s.text(begin))
								}
							}
						}
						var snapshots []int64
						for _, s := range w.rec.find("mesos_master_cpus_capacity") {
							for _, x := range s.samples {
								if !series.IsStale(x.v) {
									require.NotZero(t, x.v, "a follower's zero")
									snapshots = append(snapshots, x.t)
								}
							}
						}
						for i := 1; i < len(snapshots); i++ {
							require.LessOrEqual(t, snapshots[i]-snapshots[i-1], (3 * every).Milliseconds(), "leaders' snapshots")
						}
						up, known := w.rec.one(t, "mesos_up", "poll=state").at(w.clock.Now())
						require.True(t, known)
						require.Equal(t, 1.0, up)
					})
				}
			}
		}
	}
}

// missedPolls counts the polls without a sample in the longest gap after a
// time, and reports whether the series continues after it.
func missedPolls(s *recorded, since time.Time, every time.Duration) (missed int, goesOn bool) {
	var last int64
	for _, x := range s.samples {
		if series.IsStale(x.v) {
			continue
		}
		if x.t > since.UnixMilli() {
			goesOn = true
			if last > 0 {
				gap := time.Duration(x.t-last) * time.Millisecond
				missed = max(missed, int((gap+every/2)/every)-1)
			}
		}
		last = x.t
	}
	return missed, goesOn
}

// TestARestartedMasterThatRecoversIsAGapAndAnEmptyClusterIsNone follows the
// recorded restart: refused, then 200 with empty lists, then the agents that are
// still away, then all.
func TestARestartedMasterThatRecoversIsAGapAndAnEmptyClusterIsNone(t *testing.T) {
	restart := func(prefix ...string) mesostest.Scene {
		return mesostest.Scene{Name: "13-master-restart", Prefix: prefix}
	}
	under := mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_redirect", "master-get_roles", "master-get_flags"}}
	w := watch(t, collector.Settings{}, restart("later-"), under)
	w.clock.Advance(2 * interval)
	agents := func() int { return w.rec.open(w.clock.Now(), "mesos_agent_cpus_capacity") }
	capacity := func() (float64, bool) { return w.rec.one(t, "mesos_cluster_cpus_capacity").at(w.clock.Now()) }
	require.Equal(t, 3, agents())
	whole, known := capacity()
	require.True(t, known)
	require.Positive(t, whole)

	for _, moment := range [][]string{{"boot00-", "boot01-"}, {"boot06-", "boot07-"}, {"after-"}} {
		failed := w.rec.sum(w.clock.Now(), "mesos_poll_failures_total", "poll=state", "category=recovering")
		w.cluster.SetScene(restart(moment...), under)
		w.clock.Advance(3 * interval)
		require.Zero(t, agents(), "%s: nobody knows", moment)
		_, known := capacity()
		require.False(t, known, "%s: a gap, and no zero", moment)
		require.Zero(t, w.rec.sum(w.clock.Now(), "mesos_up", "poll=state"), moment)
		require.Greater(t, w.rec.sum(w.clock.Now(), "mesos_poll_failures_total", "poll=state", "category=recovering"), failed, moment)
	}

	w.cluster.SetScene(restart("later-"), under)
	w.clock.Advance(3 * interval)
	require.Equal(t, 3, agents())
	back, known := capacity()
	require.True(t, known)
	require.Equal(t, whole, back)
	for _, s := range w.rec.find("mesos_cluster_cpus_capacity") {
		for _, x := range s.samples {
			require.NotZero(t, x.v, "%s", s.text(begin))
		}
	}

	empty := watch(t, collector.Settings{}, mesostest.Scene{Name: "01-empty-master"})
	empty.clock.Advance(2 * interval)
	require.NoError(t, empty.Ready(t.Context()))
	now := empty.clock.Now()
	require.Equal(t, 1.0, empty.rec.sum(now, "mesos_up", "poll=state"))
	require.Zero(t, empty.rec.sum(now, "mesos_poll_failures_total"))
	none, known := empty.rec.one(t, "mesos_cluster_agents", "state=active").at(now)
	require.True(t, known, "an empty cluster has no agents, and says so")
	require.Zero(t, none)
}

// TestAgentsThatAreNotBackYetAreCounted is the time between the first agent that
// reregistered and the last.
func TestAgentsThatAreNotBackYetAreCounted(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) { f.state.RecoveredSlaves = make([]mesos.RecoveredSlave, 2) })
	count := func(state string) float64 {
		v, known := f.rec.one(t, "mesos_cluster_agents", "state="+state).at(f.clock.Now())
		require.True(t, known)
		return v
	}
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=state"))
	require.Equal(t, 1.0, count("active"))
	require.Equal(t, 2.0, count("recovered"))
	f.set(func(f *fake) { f.state.RecoveredSlaves = nil })
	f.clock.Advance(interval)
	require.Zero(t, count("recovered"))
}

// TestFollowersThatZooKeeperNamesAreAsked: one that is registered and does not
// answer is a failed poll of followers and nothing else; one that is not
// registered any more is none.
func TestFollowersThatZooKeeperNamesAreAsked(t *testing.T) {
	cluster := mesostest.NewCluster(t, os.DirFS(captures), mesostest.Scene{Name: "14-ha", Prefix: []string{"leader-", "nonleader-"}})
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Elect(cluster, "/mesos", mesostest.Master, mesostest.Master2, mesostest.Master3)
	w := watchMasters(t, cluster, []string{zooKeeper.URL("/mesos")}, "", collector.Settings{})
	uptime := func(host string) int {
		return w.rec.open(w.clock.Now(), "mesos_master_uptime_seconds", "master="+cluster.Address(host))
	}
	up := func(poll string) float64 { return w.rec.sum(w.clock.Now(), "mesos_up", "poll="+poll) }
	w.clock.Advance(5 * interval)
	require.Equal(t, []int{1, 1, 1}, []int{uptime(mesostest.Master), uptime(mesostest.Master2), uptime(mesostest.Master3)})
	require.Equal(t, 1.0, up("followers"))

	cluster.Kill(mesostest.Master3)
	w.clock.Advance(5 * interval)
	require.Equal(t, []int{1, 1, 0}, []int{uptime(mesostest.Master), uptime(mesostest.Master2), uptime(mesostest.Master3)})
	require.Zero(t, up("followers"))
	require.Equal(t, 1.0, up("state"))

	zooKeeper.Elect(cluster, "/mesos", mesostest.Master, mesostest.Master2)
	w.clock.Advance(9 * interval)
	require.Equal(t, []int{1, 1, 0}, []int{uptime(mesostest.Master), uptime(mesostest.Master2), uptime(mesostest.Master3)})
	require.Equal(t, 1.0, up("followers"))

	// ZooKeeper is asked for the followers' sake only while the leader answers.
	begun, _, _ := zooKeeper.Sessions()
	w.clock.Advance(16 * interval)
	after, _, now := zooKeeper.Sessions()
	require.Equal(t, 4, after-begun)
	require.Zero(t, now)

	// Without ZooKeeper nothing changes while the leader answers.
	zooKeeper.Kill()
	w.clock.Advance(9 * interval)
	require.Equal(t, []int{1, 1, 0}, []int{uptime(mesostest.Master), uptime(mesostest.Master2), uptime(mesostest.Master3)})
	require.Equal(t, 1.0, up("followers"))
	require.Equal(t, 1.0, up("snapshot"))
}

// What the stream told of a task just before another master led, the first /state of that one does
// not tell again.
func TestATaskThatWasAddedBeforeTheLeaderChanged(t *testing.T) {
	f, st := follow(t, 1000, collector.Settings{})
	f.clock.Advance(5*time.Minute + time.Second)
	require.NoError(t, st.send(added(2)))
	f.clock.Advance(3 * time.Second)
	require.Equal(t, "staging", f.events.told("t2"))
	f.set(func(f *fake) {
		one := task(2)
		one.State, one.Statuses = "TASK_STAGING", nil
		f.address, f.state.PID, f.state.ElectedTime = "master2:5050", "master@10.0.0.2:5050", 2
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, one)
		f.state.Slaves[0].Used, f.state.Frameworks[0].Used = mesos.Resources{CPUs: 2, Mem: 64}, mesos.Resources{CPUs: 2, Mem: 64}
		f.agree()
	})
	require.Eventually(t, func() bool { f.clock.Advance(interval); return st.subscriptions() == 2 }, 10*time.Second, time.Millisecond)
	f.clock.Advance(4 * interval)
	require.Equal(t, "staging", f.events.told("t2"))
	require.Len(t, f.events.of(events.KindMaster), 1)
}
