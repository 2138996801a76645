package cluster

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

func built(t testing.TB, text string) *Cluster {
	t.Helper()
	return Build(stateFrom(t, text), nil)
}

func stateFrom(t testing.TB, text string) *mesos.State {
	t.Helper()
	var s mesos.State
	require.NoError(t, json.Unmarshal([]byte(text), &s))
	return &s
}

// cpus writes CPUs by agent, "?" for unknown.
func cpus[T any](things []T, of func(T) (string, Amount)) string {
	var all []string
	for _, thing := range things {
		name, a := of(thing)
		all = append(all, name+" "+text(a))
	}
	return strings.Join(all, ", ")
}

func text(a Amount) string {
	if !a.Known() {
		return "?"
	}
	return fmt.Sprint(a.In(CPUs))
}

func (c *Cluster) inCPUs() map[string]string {
	roles := map[string]string{}
	for name, load := range c.RoleLoads {
		roles["role "+name] = text(load.Allocated[CPUs])
	}
	roles["agents"] = cpus(c.Agents, func(a *Agent) (string, Amount) { return a.ID, a.Allocated[CPUs] })
	roles["frameworks"] = cpus(c.Frameworks, func(f *Framework) (string, Amount) { return f.ID, f.Allocated[CPUs] })
	roles["cluster"] = text(c.Allocated[CPUs])
	return roles
}

// What is allocated where neither agents nor frameworks tell it, or only frameworks.
func TestAllocationsOfOldMasters(t *testing.T) {
	const agents = `"slaves": [{"id": "S1", "resources": {"cpus": 4}}, {"id": "S2", "resources": {"cpus": 4}}]`
	task := func(id, agent, executor, cpus string) string {
		return fmt.Sprintf(`{"id": %q, "framework_id": "F1", "slave_id": %q, "executor_id": %q, "state": "TASK_RUNNING", "resources": {"cpus": %s}}`, id, agent, executor, cpus)
	}
	own := task("t1", "S1", "", "0.1") + "," + task("t2", "S2", "", "0.2")
	custom := task("t1", "S1", "e", "0.1") + "," + task("t2", "S2", "e", "0.2")
	for name, c := range map[string]struct {
		framework string // and what comes after it
		want      map[string]string
	}{
		"0.19: resources are what its tasks hold": {
			`{"id": "F1", "role": "*", "resources": {"cpus": 0.3}, "offers": [], "tasks": [` + own + `]}`,
			map[string]string{"agents": "S1 0.1, S2 0.2", "frameworks": "F1 0.3", "role *": "0.3", "cluster": "0.3"},
		},
		"0.19: and its offers": {
			`{"id": "F1", "role": "*", "resources": {"cpus": 2.3}, "offers": [{"slave_id": "S1", "resources": {"cpus": 2}}], "tasks": [` + own + `]}`,
			map[string]string{"agents": "S1 0.1, S2 0.2", "frameworks": "F1 0.3", "role *": "0.3", "cluster": "0.3"},
		},
		"0.19: and executors that are not listed": {
			`{"id": "F1", "role": "*", "resources": {"cpus": 0.5}, "offers": [], "tasks": [` + custom + `]}`,
			map[string]string{"agents": "S1 ?, S2 ?", "frameworks": "F1 0.5", "role *": "0.5", "cluster": "0.5"},
		},
		"0.22: frameworks tell what they use": {
			`{"id": "F1", "role": "*", "used_resources": {"cpus": 0.5}, "offered_resources": {"cpus": 0}, "offers": [], "tasks": [` + custom + `]}`,
			map[string]string{"agents": "S1 ?, S2 ?", "frameworks": "F1 0.5", "role *": "0.5", "cluster": "0.5"},
		},
		"nothing but tasks of their own executors": {
			`{"id": "F1", "role": "*", "offers": [], "tasks": [` + own + `]}`,
			map[string]string{"agents": "S1 0.1, S2 0.2", "frameworks": "F1 0.3", "role *": "0.3", "cluster": "0.3"},
		},
		"nothing but tasks in executors": {
			`{"id": "F1", "role": "*", "offers": [], "tasks": [` + custom + `]}`,
			map[string]string{"agents": "S1 ?, S2 ?", "frameworks": "F1 ?", "role *": "?", "cluster": "?"},
		},
		"executors are listed": {
			`{"id": "F1", "role": "*", "offers": [], "tasks": [` + custom + `], "executors": [{"executor_id": "e", "slave_id": "S1", "resources": {"cpus": 0.2}}]}`,
			map[string]string{"agents": "S1 0.3, S2 0.2", "frameworks": "F1 0.5", "role *": "0.5", "cluster": "0.5"},
		},
		"a task does not tell what it holds": {
			`{"id": "F1", "role": "*", "offers": [], "executors": [], "tasks": [{"id": "t", "slave_id": "S1", "state": "TASK_RUNNING"}]}`,
			map[string]string{"agents": "S1 ?, S2 0", "frameworks": "F1 ?", "role *": "?", "cluster": "?"},
		},
		"tasks of a framework that is not listed": {
			`{"id": "F1", "role": "*", "used_resources": {"cpus": 0.3}, "offered_resources": {"cpus": 0}, "offers": [], "tasks": [` + own + `]}],
			"orphan_tasks": [` + strings.ReplaceAll(task("o", "S1", "", "1"), "F1", "F9") + `, {"state": "TASK_FINISHED"}`,
			map[string]string{"agents": "S1 1.1, S2 0.2", "frameworks": "F1 0.3", "role *": "?", "role ": "1", "cluster": "1.3"},
		},
		"several roles, and executors that are not listed": {
			`{"id": "F1", "roles": ["a", "b"], "used_resources": {"cpus": 0.5}, "offers": [], "tasks": [` + strings.ReplaceAll(custom, `"state"`, `"role": "a", "state"`) + `]}`,
			map[string]string{"agents": "S1 ?, S2 ?", "frameworks": "F1 0.5", "role a": "?", "role b": "?", "cluster": "0.5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := built(t, `{"id": "m", `+agents+`, "frameworks": [`+c.framework+`]}`).inCPUs()
			require.Equal(t, c.want, got)
		})
	}
}

