package cluster

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

func TestAmountsAreCountedAsMesosCounts(t *testing.T) {
	var sum Resources
	for range 1000 {
		sum.Add(regular(mesos.Resources{CPUs: 0.1, Mem: 0.001, Disk: 1}))
	}
	require.Equal(t, 100.0, sum.Value(CPUs), "and not 99.9999999999986")
	require.Equal(t, 1048576.0, sum.Value(Memory), "MiB become bytes")
	require.Equal(t, 1000*1048576.0, sum.Value(Disk))
	sum.Subtract(regular(mesos.Resources{CPUs: 99.9}))
	require.Equal(t, 0.1, sum.Value(CPUs))
}

func TestRevocableResourcesStandBeside(t *testing.T) {
	r := mesos.Resources{CPUs: 8, CPUsRevocable: 2, MemRevocable: 1}
	plain, extra := regular(r), revocable(r)
	require.Equal(t, 8.0, plain.Value(CPUs))
	require.Equal(t, 2.0, extra.Value(CPUs))
	require.Equal(t, 1048576.0, extra.Value(Memory))
}

func TestTaskStatesAreSpelledOneWay(t *testing.T) {
	for given, want := range map[string]TaskState{
		"TASK_RUNNING": "running", "TASK_STAGING": "staging", "TASK_STARTING": "starting", "TASK_KILLING": "killing",
		"TASK_UNREACHABLE": "unreachable", "TASK_GONE_BY_OPERATOR": "gone_by_operator", "TASK_LOST": "lost", "running": "running",
	} {
		require.Equal(t, want, ParseTaskState(given), given)
	}
	for _, s := range LiveStates {
		require.True(t, s.Live(), s)
		counts := TaskCounts{}
		counts.add(s)
		require.Equal(t, 1, counts.Of(s), s)
		require.Equal(t, 1, counts.Total())
	}
	require.False(t, TaskState("lost").Live())
}

func TestAgentStatesAreDisjoint(t *testing.T) {
	drain := func(state string) *mesos.DrainInfo { return &mesos.DrainInfo{State: state} }
	for _, c := range []struct {
		slave mesos.Slave
		want  AgentState
	}{
		{mesos.Slave{Active: true}, AgentActive},
		{mesos.Slave{}, AgentDisconnected},
		{mesos.Slave{Deactivated: true}, AgentDeactivated},
		{mesos.Slave{Deactivated: true, DrainInfo: drain("DRAINING")}, AgentDraining},
		{mesos.Slave{Deactivated: true, DrainInfo: drain("DRAINED")}, AgentDrained},
	} {
		require.Equal(t, c.want, agentState(&c.slave, &mesos.State{}), "%+v", c.slave)
	}
}

func TestFrameworkStates(t *testing.T) {
	for _, c := range []struct {
		framework mesos.Framework
		want      FrameworkState
	}{
		{mesos.Framework{Active: true, Connected: true}, FrameworkActive},
		{mesos.Framework{Active: true}, FrameworkActive}, // an older master
		{mesos.Framework{Connected: true}, FrameworkInactive},
		{mesos.Framework{}, FrameworkDisconnected},
		{mesos.Framework{Recovered: true}, FrameworkRecovered},
	} {
		require.Equal(t, c.want, frameworkState(&c.framework), "%+v", c.framework)
	}
}

func TestATaskOfAnUnreachableAgentKeepsItsHostName(t *testing.T) {
	task := mesos.Task{ID: "t1", FrameworkID: "F1", SlaveID: "S1", State: "TASK_RUNNING", Resources: mesos.Resources{CPUs: 1}}
	first := Build(&mesos.State{
		Slaves:     []mesos.Slave{{ID: "S1", Hostname: "agent1", Active: true, Resources: mesos.Resources{GPUs: 1}}},
		Frameworks: []mesos.Framework{{ID: "F1", Role: "prod", Tasks: []mesos.Task{task}}},
	}, nil)
	require.Equal(t, "prod", first.Tasks()[0].Role, "older masters say the role of the framework only")
	require.Equal(t, 1, first.Agent("S1").Tasks.Of(Running))
	require.Equal(t, 1.0, first.Tasks()[0].Allocated.Value(CPUs))

	task.State = "TASK_UNREACHABLE"
	gone := &mesos.State{UnreachableSlaves: 1, Frameworks: []mesos.Framework{{ID: "F1", UnreachableTasks: []mesos.Task{task}}}}
	second := Build(gone, first)
	third := Build(gone, second)
	for _, c := range []*Cluster{second, third} {
		require.Equal(t, "agent1", c.Tasks()[0].Agent.Hostname)
		require.Zero(t, c.Tasks()[0].Allocated)
		require.Nil(t, c.Agent("S1"))
		require.Equal(t, 1, c.AgentCounts[AgentUnreachable])
		require.Equal(t, 1, c.TaskCounts.Of(Unreachable))
		require.True(t, c.HasGPUs, "there was one")
	}
	require.Empty(t, Build(&mesos.State{}, third).agents, "what nothing names is forgotten")
}

