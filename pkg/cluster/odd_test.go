package cluster

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

func frameworkTold(id string, registered float64, received int64) mesos.StreamEvent {
	return mesos.StreamEvent{Type: mesos.StreamFrameworkAdded, Received: time.Unix(received, 0), Framework: &mesos.Framework{
		ID: id, Name: id, Roles: []string{"prod"}, Active: true, Connected: true, RegisteredTime: registered, ReregisteredTime: registered,
	}}
}

func agentTold(id string, registered float64, received int64) mesos.StreamEvent {
	return mesos.StreamEvent{Type: mesos.StreamAgentAdded, Received: time.Unix(received, 0), Agent: &mesos.Slave{
		ID: id, Hostname: id, Active: true, RegisteredTime: registered, Resources: mesos.Resources{CPUs: 4}, Used: mesos.Resources{Unknown: mesos.AllKinds},
	}}
}

func removed(kind mesos.StreamEventType, id string, received int64) mesos.StreamEvent {
	return mesos.StreamEvent{Type: kind, RemovedID: id, Received: time.Unix(received, 0)}
}

// shortOnce requires that no two events have the same ID, and returns them in words.
func shortOnce(t *testing.T, all []events.Event) string {
	t.Helper()
	ids := map[string]bool{}
	for _, e := range all {
		require.False(t, ids[e.ID], "twice: %s", e.ID)
		ids[e.ID] = true
	}
	return short(all)
}

// A master that has forgotten a framework lets another one have its ID: each is added and removed
// once, whichever way it is told.
func TestAFrameworkIDMayBeUsedAgain(t *testing.T) {
	base := built(t, aBase)
	changes := []mesos.StreamEvent{
		removed(mesos.StreamFrameworkRemoved, "F1", 100), frameworkTold("F1", 101, 101),
		removed(mesos.StreamFrameworkRemoved, "F1", 102), frameworkTold("F1", 103, 103),
	}
	told := base.EventsOf(changes, nil)
	require.Equal(t, "removed one, added F1, removed F1, added F1", shortOnce(t, told))
	require.Len(t, base.With(changes, time.Unix(104, 0)).Frameworks, 1)

	look := func(before *Cluster, at int64, registered float64) *Cluster {
		s := stateFrom(t, aBase)
		s.Sent = time.Unix(at, 0)
		s.Frameworks[0].RegisteredTime = registered
		if registered == 0 {
			s.CompletedFrameworks = []mesos.CompletedFramework{{ID: "F1", Name: "one", RegisteredTime: before.frameworks["F1"].registered, UnregisteredTime: float64(at) - 1}}
			s.Frameworks = nil
		}
		return Build(s, before)
	}
	var polled []events.Event
	before := base
	for i, registered := range []float64{0, 101, 0, 103} {
		now := look(before, 101+int64(i), registered)
		happened := HappenedToOthers(before, now)
		require.Len(t, happened, 1)
		polled = append(polled, happened...)
		before = now
	}
	require.Equal(t, "removed one, added one, removed one, added one", shortOnce(t, polled))
	for i := range told {
		require.Equal(t, told[i].ID, polled[i].ID, "both ways tell the same event")
	}

	// A scheduler that fails over stays the same framework, also over a restart.
	over := frameworkTold("F1", 11, 50)
	over.Type, over.Framework.ReregisteredTime = mesos.StreamFrameworkUpdated, 50
	failedOver := base.With([]mesos.StreamEvent{over}, time.Unix(60, 0))
	gone := removed(mesos.StreamFrameworkRemoved, "F1", 100)
	require.Equal(t, base.EventsOf([]mesos.StreamEvent{gone}, nil)[0].ID, failedOver.EventsOf([]mesos.StreamEvent{gone}, nil)[0].ID)
	text, err := failedOver.Outline()
	require.NoError(t, err)
	outlined, err := Outlined(text, time.Unix(60, 0))
	require.NoError(t, err)
	since := HappenedToOthers(outlined, look(outlined, 101, 0))
	require.Len(t, since, 1)
	require.Equal(t, told[0].ID, since[0].ID)
}