func TestWithoutAnyFrameworkNothingTellsWhatIsAllocated(t *testing.T) {
	c := built(t, `{"id": "m", "slaves": [{"id": "S1", "resources": {"cpus": 4}}], "frameworks": []}`)
	require.Equal(t, "S1 ?", c.inCPUs()["agents"])
	require.Equal(t, "?", c.inCPUs()["cluster"])
	require.Equal(t, 4.0, c.Capacity.Value(CPUs))
	require.True(t, math.IsNaN(c.Allocated.Value(CPUs)))
}

func TestASumWithAnUnknownPartIsUnknown(t *testing.T) {
	c := built(t, `{"id": "m", "frameworks": [], "slaves": [
		{"id": "S1", "resources": {"cpus": 4, "mem": null}, "used_resources": {"cpus": 1}, "reserved_resources": {"a": {"cpus": 1}, "b": {"cpus": 2}}},
		{"id": "S2", "resources": {"cpus": 4, "mem": 16}}
	]}`)
	require.Equal(t, 8.0, c.Capacity.Value(CPUs))
	require.False(t, c.Capacity[Memory].Known())
	require.False(t, c.Allocated[CPUs].Known())
	require.Equal(t, 3.0, c.Agents[0].Reserved.Value(CPUs))
	require.False(t, c.Reserved[CPUs].Known())
}

