package collector

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

func added(task string) mesos.StreamEvent {
	return mesos.StreamEvent{Type: mesos.StreamTaskAdded, Task: &mesos.StreamTask{Task: mesos.Task{ID: task, FrameworkID: "fw"}}}
}

func updated(task string) mesos.StreamEvent {
	return mesos.StreamEvent{Type: mesos.StreamTaskUpdated, Update: &mesos.StreamUpdate{FrameworkID: "fw", Status: mesos.StreamStatus{TaskID: task}}}
}

// Of what was noted, only what the new changes need is looked at again.
func TestOfNotedChangesThoseOfTheSameTasksAreNeeded(t *testing.T) {
	agent := mesos.StreamEvent{Type: mesos.StreamAgentRemoved, RemovedID: "S1"}
	names := func(changes []mesos.StreamEvent) (all []string) {
		for i := range changes {
			id, ok := taskNamed(&changes[i])
			all = append(all, fmt.Sprintf("%s %s %t", changes[i].Type, id.task, ok))
		}
		return all
	}
	changes := []mesos.StreamEvent{added("t1"), agent, added("t2"), updated("t1"), updated("t2"), added("t3"), updated("t1")}
	require.Equal(t, names([]mesos.StreamEvent{added("t1"), agent, updated("t1"), added("t3"), updated("t1")}), names(sinceNoted(changes, 5)))
	require.Equal(t, names(changes), names(sinceNoted(changes, 0)))
	require.Equal(t, names([]mesos.StreamEvent{added("t3"), updated("t1")}), names(sinceNoted(changes[5:], 0)))

	before := names(changes)
	_ = sinceNoted(changes, 6)
	require.Equal(t, before, names(changes), "the waiting changes stay as they are")
}
