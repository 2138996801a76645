package plugin

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// Through the recorded failover, as queries show it: the leader is killed, for
// a while nobody leads, then another master does.
func TestSeriesGoOnUnderTheNextLeader(t *testing.T) {
	const oldLeader, newLeader = mesostest.Master, mesostest.Master2
	scene := func(prefix ...string) mesostest.Scene { return mesostest.Scene{Name: "14-ha", Prefix: prefix} }
	s := newFixture(t, nil, scene("leader-", "nonleader-")).start()
	s.clock.Advance(4 * every)
	leads := func(host string) {
		t.Helper()
		code, body := s.call("GET status", "")
		require.Equal(t, 200, code)
		var status struct{ Leader string }
		require.NoError(t, json.Unmarshal(body, &status))
		require.Equal(t, s.cluster.Address(host), status.Leader)
	}
	leads(oldLeader)

	killed := s.clock.Now().Sub(begin)
	s.cluster.Kill(oldLeader)
	s.cluster.SetScene(scene("noleader-"))
	s.clock.Advance(4 * every)
	response := s.ask(cpusByAgent)
	require.NoError(t, response.Error, "history answers")
	require.Contains(t, notices(response), "knows of no leading master")

	elected := s.clock.Now().Sub(begin)
	s.cluster.SetScene(scene("newleader-", "nonleader-5062-"))
	s.clock.Advance(6 * every)
	leads(newLeader)

	// Entities go on: the same series on both sides of a gap.
	agents := map[string]float64{}
	for _, a := range readState(t, "14-ha/newleader-5061-get_state").Slaves {
		agents[a.Hostname+"|"+a.ID] = a.UsedResources.CPUs
	}
	got := pointsOf(t, s.ask(cpusByAgent))
	require.Len(t, got, len(agents))
	for name, cpus := range agents {
		points := got[name]
		require.NotEmpty(t, points, name)
		require.Zero(t, points[0].at)
		require.InDelta(t, cpus, points[len(points)-1].value, 0.0005, name)
		for _, p := range points {
			require.False(t, p.at > killed+every && p.at < elected, "%s at %s: nobody knew", name, p.at)
		}
	}

	// A leader's figures are those of who leads; what followers say of the
	// cluster, zeros, is nowhere.
	ofMaster := func(host string) []point {
		t.Helper()
		all := pointsOf(t, s.ask(`{"expr": "mesos_master_cpus_capacity{master=\"`+s.cluster.Address(host)+`\"}"}`))
		require.LessOrEqual(t, len(all), 1)
		for _, points := range all {
			for _, p := range points {
				require.NotZero(t, p.value, "%s at %s", host, p.at)
			}
			return points
		}
		return nil
	}
	old, next := ofMaster(oldLeader), ofMaster(newLeader)
	require.Zero(t, old[0].at)
	require.LessOrEqual(t, old[len(old)-1].at, killed)
	require.GreaterOrEqual(t, next[0].at, elected)
	require.Empty(t, ofMaster(mesostest.Master3))
	require.Len(t, s.latest(`{"expr": "mesos_master_uptime_seconds"}`), 3, "what a follower knows of itself is kept")

	up := pointsOf(t, s.ask(`{"expr": "sum(mesos_up{poll='state'})"}`))[""]
	var said []float64
	for _, p := range up {
		if n := len(said); n == 0 || said[n-1] != p.value {
			said = append(said, p.value)
		}
	}
	require.Equal(t, []float64{1, 0, 1}, said)
}