func TestOffersOfOldMasters(t *testing.T) {
	c := built(t, `{"id": "m", "slaves": [{"id": "S1", "resources": {"cpus": 4}}, {"id": "S2", "resources": {"cpus": 4}}], "frameworks": [
		{"id": "F1", "role": "*", "tasks": [], "offers": [{"slave_id": "S2", "resources": {"cpus": 3}}, {"slave_id": "S2", "resources": {"cpus": 0.5}}]}]}`)
	require.Equal(t, "0", text(c.Agents[0].Offered[CPUs]))
	require.Equal(t, "3.5", text(c.Agents[1].Offered[CPUs]))
	require.Equal(t, "3.5", text(c.Frameworks[0].Offered[CPUs]))
	require.Equal(t, "3.5", text(c.RoleLoads["*"].Offered[CPUs]))
	require.Equal(t, "3.5", text(c.Offered[CPUs]))

	c = built(t, `{"id": "m", "slaves": [{"id": "S1", "resources": {"cpus": 4}}], "frameworks": [
		{"id": "F1", "role": "*", "tasks": [], "offered_resources": {"cpus": 2}}, {"id": "F2", "role": "a", "tasks": []}]}`)
	require.Equal(t, "?", text(c.Agents[0].Offered[CPUs]))
	require.Equal(t, "2", text(c.RoleLoads["*"].Offered[CPUs]))
	require.Equal(t, "?", text(c.RoleLoads["a"].Offered[CPUs]))
	require.Equal(t, "?", text(c.Offered[CPUs]))
}

func TestStatesThatAMasterDoesNotTellAreUnknown(t *testing.T) {
	agents := func(activated string) *Cluster {
		return built(t, `{"id": "m", `+activated+` "slaves": [{"id": "S1"}, {"id": "S2"}], "frameworks": []}`)
	}
	c := agents(`"activated_slaves": 2,`)
	require.Equal(t, AgentActive, c.Agents[0].State, "it is counted as that")
	require.Equal(t, map[AgentState]int{AgentActive: 2, AgentDisconnected: 0}, c.AgentCounts, "others are not told")
	c = agents("")
	require.Empty(t, c.Agents[0].State)
	require.Empty(t, c.AgentCounts, "nothing tells it")
	for slaves, want := range map[string]map[AgentState]int{
		`"version": "1.8.0", "slaves": [{"id": "S1", "active": true}]`:                       {AgentActive: 1, AgentDisconnected: 0},
		`"version": "1.8.0", "slaves": []`:                                                   {AgentActive: 0, AgentDisconnected: 0},
		`"version": "0.19.0", "slaves": []`:                                                  {AgentActive: 0, AgentDisconnected: 0},
		`"version": "1.9.0", "slaves": []`:                                                   {AgentActive: 0, AgentDisconnected: 0, AgentDeactivated: 0, AgentDraining: 0, AgentDrained: 0},
		`"version": "1.9.0", "slaves": [{"id": "S1", "active": true, "deactivated": false}]`: {AgentActive: 1, AgentDisconnected: 0, AgentDeactivated: 0, AgentDraining: 0, AgentDrained: 0},
		`"version": "1.9.0", "slaves": [{"id": "S1", "active": false, "deactivated": true}]`: {AgentActive: 0, AgentDisconnected: 0, AgentDeactivated: 1, AgentDraining: 0, AgentDrained: 0},
		`"version": "0.28.2", "slaves": [{"id": "S1", "active": false}]`:                     {AgentActive: 0, AgentDisconnected: 1},
	} {
		require.Equal(t, want, built(t, `{"id": "m", "frameworks": [], `+slaves+`}`).AgentCounts, slaves)
	}
	c = agents(`"activated_slaves": 1, "unreachable_slaves": 3, "recovered_slaves": [],`)
	require.Equal(t, AgentState(""), c.Agents[0].State, "which of them is active is not told")
	require.Equal(t, map[AgentState]int{AgentActive: 1, AgentUnreachable: 3, AgentRecovered: 0}, c.AgentCounts)

	for framework, want := range map[string]FrameworkState{
		`{"active": true}`: FrameworkActive, `{"active": false}`: "", `{"active": false, "connected": true}`: FrameworkInactive,
		`{"active": false, "connected": false}`: FrameworkDisconnected, `{}`: "", `{"connected": true}`: "", `{"connected": false}`: FrameworkDisconnected,
		`{"recovered": true}`: FrameworkRecovered,
	} {
		require.Equal(t, want, built(t, `{"id": "m", "slaves": [], "frameworks": [`+framework+`]}`).Frameworks[0].State, framework)
	}
	counts := func(more string) map[FrameworkState]int {
		return built(t, `{"id": "m", "slaves": [], "frameworks": [{"active": true}`+more).FrameworkCounts
	}
	require.Equal(t, map[FrameworkState]int{FrameworkActive: 1, FrameworkInactive: 0, FrameworkDisconnected: 0}, counts(`]}`), "recovered is not told")
	require.Equal(t, map[FrameworkState]int{FrameworkActive: 1, FrameworkRecovered: 2}, counts(`, {"active": false}], "unregistered_frameworks": ["F8", "F9"]}`))
	require.Equal(t, map[FrameworkState]int{}, counts(`, {}]}`))
}