func TestOrphanTasksCount(t *testing.T) {
	c := Build(&mesos.State{
		Slaves:      []mesos.Slave{{ID: "S1", Active: true}},
		OrphanTasks: []mesos.Task{{ID: "t", FrameworkID: "F9", SlaveID: "S1", State: "TASK_RUNNING"}},
	}, nil)
	require.Equal(t, 1, c.TaskCounts.Of(Running))
	require.Equal(t, 1, c.Agents[0].Tasks.Of(Running))
	require.Equal(t, "F9", c.Tasks()[0].Framework.ID)
	require.False(t, c.HasFramework("F9"), "the leader does not list it")
}

func TestARunningTaskHasItsStartAndHealth(t *testing.T) {
	yes, no := true, false
	c := Build(&mesos.State{Frameworks: []mesos.Framework{{ID: "F1", Tasks: []mesos.Task{
		{ID: "checked", FrameworkID: "F1", State: "TASK_RUNNING", Statuses: []mesos.TaskStatus{
			{State: "TASK_STARTING", Timestamp: 1}, {State: "TASK_RUNNING", Timestamp: 2, Healthy: &yes}, {State: "TASK_RUNNING", Timestamp: 3, Healthy: &no},
		}},
		{ID: "new", FrameworkID: "F1", State: "TASK_STAGING"},
	}}}}, nil)
	require.Equal(t, 2.0, c.Tasks()[0].Started)
	require.Equal(t, &no, c.Tasks()[0].Healthy)
	require.Zero(t, c.Tasks()[1].Started)
	require.Nil(t, c.Tasks()[1].Healthy)
}

func TestWhatIsARolesOwnIsItsSumLessItsChildrens(t *testing.T) {
	var answer mesos.Roles
	require.NoError(t, json.Unmarshal([]byte(`{"roles": [
		{"name": "a/b/c/d", "reserved": {"cpus": 1}},
		{"name": "a/b", "reserved": {"cpus": 3, "mem": 5}, "quota": {"limit": {"cpus": 0}, "consumed": {"cpus": 3}}},
		{"name": "a", "weight": 2, "frameworks": ["F1", "F2"], "reserved": {"cpus": 10.1, "disk": 7}},
		{"name": "ab", "reserved": {"cpus": 0.5}}
	]}`), &answer))
	c := (&Cluster{}).WithRoles(&answer)
	got := map[string]float64{}
	total := 0.0
	for _, r := range c.Roles {
		got[r.Name] = r.Reserved.Value(CPUs)
		total += got[r.Name]
	}
	require.Equal(t, map[string]float64{"a": 7.1, "a/b": 2, "a/b/c/d": 1, "ab": 0.5}, got)
	require.InDelta(t, 10.6, total, 1e-9)
	require.Equal(t, 2, *c.Roles[0].Frameworks)
	require.Equal(t, 7*1048576.0, c.Roles[0].Reserved.Value(Disk))

	n, set := c.Roles[1].QuotaLimit.Value(CPUs)
	require.True(t, set, "a limit of 0 is a limit")
	require.Zero(t, n)
	_, set = c.Roles[1].QuotaLimit.Value(Memory)
	require.False(t, set)
	n, set = c.Roles[1].QuotaConsumed.Value(Memory)
	require.True(t, set, "nothing consumed is known")
	require.Zero(t, n)
}

