package collector

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
)

func TestTasksWhoseEndWasToldTakeLittleMemory(t *testing.T) {
	ended := func(n int, what events.What) events.Event {
		return events.Event{Kind: events.KindTask, What: what, FrameworkID: "F1", TaskID: fmt.Sprintf("%0200d", n)}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all endedTasks
	for n := range 2 * manyIDs {
		require.False(t, all.told(ended(n, "finished")))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(12<<20))
	for _, n := range []int{0, manyIDs - 1, manyIDs, 2*manyIDs - 1} {
		require.True(t, all.told(ended(n, events.What(cluster.UnknownTask))), n)
	}
	require.False(t, all.told(ended(2*manyIDs, events.What(cluster.UnknownTask))))
	require.False(t, all.told(ended(1, "running")), "another task has its ID")
	require.False(t, all.told(ended(1, events.What(cluster.UnknownTask))))
}
