package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

// What the event stream tells of a status stays with the task while /state has the same
// status, and goes with the next one.
func TestWhatTheStreamToldOfAStatusOutlastsState(t *testing.T) {
	state := func(timestamp float64) *mesos.State {
		s := large(1, 1)
		s.Frameworks = s.Frameworks[:1]
		s.Frameworks[0].Tasks[0].Statuses = []mesos.TaskStatus{{State: "TASK_RUNNING", Timestamp: timestamp}}
		return s
	}
	first := Build(state(100), nil)
	task := &first.Tasks()[0]
	require.Nil(t, task.Told)
	told := first.With([]mesos.StreamEvent{{Type: mesos.StreamTaskUpdated, Update: &mesos.StreamUpdate{FrameworkID: task.Framework.ID, State: "TASK_RUNNING",
		Status: mesos.StreamStatus{
			TaskID: task.ID, UUID: "u", TaskStatus: mesos.TaskStatus{State: "TASK_RUNNING", Timestamp: 200},
			Reason: "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED", Source: "SOURCE_EXECUTOR", Message: "unhealthy",
			Container: mesos.TaskContainer{ID: "c1", Addresses: "10.0.0.1"},
		}}}}, time.Unix(210, 0))
	want := &Told{"task_health_check_status_updated", "executor", "unhealthy"}
	require.Equal(t, want, told.Tasks()[0].Told)
	require.Equal(t, []string{"c1", "10.0.0.1"}, []string{told.Tasks()[0].ContainerID, told.Tasks()[0].Addresses})
	require.Equal(t, want, Build(state(200), told).Tasks()[0].Told)
	require.Nil(t, Build(state(300), told).Tasks()[0].Told, "of another status")
	require.Nil(t, first.Tasks()[0].Told, "a model is never changed")
}
