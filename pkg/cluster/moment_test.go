package cluster

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

const (
	firstLook  = 10_000 // Unix seconds
	secondLook = 10_015
)

// times writes events with their times in seconds, and those between two moments with both.
func times(all []events.Event) string {
	var b []string
	for _, e := range all {
		text := fmt.Sprintf("%s %s", e.What, inSeconds(e.Time))
		if !e.NotBefore.IsZero() {
			text = fmt.Sprintf("%s %s..%s", e.What, inSeconds(e.NotBefore), inSeconds(e.Time))
		}
		b = append(b, text)
	}
	return strings.Join(b, ", ")
}

func inSeconds(t time.Time) string { return fmt.Sprint(float64(t.UnixMilli()) / 1000) }

// looked returns the model of a /state of a moment, after changes to that of aBase.
func looked(t *testing.T, sent int64, before *Cluster, change func(*mesos.State)) *Cluster {
	t.Helper()
	s := stateFrom(t, aBase)
	s.Sent = time.Unix(sent, 0)
	if change != nil {
		change(s)
	}
	return Build(s, before)
}

// endedAt makes t1 end with a status at a time, and t2 begin and end within a second.
func endedAt(at float64) func(*mesos.State) {
	return func(s *mesos.State) {
		f := &s.Frameworks[0]
		one := streamTask("t1", "TASK_FAILED", 21, at).Task
		f.Tasks, f.CompletedTasks = nil, mesos.Ended{one, streamTask("t2", "TASK_FINISHED", at-1, at).Task}
	}
}

// A status has the time of an agent's clock. Where it cannot be, because the task was seen
// in its earlier state later than that, it happened between the two looks.
func TestStatusesOfAClockThatIsBehind(t *testing.T) {
	before := looked(t, firstLook, nil, nil)
	for at, want := range map[float64]string{
		10_007:        "running 10006, failed 10007, finished 10007",
		9_975:         "running 9974, failed 9975, finished 9975", // it may take that long to the master
		10_007 - 3600: "failed 10000..10015, running 10000..10015, finished 10000..10015",
		10_007 - 9000: "failed 10000..10015, running 10000..10015, finished 10000..10015",
		10_007 + 60:   "running 10066, failed 10067, finished 10067",
		10_007 + 3600: "failed 10000..10015, running 10000..10015, finished 10000..10015",
	} {
		require.Equal(t, want, times(Happened(before, looked(t, secondLook, before, endedAt(at)), nil)), at)
	}
}

// A task's statuses are in the order in which it had them, whatever their times.
func TestStatusesOfAClockThatJumps(t *testing.T) {
	before := looked(t, firstLook, nil, nil)
	happened := func(timestamps ...float64) string {
		after := looked(t, secondLook, before, func(s *mesos.State) {
			s.Frameworks[0].CompletedTasks = mesos.Ended{streamTask("t2", "TASK_FAILED", timestamps...).Task}
		})
		return times(Happened(before, after, nil))
	}
	require.Equal(t, "running 10005, failed 10000..10015", happened(10_005, 10_003), "back")
	require.Equal(t, "running 10000..10012, failed 10012", happened(10_005-3600, 10_012), "set right in between")
	require.Equal(t, "running 9990..9990, failed 9990", happened(10_005-3600, 9_990))
}

// What is listed later than it happened has its own time: its agent was away, or its
// scheduler was.
func TestStatusesThatCameLateHaveTheirTime(t *testing.T) {
	unreachable := func(at float64) func(*mesos.State) {
		return func(s *mesos.State) {
			s.Slaves = nil
			s.Frameworks[0].Tasks = []mesos.Task{streamTask("t1", "TASK_UNREACHABLE", 21, at).Task}
		}
	}
	away := looked(t, firstLook, nil, unreachable(9_000))
	back := looked(t, secondLook, away, endedAt(9_500))
	require.Contains(t, times(Happened(away, back, nil)), "failed 9500")
	require.Contains(t, times(Happened(away, looked(t, secondLook, away, endedAt(8_000)), nil)), "failed 10000..10015", "before it was unreachable")

	waits := looked(t, firstLook, nil, func(s *mesos.State) { s.Frameworks[0].Tasks[0].State = "TASK_KILLING" }) // its status is that of running
	require.Equal(t, "failed 9000, running 10000..10015, finished 10000..10015", times(Happened(waits, looked(t, secondLook, waits, endedAt(9_000)), nil)), "t2 does not wait")

	// An agent that registered again lists what ended on it.
	again := looked(t, secondLook, away, func(s *mesos.State) {
		endedAt(9_500)(s)
		registered := 10_010.0
		s.Slaves[0].ReregisteredTime = &registered
	})
	require.Contains(t, times(Happened(looked(t, firstLook, nil, nil), again, nil)), "running 9499")

	// A new leader learns it from agents that come back.
	base := looked(t, 9_000, nil, nil)
	lead := func(s *mesos.State) { s.PID, s.ElectedTime = "master@10.0.0.2:5050", 9_100 }
	none := looked(t, firstLook, base, func(s *mesos.State) {
		lead(s)
		s.Slaves, s.Frameworks, s.RecoveredSlaves = nil, nil, []mesos.RecoveredSlave{{ID: "S1"}}
	})
	all := looked(t, secondLook, none, func(s *mesos.State) { endedAt(9_500)(s); lead(s) })
	require.Equal(t, "running 9499, failed 9500, finished 9500", times(Happened(none, all, nil)))
}

