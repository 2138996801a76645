package mesos

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func decoded[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	_, err := decodeBody([]byte(text), &v)
	require.NoError(t, err)
	return v
}

// What /state of 0.19 has of an agent and a framework (source 0.19.0, master/http.cpp).
func TestWhatAnAnswerLacksIsNoted(t *testing.T) {
	old := decoded[State](t, `{"id": "m", "version": "0.19.0",
		"slaves": [{"id": "S1", "pid": "slave(1)@10.0.0.1:5051", "resources": {"cpus": 2, "mem": 1000, "disk": 0}}],
		"frameworks": [{"id": "F1", "role": "*", "active": true, "resources": {"cpus": 0.2, "mem": 0, "disk": 0}, "offers": [{"resources": {"cpus": 1, "mem": 0, "disk": 0}}, {}],
			"tasks": [{"id": "t"}, {"id": "u", "resources": {"cpus": 1, "mem": 0}}]}]}`)
	require.True(t, old.Lacks.ActivatedSlaves)
	require.True(t, old.Lacks.UnreachableSlaves)
	require.True(t, old.Lacks.RecoveredSlaves)
	require.True(t, old.Lacks.UnregisteredFrameworks)
	s := old.Slaves[0]
	require.True(t, s.Lacks.Active)
	require.True(t, s.Lacks.Reserved)
	require.Equal(t, Resources{CPUs: 2, Mem: 1000}, s.Resources, "without gpus there are none")
	require.Equal(t, AllKinds, s.Used.Unknown)
	require.Equal(t, AllKinds, s.Offered.Unknown)
	f := old.Frameworks[0]
	require.False(t, f.Lacks.Active)
	require.True(t, f.Active)
	require.True(t, f.Lacks.Connected)
	require.True(t, f.Lacks.Recovered)
	require.True(t, f.Lacks.Executors)
	require.True(t, f.Lacks.UnreachableTasks)
	require.False(t, f.Lacks.Tasks)
	require.False(t, f.Lacks.Offers)
	require.Equal(t, Resources{CPUs: 0.2}, f.Held)
	require.Equal(t, AllKinds, f.Used.Unknown)
	require.Equal(t, AllKinds, f.Offers[1].Resources.Unknown)
	require.Equal(t, AllKinds, f.Tasks[0].Resources.Unknown)
	require.Equal(t, KindDisk, f.Tasks[1].Resources.Unknown, "Mesos always writes cpus, mem and disk")
	require.Equal(t, KindCPUs|KindMem|KindDisk, decoded[Slave](t, `{"used_resources": {}}`).Used.Unknown)
	require.Zero(t, decoded[Role](t, `{"reserved": {"cpus": 1}}`).Reserved.Unknown, "of quantities it leaves out those of which there is none")
}

func TestWhatAnAnswerHasIsNotLacking(t *testing.T) {
	now := decoded[State](t, strings.ReplaceAll(`{"id": "m", "activated_slaves": 0.0, "unreachable_slaves": 0.0, "recovered_slaves": [], "unregistered_frameworks": [],
		"slaves": [{"active": false, "deactivated": false, "reserved_resources": {}, "resources": NONE, "used_resources": NONE, "offered_resources": NONE}],
		"frameworks": [{"active": false, "connected": false, "recovered": false, "tasks": [], "unreachable_tasks": [], "executors": [], "offers": [],
			"used_resources": NONE, "offered_resources": NONE, "resources": NONE}]}`, "NONE", `{"cpus": 0, "mem": 0, "disk": 0}`))
	require.Equal(t, State{}.Lacks, now.Lacks)
	require.Equal(t, Slave{}.Lacks, now.Slaves[0].Lacks)
	require.Equal(t, Framework{}.Lacks, now.Frameworks[0].Lacks)
	require.Equal(t, Resources{}, now.Slaves[0].Used)
	require.Equal(t, Resources{}, now.Frameworks[0].Used)
}

func TestNullResourcesAreUnknown(t *testing.T) {
	s := decoded[Slave](t, `{"resources": {"cpus": null, "mem": 1, "disk_revocable": null}, "used_resources": null, "reserved_resources": {"a": null}}`)
	require.Equal(t, KindCPUs|KindDisk, s.Resources.Unknown)
	require.Equal(t, AllKinds, s.Used.Unknown)
	require.Equal(t, AllKinds, s.Reserved["a"].Unknown)
}

// Three shapes of /roles: before 1.0, 1.0 to 1.8, and since 1.9.
func TestRolesOfEveryShape(t *testing.T) {
	roles := decoded[Roles](t, `{"roles": [
		{"name": "*", "weight": 1.0, "frameworks": ["F0"], "resources": {"cpus": 1, "mem": 128}},
		{"name": "a", "weight": 1.0, "frameworks": [], "resources": {"cpus": 0}, "quota": {"role": "a", "guarantee": {"cpus": 1}}},
		{"name": "b", "weight": 2.0, "frameworks": [], "allocated": {}, "offered": {}, "reserved": {"cpus": 1}, "quota": {"guarantee": {}, "limit": {}, "consumed": {}}},
		{"name": "c"}
	]}`).Roles
	require.Equal(t, AllKinds, roles[0].Reserved.Unknown)
	require.Nil(t, roles[0].Quota)
	require.Nil(t, roles[1].Quota.Consumed)
	require.EqualValues(t, 1, *roles[1].Quota.Guarantee.CPUs)
	require.Equal(t, Resources{CPUs: 1}, roles[2].Reserved)
	require.NotNil(t, roles[2].Quota.Consumed)
	require.Equal(t, Role{}.Lacks, roles[2].Lacks)
	require.True(t, roles[3].Lacks.Weight)
	require.True(t, roles[3].Lacks.Frameworks)
}

func TestWhoIsRestricted(t *testing.T) {
	name := "prod"
	for what, c := range map[string]struct {
		state State
		want  bool
	}{
		"both are there":                       {State{Version: "1.12.0", Flags: map[string]string{}, Cluster: &name}, false},
		"without --cluster":                    {State{Version: "1.12.0", Flags: map[string]string{}}, false},
		"neither":                              {State{Version: "1.12.0"}, true},
		"neither, and no version":              {State{}, true},
		"without flags, which nobody can see":  {State{Version: "1.4.0", Cluster: &name}, false},
		"before there was anything to hide it": {State{Version: "0.25.0"}, false},
	} {
		require.Equal(t, c.want, c.state.Restricted(), what)
	}
	require.Equal(t, "prod", (&State{Cluster: &name}).ClusterName())
	require.Equal(t, "flagged", (&State{Flags: map[string]string{"cluster": "flagged"}}).ClusterName())
}
