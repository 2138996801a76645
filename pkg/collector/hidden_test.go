package collector_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// hideFrameworks makes the principal one that sees no frameworks.
func hideFrameworks(f *fake) {
	f.state.Cluster, f.state.Flags = nil, nil
	f.state.Frameworks = []mesos.Framework{}
}

// happenedTo returns what the log has of these kinds, in the order of learning.
func happenedTo(f *faked, kinds ...events.Kind) (all []string) {
	for _, e := range f.events.all {
		for _, kind := range kinds {
			if e.Kind == kind {
				all = append(all, string(kind)+" "+string(e.What))
			}
		}
	}
	return all
}

// Where the principal sees less than before, nothing has ended; where it sees more again,
// nothing has begun.
func TestWhatThePrincipalDoesNotSeeHasNotEnded(t *testing.T) {
	kinds := []events.Kind{events.KindTask, events.KindFramework, events.KindCollection}
	f := start(t, collector.Settings{ClusterName: "c"})
	f.clock.Advance(2 * interval)
	was := f.state.Frameworks
	f.set(hideFrameworks)
	f.clock.Advance(3 * interval)
	require.Equal(t, []string{"collection restricted"}, happenedTo(f, kinds...))
	require.Contains(t, f.events.all[0].Message, "frameworks: 1, tasks: 1")

	// Another framework runs a task while nothing is seen.
	f.set(func(f *fake) {
		name := "fixture"
		other := was[0]
		other.ID, other.Name, other.Tasks = "F2", "other", nil
		other.RegisteredTime = float64(f.clock.Now().Add(-interval).Unix())
		x := task(2)
		x.FrameworkID = "F2"
		x.Statuses = []mesos.TaskStatus{{State: "TASK_RUNNING", Timestamp: other.RegisteredTime + 1}}
		other.Tasks = mesos.Tasks{x}
		f.state.Cluster, f.state.Flags = &name, map[string]string{}
		f.state.Frameworks = append(was[:1:1], other)
	})
	f.clock.Advance(3 * interval)
	require.ElementsMatch(t, []string{"collection restricted", "framework added", "task running", "collection unrestricted"}, happenedTo(f, kinds...))
	for _, e := range f.events.all {
		if e.Kind == events.KindTask || e.Kind == events.KindFramework {
			require.Equal(t, "F2", e.FrameworkID)
			require.True(t, e.NotBefore.IsZero(), "it has the time at which it began")
		}
	}

	t.Run("with the event stream", func(t *testing.T) {
		f, _ := follow(t, 1, collector.Settings{})
		f.clock.Advance(5 * interval)
		f.set(hideFrameworks)
		f.clock.Advance(5 * interval)
		require.Equal(t, []string{"collection restricted"}, happenedTo(f, kinds...))
	})
	t.Run("after a restart", func(t *testing.T) {
		f := start(t, collector.Settings{ClusterName: "c"}, func(f *fake) {
			f.watched = begin.Add(-time.Minute)
			f.before = []events.Event{logged("t1", "running", begin.Add(-5*time.Minute))}
			f.state.ElectedTime = float64(begin.Add(-24 * time.Hour).Unix())
			hideFrameworks(f)
		})
		f.clock.Advance(4 * interval)
		for _, e := range f.events.all {
			require.NotEqual(t, events.What("unknown"), e.What)
		}
	})
	t.Run("but what the leader lists as ended has", func(t *testing.T) {
		f := start(t, collector.Settings{ClusterName: "c"})
		f.clock.Advance(2 * interval)
		f.set(func(f *fake) {
			f.state.Cluster, f.state.Flags = nil, nil
			f.state.CompletedFrameworks = []mesos.CompletedFramework{{
				ID: "F1", Name: f.state.Frameworks[0].Name, UnregisteredTime: float64(f.clock.Now().Unix()),
				CompletedTasks: mesos.Ended{ended(1, "TASK_KILLED", f.clock.Now())},
			}}
			f.state.Frameworks = []mesos.Framework{}
		})
		f.clock.Advance(2 * interval)
		require.ElementsMatch(t, []string{"framework removed", "task killed"}, happenedTo(f, kinds...))
	})
}