// /roles counts revocable resources in, and may be of another moment.
func TestWhatARoleHoldsAndIsOfferedIsOfState(t *testing.T) {
	revocable := mesos.Resources{CPUs: 0.5, CPUsRevocable: 2}
	state := &mesos.State{Frameworks: []mesos.Framework{{
		ID: "F1", Roles: []string{"a/b"},
		Tasks: []mesos.Task{
			{ID: "runs", FrameworkID: "F1", State: "TASK_RUNNING", Resources: revocable},
			{ID: "ended", FrameworkID: "F1", State: "TASK_FINISHED", Resources: revocable},
			{ID: "elsewhere", FrameworkID: "F1", Role: "c", State: "TASK_STAGING", Resources: mesos.Resources{CPUs: 1}},
		},
		UnreachableTasks: []mesos.Task{{ID: "lost", FrameworkID: "F1", State: "TASK_UNREACHABLE", Resources: revocable}},
		Executors:        []mesos.Executor{{ID: "e", Resources: mesos.Resources{CPUs: 0.1, CPUsRevocable: 0.1}}},
		Offers:           []mesos.Offer{{Resources: revocable}, {Resources: mesos.Resources{CPUs: 4}}},
	}}}
	state.Frameworks[0].Offers[1].AllocationInfo.Role = "c"
	var answer mesos.Roles
	require.NoError(t, json.Unmarshal([]byte(`{"roles": [
		{"name": "a", "allocated": {"cpus": 3.7}},
		{"name": "a/b", "allocated": {"cpus": 2.7}, "quota": {"consumed": {"cpus": 2.7}}},
		{"name": "c", "allocated": {}}
	]}`), &answer))
	first := Build(state, nil)
	require.NotContains(t, first.RoleLoads, "a", "/state does not name it")
	with := first.WithRoles(&answer)
	n, _ := with.Roles[1].QuotaConsumed.Value(CPUs)
	require.Equal(t, 2.7, n, "quota counts revocable resources")

	loads := Build(state, with).RoleLoads
	require.Zero(t, loads["a"].Allocated.Value(CPUs), "nothing runs in the parent itself")
	require.Equal(t, 0.6, loads["a/b"].Allocated.Value(CPUs), "the running task's and the executor's")
	require.Equal(t, 1.0, loads["c"].Allocated.Value(CPUs), "as of /state, whatever happened since")
	require.Equal(t, 0.5, loads["a/b"].Offered.Value(CPUs))
	require.Equal(t, 4.0, loads["c"].Offered.Value(CPUs))
}

func TestAnElectionThatIsNotToldIsNoProofOfTheSameCluster(t *testing.T) {
	at := func(elected float64, agent string) *Cluster {
		return Build(&mesos.State{PID: "master@127.0.0.1:5050", ElectedTime: elected, Slaves: []mesos.Slave{{ID: agent}}}, nil)
	}
	require.True(t, at(1, "S1").SameAs(at(1, "S2")))
	require.False(t, at(0, "S1").SameAs(at(0, "S2")))
	require.False(t, at(1, "S1").SameAs(at(2, "S2")))
	require.True(t, at(0, "S1").SameAs(at(0, "S1")))
}

func TestDustIsNothing(t *testing.T) {
	for given, want := range map[float64]float64{
		5.551115123e-17: 0, -5.551115123e-17: 0, 1.17950094136177e-12: 0, 0.30000000000000004: 0.3, 14.5500000000001: 14.55,
		8.40000000000185: 8.4, 0.001: 0.001, 0.0004: 0, 4: 4,
	} {
		require.Equal(t, want, Round(given), given)
		got := regular(mesos.Resources{CPUs: given, Mem: given})
		require.Equal(t, want, got.Value(CPUs), given)
		require.Equal(t, want*1048576, got.Value(Memory), given)
		require.False(t, math.Signbit(got.Value(CPUs)), given)
		require.False(t, math.Signbit(Round(given)), given)
	}
}

func TestWhatIsNoAmountIsUnknown(t *testing.T) {
	for _, scalar := range []float64{-1, -0.001, 1e300, -1e300, 1e13, math.Inf(1), math.NaN()} {
		r := regular(mesos.Resources{CPUs: scalar, Mem: 1})
		require.False(t, r[CPUs].Known(), scalar)
		require.Equal(t, 1048576.0, r.Value(Memory))
		n := scalar
		_, set := new(limitsOf(mesos.QuotaResources{CPUs: &n})).Value(CPUs)
		require.False(t, set, scalar)
	}
	var sum Amount
	for range 10_000 {
		sum = sum.Plus(most)
	}
	require.False(t, sum.Known(), "a sum beyond what can be counted is no small number")
	require.Equal(t, Amount(-1), Amount(1).Minus(2))
	require.False(t, Amount(1).Minus(Unknown).Known())
	require.False(t, Unknown.Minus(Unknown).Known())
}