// What nobody knows is told as far as it is, once, and counts add up.
func TestOddChanges(t *testing.T) {
	base := built(t, aBase)
	elsewhere := func(e mesos.StreamEvent) mesos.StreamEvent {
		if e.Update != nil {
			e.Update.FrameworkID, e.Update.Status.SlaveID = "F404", "S404"
		} else {
			e.Task.FrameworkID, e.Task.SlaveID = "F404", "S404"
		}
		return e
	}
	ahead := taskUpdated("t1", "TASK_RUNNING", 105)
	ahead.Update.State = "TASK_FINISHED"
	for name, c := range map[string]struct {
		changes []mesos.StreamEvent
		told    string
		tasks   int
	}{
		"removed, and nobody knew it": {[]mesos.StreamEvent{removed(mesos.StreamAgentRemoved, "S7", 100), removed(mesos.StreamFrameworkRemoved, "F7", 100)}, "", 1},
		"an agent that is removed and added in the same second": {[]mesos.StreamEvent{
			removed(mesos.StreamAgentRemoved, "S1", 100), agentTold("S1", 100.2, 100), removed(mesos.StreamAgentRemoved, "S1", 100), agentTold("S1", 100.4, 100),
		}, "removed agent1, added S1, removed S1, added S1", 1},
		"an agent twice": {[]mesos.StreamEvent{
			agentTold("S9", 100, 100), agentTold("S9", 100, 100), removed(mesos.StreamAgentRemoved, "S9", 101), removed(mesos.StreamAgentRemoved, "S9", 101),
		}, "added S9, removed S9", 1},
		"a task of a framework and an agent that nobody knows": {[]mesos.StreamEvent{
			elsewhere(taskAdded("t2", 1)), elsewhere(taskUpdated("t2", "TASK_RUNNING", 101)), elsewhere(taskUpdated("t2", "TASK_FAILED", 102)), elsewhere(taskUpdated("t2", "TASK_FAILED", 102)),
		}, "staging t2, running t2, failed t2", 1},
		"only the end of one":              {[]mesos.StreamEvent{elsewhere(taskUpdated("t2", "TASK_FAILED", 102)), elsewhere(taskUpdated("t2", "TASK_FAILED", 102))}, "failed t2", 1},
		"an end, and then it runs":         {[]mesos.StreamEvent{taskUpdated("t1", "TASK_FINISHED", 102), taskUpdated("t1", "TASK_RUNNING", 103)}, "finished agent1 t1", 0},
		"a status that is behind":          {[]mesos.StreamEvent{ahead, taskUpdated("t1", "TASK_FINISHED", 106)}, "finished agent1 t1", 0},
		"added again while it runs":        {[]mesos.StreamEvent{taskAdded("t1", 9)}, "", 1},
		"added twice, and on two agents":   {[]mesos.StreamEvent{taskAdded("t3", 1), elsewhere(taskAdded("t4", 1)), elsewhere(taskAdded("t4", 1)), taskAdded("t3", 1)}, "staging agent1 t3, staging t4", 3},
		"no amount that there can be":      {[]mesos.StreamEvent{taskAdded("t3", -3), taskAdded("t4", 1e300), taskAdded("t5", math.NaN())}, "staging agent1 t3, staging agent1 t4, staging agent1 t5", 4},
		"a state that no Mesos is to have": {[]mesos.StreamEvent{taskUpdated("t1", "TASK_", 103), taskUpdated("t1", "", 104)}, "", 1},
	} {
		require.Equal(t, c.told, shortOnce(t, base.EventsOf(c.changes, nil)), name)
		with := base.With(c.changes, time.Unix(200, 0))
		require.Len(t, with.Tasks(), c.tasks, name)
		addsUp(t, with, 0)
	}
	for _, at := range []float64{0, -1, 1e10, 1e300, -1e300, 1e-300, math.Inf(1), math.NaN(), 4_102_444_800} {
		changes := []mesos.StreamEvent{taskUpdated("t1", "TASK_FINISHED", at), agentTold("S9", at, 100), frameworkTold("F9", at, 100)}
		all := base.EventsOf(changes, nil)
		require.Equal(t, "finished agent1 t1, added S9, added F9", shortOnce(t, all), at)
		for _, e := range all {
			require.Equal(t, time.Unix(100, 0).UTC(), e.Time.UTC(), fmt.Sprint(at, ": when it was learned"))
		}
		addsUp(t, base.With(changes, time.Unix(200, 0)), 0)
	}
}