// Of what ended long ago, /state is read in part only. What a clock puts there is among the
// latest ones of its framework.
func TestEndsOfAClockThatIsFarBehindAreRead(t *testing.T) {
	old := make([]string, 40)
	for i := range old {
		old[i] = completed(fmt.Sprint("old", i), 9_000+float64(i))
	}
	look := func(sent int64, since float64, before *Cluster, task string, ends ...string) *Cluster {
		text := strings.Replace(aBase, `"unreachable_tasks"`, `"completed_tasks": [`+strings.Join(append(old[:40:40], ends...), ", ")+`], "unreachable_tasks"`, 1)
		if task == "" {
			a, b := strings.Index(text, `"tasks": [`), strings.Index(text, `"completed_tasks"`)
			text = text[:a] + `"tasks": [], ` + text[b:]
		}
		s := mesos.State{EndedSince: since}
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		s.Sent = time.Unix(sent, 0)
		return Build(&s, before)
	}
	first := look(firstLook, firstLook-120, nil, "t1")
	second := look(secondLook, firstLook-120, first, "", completed("t1", 10_007-900), completed("t2", 10_007-900))
	require.Equal(t, "failed 10000..10015, failed 10000..10015", times(Happened(first, second, nil)))
	third := look(secondLook+15, secondLook-120, second, "", completed("t1", 10_007-900), completed("t2", 10_007-900))
	require.Empty(t, Happened(second, third, nil))

	// A client that is new reads more of it.
	fourth := look(secondLook+30, 8_000, third, "", completed("t1", 10_007-900), completed("t2", 10_007-900))
	require.Empty(t, Happened(third, fourth, nil))
}

// completed is a task that failed, as JSON.
func completed(id string, at float64) string {
	return fmt.Sprintf(`{"id": %q, "name": %q, "slave_id": "S1", "role": "prod", "state": "TASK_FAILED", "resources": {"cpus": 1}, "statuses": [{"state": "TASK_FAILED", "timestamp": %f}]}`, id, id, at)
}

// Masters have clocks, too.
func TestRegistrationsOfAClockThatIsBehind(t *testing.T) {
	before := looked(t, firstLook, nil, nil)
	after := looked(t, secondLook, before, func(s *mesos.State) {
		s.Slaves = append(s.Slaves, mesos.Slave{ID: "S2", Hostname: "agent2", Active: true, RegisteredTime: 10_007 - 3600})
		s.Frameworks = append(s.Frameworks, mesos.Framework{ID: "F2", Name: "two", Active: true, Connected: true, RegisteredTime: 10_007})
	})
	require.Equal(t, "added 10007, added 10000..10015", times(Happened(before, after, nil)))
	leader := looked(t, secondLook, before, func(s *mesos.State) { s.PID, s.ElectedTime = "master@10.0.0.2:5050", 10_007-3600 })
	require.Equal(t, "leader 10000..10015", times(Happened(before, leader, nil)))

	received := time.Unix(10_020, 0)
	require.Equal(t, "added 10020, added 10019", times(before.EventsOf([]mesos.StreamEvent{
		{Type: mesos.StreamAgentAdded, Received: received, Agent: &mesos.Slave{ID: "S3", Hostname: "agent3", Active: true, RegisteredTime: 10_019 - 3600}},
		{Type: mesos.StreamFrameworkAdded, Received: received, Framework: &mesos.Framework{ID: "F3", Name: "three", Active: true, Connected: true, RegisteredTime: 10_019}},
	}, nil)))
}

