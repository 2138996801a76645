package collector_test

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// saying makes the fake answer a /state and /roles of this JSON.
func saying(t *testing.T, state, roles string) func(*fake) {
	return func(f *fake) {
		f.state, f.roles = mesos.State{}, mesos.Roles{}
		require.NoError(t, json.Unmarshal([]byte(state), &f.state))
		require.NoError(t, json.Unmarshal([]byte(roles), &f.roles))
	}
}

const (
	// As of 0.19: agents have neither active nor used_resources.
	stateOf019 = `{"version": "0.19.0", "id": "m", "cluster": "old", "activated_slaves": 1, "slaves": [{"id": "S1", "hostname": "agent1", "pid": "slave(1)@10.0.0.1:5051", "resources": {"cpus": 4, "mem": 16}}],
		"frameworks": [{"id": "F1", "name": "web", "role": "*", "active": true, "resources": {"cpus": 0.2}, "offers": [], "tasks": [
			{"id": "t", "framework_id": "F1", "slave_id": "S1", "executor_id": "", "state": "TASK_RUNNING", "resources": {"cpus": 0.2}}]}]}`
	rolesOf019 = `{"roles": [{"name": "*", "weight": 1, "frameworks": ["F1"], "resources": {"cpus": 0.2}}]}`
)

func TestWhatAnOldMasterDoesNotTellHasNoSeries(t *testing.T) {
	f := start(t, collector.Settings{}, saying(t, stateOf019, rolesOf019))
	f.clock.Advance(interval)
	now := f.clock.Now()
	require.False(t, f.Status().Restricted)
	require.Equal(t, "old", f.Status().Cluster)
	for _, s := range []struct {
		name string
		with []string
		want float64
	}{
		{"mesos_cluster_cpus_capacity", nil, 4},
		{"mesos_cluster_cpus_allocated", nil, 0.2},
		{"mesos_agent_cpus_allocated", nil, 0.2},
		{"mesos_framework_cpus_allocated", nil, 0.2},
		{"mesos_role_cpus_allocated", []string{"role=*"}, 0.2},
		{"mesos_role_cpus_offered", []string{"role=*"}, 0},
		{"mesos_role_weight", nil, 1},
		{"mesos_role_frameworks", nil, 1},
		{"mesos_agent_state", []string{"state=active"}, 1},
		{"mesos_cluster_agents", []string{"state=active"}, 1},
		{"mesos_cluster_frameworks", []string{"state=active"}, 1},
		{"mesos_cluster_tasks", []string{"state=running"}, 1},
	} {
		require.Equal(t, 1, f.rec.open(now, s.name, s.with...), s.name)
		require.Equal(t, s.want, f.rec.sum(now, s.name, s.with...), s.name)
	}
	for _, name := range []string{
		"mesos_cluster_cpus_reserved", "mesos_agent_cpus_reserved", "mesos_role_cpus_reserved", "mesos_role_cpus_quota_consumed",
	} {
		require.Zero(t, f.rec.open(now, name), name)
	}
	for name, state := range map[string]string{
		"mesos_agent_state": "disconnected", "mesos_cluster_agents": "unreachable", "mesos_cluster_frameworks": "recovered",
		"mesos_cluster_tasks": "unreachable", "mesos_framework_tasks": "unreachable", "mesos_role_tasks": "unreachable",
	} {
		require.Zero(t, f.rec.open(now, name, "state="+state), "%s %s", name, state)
	}
}

func TestAMasterWithoutFlagsHasASnapshotWithoutState(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) {
		f.err["state"], f.err["flags"] = failure(mesos.Timeout), failure(mesos.NotMesos)
	})
	f.clock.Advance(2 * interval)
	now := f.clock.Now()
	require.Equal(t, 1.0, f.rec.sum(now, "mesos_up", "poll=snapshot", "cluster=uid"))
	require.Equal(t, 4.0, f.rec.sum(now, "mesos_master_cpus_capacity", "cluster=uid"))
	f.set(func(f *fake) { delete(f.err, "state") })
	f.clock.Advance(4 * interval)
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=snapshot", "cluster=fixture"), "/state tells the name")
	require.Zero(t, f.rec.open(f.clock.Now(), "mesos_up", "cluster=uid"))
}
