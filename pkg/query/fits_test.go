package query

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// fitsCluster has four agents: a1 and a2 are active, a3 drains, and what is offered of a4
// is unknown. Of cpus 0.1 the least binary error decides.
func fitsCluster() (all []recorded) {
	const gib = 1 << 30
	for _, a := range []struct {
		name, state                        string
		cpus, allocated, offered, mem, rev float64
	}{
		{"a1", "active", 8, 7.7, 0, 16 * gib, 4 * gib},
		{"a2", "active", 4, 1, 0.5, 8 * gib, 7.5 * gib},
		{"a3", "draining", 64, 0, 0, 64 * gib, 0},
		{"a4", "active", 64, 0, -1, 64 * gib, 0},
		{"a5", "active", 2, 2.5, 0, 1 * gib, 0}, // more is allocated than it has
	} {
		add := func(name string, value float64, more ...string) {
			all = append(all, recorded{of(name, append([]string{"agent", a.name, "agent_id", a.name + "-id"}, more...)...), flat(value, 40)})
		}
		add("mesos_agent_cpus_capacity", a.cpus)
		add("mesos_agent_cpus_allocated", a.allocated)
		if a.offered >= 0 {
			add("mesos_agent_cpus_offered", a.offered)
		}
		add("mesos_agent_memory_capacity_bytes", a.mem)
		add("mesos_agent_memory_allocated_bytes", a.rev)
		add("mesos_agent_memory_offered_bytes", 0)
		add(seriesAgentState, 1, "state", a.state)
		add("mesos_agent_info", 1, "attr_rack", map[bool]string{true: "r1", false: "r2"}[a.name < "a3"])
	}
	return all
}

func TestFitsCountsWholeTasksOnActiveAgents(t *testing.T) {
	src := source(t, recordedStore(t, fitsCluster()...))
	for _, c := range []struct {
		more string
		want map[string]float64
	}{
		// a1 has 0.3 CPUs, which is 3 tasks of 0.1; a2 has 25, and 0.5 GiB.
		{`"shape":{"cpus":0.1}`, map[string]float64{"": 28}},
		{`"shape":{"cpus":0.1},"aggregate":"max"`, map[string]float64{"": 25}},
		{`"shape":{"cpus":0.1,"memory":"102.4MiB"}`, map[string]float64{"": 8}},
		{`"shape":{"memory":"102.4MiB","cpus":0.1},"groupBy":["agent"]`, map[string]float64{"a1": 3, "a2": 5, "a3": 0, "a5": 0}},
		{`"shape":{"cpus":0.1},"groupBy":["attr_rack"]`, map[string]float64{"r1": 28, "r2": 0}},
		{`"shape":{"cpus":0.1},"aggregate":"count"`, map[string]float64{"": 3}},
		{`"shape":{"cpus":0.1},"aggregate":"min","filters":[{"label":"attr_rack","operator":"=","value":"r1"}]`, map[string]float64{"": 3}},
		{`"shape":{"cpus":0.1,"gpus":1}`, map[string]float64{"": 0}}, // the cluster has none
		{`"shape":{"memory":"12GiB"}`, map[string]float64{"": 6}},    // a1 1, a4 5: its memory is known
		{`"shape":{"cpus":0.1},"forecast":"5m"`, map[string]float64{"": 28}},
	} {
		response := answered(t, src, `{"entity":"cluster","resource":"tasks","measure":"fits","instant":true,`+c.more+`}`, Options{Alert: true})
		var q handQuery
		require.NoError(t, json.Unmarshal([]byte(`{"entity":"cluster",`+c.more+`}`), &q))
		require.InDeltaMapValues(t, c.want, lastValues(t, response.Frames, q.labels()), 1e-9, c.more)
	}
}
