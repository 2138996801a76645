package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

// What the entities of an executor are allocated is unknown while no task is in it, and
// known while one is; the model itself stays as it is.
func TestWhatIdleExecutorsHoldIsUnknown(t *testing.T) {
	base := built(t, aBase)
	idle := base.WithoutIdle()
	require.False(t, idle.Agents[0].Allocated[CPUs].Known())
	require.False(t, idle.Frameworks[0].Allocated[CPUs].Known())
	require.False(t, idle.RoleLoads["prod"].Allocated[CPUs].Known())
	require.False(t, idle.Allocated[CPUs].Known())
	require.Equal(t, base.TaskCounts, idle.TaskCounts)
	require.Equal(t, map[string]string{"agents": "S1 1.2", "frameworks": "F1 1.2", "role prod": "1.2", "cluster": "1.2"}, base.inCPUs())

	inside := taskAdded("t2", 0.5)
	inside.Task.ExecutorID = "e1"
	busy := base.With([]mesos.StreamEvent{inside}, time.Unix(101, 0))
	require.Equal(t, busy.inCPUs(), busy.WithoutIdle().inCPUs())
	ended := busy.With([]mesos.StreamEvent{taskUpdated("t2", "TASK_FINISHED", 110)}, time.Unix(111, 0))
	require.False(t, ended.WithoutIdle().Agents[0].Allocated[CPUs].Known())
}