// The stream tells at once, but for what is told again.
func TestUpdatesOfAClockThatIsBehind(t *testing.T) {
	base := looked(t, firstLook, nil, nil)
	received := func(at int64, e mesos.StreamEvent) mesos.StreamEvent {
		e.Received = time.Unix(at, 0)
		return e
	}
	require.Equal(t, "staging 10020, running 10021, failed 10023", times(base.EventsOf([]mesos.StreamEvent{
		received(10_020, taskAdded("t2", 1)), received(10_021, taskUpdated("t2", "TASK_RUNNING", 10_021)),
		received(10_023, taskUpdated("t2", "TASK_FAILED", 10_023-3600)),
	}, nil)), "it jumped back")
	require.Equal(t, "failed 10022.5, failed 10024", times(base.EventsOf([]mesos.StreamEvent{
		received(10_021, taskUpdated("t3", "TASK_RUNNING", 10_021-7200)), received(10_023, taskUpdated("t3", "TASK_FAILED", 10_022.5)),
		received(10_024, taskUpdated("t1", "TASK_FAILED", 10_024-9000)),
	}, nil)))

	// A status waits for the acknowledgment of the one before it.
	running := received(10_600, taskUpdated("t2", "TASK_RUNNING", 10_021))
	running.Update.State = "TASK_FAILED"
	require.Equal(t, "staging 10020, running 10021, failed 10030", times(base.EventsOf([]mesos.StreamEvent{
		received(10_020, taskAdded("t2", 1)), running, received(10_601, taskUpdated("t2", "TASK_FAILED", 10_030)),
	}, nil)))

	// SUBSCRIBED tells what was missed.
	again := func(at float64) mesos.StreamEvent {
		return mesos.StreamEvent{Type: mesos.StreamSubscribed, Received: time.Unix(11_000, 0), Subscribed: &mesos.Subscribed{Tasks: []*mesos.StreamTask{streamTask("t1", "TASK_FAILED", 21, at)}}}
	}
	require.Equal(t, "failed 10500", times(base.EventsOf([]mesos.StreamEvent{again(10_500)}, nil)))
	require.Equal(t, "failed 10000..11000", times(base.EventsOf([]mesos.StreamEvent{again(10_500 - 3600)}, nil)))
}

// A task is staging before it has any other state, also where the clock of its agent is behind ours:
// Mesos tells no time of staging.
func TestStagingIsFirstWhateverTheClockOfTheAgent(t *testing.T) {
	base := looked(t, firstLook, nil, nil)
	received := func(at int64, e mesos.StreamEvent) mesos.StreamEvent {
		e.Received = time.Unix(at, 0)
		return e
	}
	added, running := received(10_020, taskAdded("t2", 1)), received(10_020, taskUpdated("t2", "TASK_RUNNING", 10_019.5))
	alone := base.EventsOf([]mesos.StreamEvent{added}, nil)
	both := base.EventsOf([]mesos.StreamEvent{added, running}, nil)
	require.Equal(t, "staging 10020", times(alone))
	require.Equal(t, "staging 10019.5, running 10019.5", times(both), "Mesos tells the time of running")
	require.Equal(t, alone[0].ID, both[0].ID)

	with := base.With([]mesos.StreamEvent{added}, time.Unix(10_021, 0))
	require.Equal(t, "running 10020", times(with.EventsOf([]mesos.StreamEvent{running}, nil)), "staging was told before")
	s := stateFrom(t, aBase)
	one := streamTask("t2", "TASK_RUNNING", 10_019.5).Task
	s.Frameworks[0].Tasks, s.Sent = append(s.Frameworks[0].Tasks, one), time.Unix(10_030, 0)
	require.Equal(t, "running 10020", times(Happened(with, Build(s, with), nil)))
}

// So it is over a restart: the log has when a task was staging by our clock.
func TestStagingBeforeARestartIsFirst(t *testing.T) {
	s := stateFrom(t, aBase)
	s.Frameworks[0].Tasks = append(s.Frameworks[0].Tasks, streamTask("t2", "TASK_RUNNING", 10_019.5).Task)
	s.Sent = time.Unix(10_040, 0)
	logged := []events.Event{{
		ID: "x", Kind: events.KindTask, What: events.What(Staging), Time: time.Unix(10_020, 0), FrameworkID: "F1", TaskID: "t2", AgentID: "S1",
	}, {
		ID: "y", Kind: events.KindTask, What: events.What(Running), Time: time.Unix(9_000, 0), FrameworkID: "F1", TaskID: "t1", AgentID: "S1",
	}}
	require.Equal(t, "running 10020", times(Build(s, nil).Since(time.Unix(10_025, 0), logged, nil)))
}
