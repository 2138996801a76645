package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

const aBase = `{"id": "m", "flags": {}, "pid": "master@10.0.0.1:5050", "elected_time": 1,
	"activated_slaves": 1, "unreachable_slaves": 0, "recovered_slaves": [],
	"slaves": [{"id": "S1", "hostname": "agent1", "active": true, "registered_time": 10, "resources": {"cpus": 4},
		"used_resources": {"cpus": 1.2, "mem": 0, "disk": 0, "gpus": 0}, "offered_resources": {"cpus": 0, "mem": 0, "disk": 0, "gpus": 0}, "reserved_resources": {}}],
	"frameworks": [{"id": "F1", "name": "one", "roles": ["prod"], "active": true, "connected": true, "recovered": false, "registered_time": 11,
		"used_resources": {"cpus": 1.2, "mem": 0, "disk": 0, "gpus": 0}, "offered_resources": {"cpus": 0, "mem": 0, "disk": 0, "gpus": 0},
		"tasks": [{"id": "t1", "name": "web", "slave_id": "S1", "role": "prod", "state": "TASK_RUNNING", "resources": {"cpus": 1},
			"statuses": [{"state": "TASK_STARTING", "timestamp": 20}, {"state": "TASK_RUNNING", "timestamp": 21}]}],
		"unreachable_tasks": [], "offers": [],
		"executors": [{"executor_id": "e1", "slave_id": "S1", "role": "prod", "resources": {"cpus": 0.2}}]}]}`

func taskAdded(id string, cpus float64) mesos.StreamEvent {
	return mesos.StreamEvent{Type: mesos.StreamTaskAdded, Received: time.Unix(100, 0), Task: &mesos.StreamTask{Task: mesos.Task{
		ID: id, Name: id, FrameworkID: "F1", SlaveID: "S1", State: "TASK_STAGING", Role: "prod", Resources: mesos.Resources{CPUs: cpus},
	}}}
}

func taskUpdated(id, state string, timestamp float64) mesos.StreamEvent {
	return mesos.StreamEvent{Type: mesos.StreamTaskUpdated, Received: time.Unix(100, 0), Update: &mesos.StreamUpdate{
		FrameworkID: "F1", State: state,
		Status: mesos.StreamStatus{TaskID: id, SlaveID: "S1", UUID: "u", TaskStatus: mesos.TaskStatus{State: state, Timestamp: timestamp}},
	}}
}

func TestATaskComesRunsAndEnds(t *testing.T) {
	base := built(t, aBase)
	started := []mesos.StreamEvent{taskAdded("t2", 0.5), taskUpdated("t2", "TASK_STARTING", 101), taskUpdated("t2", "TASK_RUNNING", 102)}
	with := base.With(started, time.Unix(103, 0))
	require.Equal(t, map[string]string{"agents": "S1 1.7", "frameworks": "F1 1.7", "role prod": "1.7", "cluster": "1.7"}, with.inCPUs())
	require.Equal(t, 2, with.TaskCounts.Of(Running))
	require.Equal(t, map[string]string{"agents": "S1 1.2", "frameworks": "F1 1.2", "role prod": "1.2", "cluster": "1.2"}, base.inCPUs())
	require.Len(t, base.Tasks(), 1)

	again := with.With(started, time.Unix(104, 0))
	require.Equal(t, with.Tasks(), again.Tasks())

	after := with.With([]mesos.StreamEvent{taskUpdated("t2", "TASK_FINISHED", 110), taskUpdated("t1", "TASK_FAILED", 111)}, time.Unix(112, 0))
	require.Equal(t, map[string]string{"agents": "S1 0.2", "frameworks": "F1 0.2", "role prod": "0.2", "cluster": "0.2"}, after.inCPUs())
	require.Empty(t, after.Tasks())
	require.Zero(t, after.TaskCounts.Total())

	var told []events.What
	for _, e := range base.EventsOf(append(started, taskUpdated("t2", "TASK_FINISHED", 110)), nil) {
		told = append(told, e.What)
	}
	require.Equal(t, []events.What{"staging", "starting", "running", "finished"}, told)
}