func TestTasksThatAMasterDoesNotListAreNotCounted(t *testing.T) {
	c := built(t, `{"id": "m", "slaves": [], "frameworks": [{"id": "F1", "tasks": [], "unreachable_tasks": []}]}`)
	require.True(t, c.TasksListed && c.LostListed)
	c = built(t, `{"id": "m", "slaves": [], "frameworks": [{"id": "F1", "tasks": []}]}`)
	require.True(t, c.TasksListed)
	require.False(t, c.LostListed)
	c = built(t, `{"id": "m", "slaves": [], "frameworks": [{"id": "F1"}]}`)
	require.False(t, c.TasksListed)
}

func TestWhatATaskAndAnAgentDoNotNameIsKnownFromAround(t *testing.T) {
	c := built(t, `{"id": "m", "slaves": [{"id": "S1", "pid": "slave(1)@10.0.0.1:5051"}], "frameworks": [{"id": "F1", "role": "prod", "tasks": [{"id": "t", "slave_id": "S1", "state": "TASK_RUNNING", "resources": {}}]}]}`)
	require.Equal(t, "F1", c.Tasks()[0].Framework.ID)
	require.Equal(t, "prod", c.Tasks()[0].Role)
	require.Equal(t, "10.0.0.1", c.Agents[0].Hostname)
	require.Equal(t, 5051, c.Agents[0].Port)
	require.Equal(t, 1, c.Agents[0].Tasks.Of(Running))
}

func TestRolesOfOldMasters(t *testing.T) {
	c := built(t, `{"id": "m", "slaves": [], "frameworks": [{"id": "F0", "role": "*"}, {"id": "F1", "role": "*"}]}`)
	var roles mesos.Roles
	require.NoError(t, json.Unmarshal([]byte(`{"roles": [
		{"name": "*", "weight": 1, "frameworks": ["F0"], "resources": {"cpus": 1}},
		{"name": "a/b"}, {"name": "a", "reserved": {"cpus": 3}}, {"name": "q", "quota": {"guarantee": {"cpus": 2}}}]}`), &roles))
	with := c.WithRoles(&roles)
	star, a, ab, q := with.Roles[0], with.Roles[1], with.Roles[2], with.Roles[3]
	require.False(t, star.Reserved[CPUs].Known())
	require.Equal(t, 1.0, *star.Weight)
	require.Equal(t, 1, *star.Frameworks)
	require.Nil(t, ab.Weight)
	require.Zero(t, *ab.Frameworks, "nobody in /state is subscribed to it")
	require.False(t, a.Reserved[CPUs].Known(), "what of it is the child's is unknown")
	_, set := q.QuotaConsumed.Value(CPUs)
	require.False(t, set)
	n, set := q.QuotaGuarantee.Value(CPUs)
	require.True(t, set)
	require.Equal(t, 2.0, n)
}
