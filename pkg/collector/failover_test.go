package collector_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/community/mesos-datasource/pkg/collector"
	"github.com/community/mesos-datasource/pkg/mesos/mesostest"
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
