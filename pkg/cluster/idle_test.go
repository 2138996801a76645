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

// While a task begins or ends during the request for a snapshot, the leader's numbers may be of before
// or after that, and an idle executor that exits may lie between.
func TestAnIdleExecutorMayExitUnseen(t *testing.T) {
	base := built(t, aBase)
	added := []mesos.StreamEvent{taskAdded("t2", 0.5)}
	ended := []mesos.StreamEvent{taskUpdated("t1", "TASK_FINISHED", 110)}
	inside := taskAdded("t3", 0.1)
	inside.Task.ExecutorID = "e1"
	busy := base.With([]mesos.StreamEvent{inside}, time.Unix(101, 0))
	for name, c := range map[string]struct {
		asked  *Cluster
		during []mesos.StreamEvent
		used   map[string]float64
		hides  bool
	}{
		"nothing changed":                       {base, nil, map[string]float64{"cpus": 1.2}, false},
		"a task begins, and the leader knows":   {base, added, map[string]float64{"cpus": 1.7}, false},
		"a task begins, and the leader may not": {base, added, map[string]float64{"cpus": 1.2}, true},
		"a task begins, and something is gone":  {base, added, map[string]float64{"cpus": 1.5}, true},
		"a task ends, and the leader may not":   {base, ended, map[string]float64{"cpus": 1.2}, false},
		"a task ends, and the leader knows":     {base, ended, map[string]float64{"cpus": 0.2}, true},
		"it is not idle":                        {busy, added, map[string]float64{"cpus": 1.3}, false},
		"the leader does not tell":              {base, added, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := &mesos.Metrics{Values: map[string]float64{}}
			for kind, v := range c.used {
				m.Values["master/"+kind+"_used"] = v
			}
			require.False(t, c.asked.Disagrees(c.asked, c.during, m).Allocated)
			require.Equal(t, c.hides, c.asked.HidesIdle(c.during, m))
		})
	}
}
