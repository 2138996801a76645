package collector_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// logged is an event of a task in the log of a process before.
func logged(id, state string, at time.Time) events.Event {
	return events.Event{
		ID: id + "/" + state, Kind: events.KindTask, What: events.What(state), Time: at, Severity: events.Info,
		TaskID: id, Task: "name of " + id, FrameworkID: "F1", Framework: "marathon", Agent: "agent1", AgentID: "S1",
	}
}

// told returns what the log has of a task, in the order in which it came.
func (l *eventLog) told(task string) string {
	var told []string
	for _, e := range l.of(events.KindTask) {
		if e.TaskID == task {
			told = append(told, string(e.What))
		}
	}
	return strings.Join(told, ", ")
}

// whileStopped returns changes of a fake whose plugin was stopped for a while: t1 failed,
// t2 began and failed, t3 runs on, t4 is forgotten, t5 failed before and is in the log, t6
// began, and t7 failed before the log began.
func whileStopped(away time.Duration) func(*fake) {
	return func(f *fake) {
		f.watched = begin.Add(-away)
		f.before = []events.Event{
			logged("t1", "running", begin.Add(-time.Hour)), logged("t3", "running", begin.Add(-time.Hour)),
			logged("t4", "running", begin.Add(-time.Hour)),
			logged("t5", "running", begin.Add(-time.Hour)), logged("t5", "failed", begin.Add(-away-time.Minute)),
		}
		six := task(6)
		six.Statuses[0].Timestamp = float64(begin.Add(-away / 3).Unix())
		f.state.ElectedTime = float64(begin.Add(-24 * time.Hour).Unix())
		f.state.Frameworks[0].Tasks = []mesos.Task{task(3), six}
		two := ended(2, "TASK_FAILED", begin.Add(-away/2))
		two.Statuses[0].Timestamp = float64(begin.Add(-away * 3 / 4).Unix())
		f.state.Frameworks[0].CompletedTasks = []mesos.Task{
			ended(1, "TASK_FAILED", begin.Add(-away/2)), two,
			ended(5, "TASK_FAILED", begin.Add(-away-time.Minute)), ended(7, "TASK_FAILED", begin.Add(-2*time.Hour)),
		}
	}
}

func requireToldAfterRestart(t *testing.T, f *faked, away time.Duration) {
	t.Helper()
	f.clock.Advance(4 * interval)
	require.Equal(t, "running, failed", f.events.told("t1"))
	require.Equal(t, "running, failed", f.events.told("t2"))
	require.Equal(t, "running", f.events.told("t3"), "nothing happened to it")
	require.Equal(t, "running, unknown", f.events.told("t4"))
	require.Equal(t, "running, failed", f.events.told("t5"), "told before")
	require.Equal(t, "running", f.events.told("t6"))
	require.Empty(t, f.events.told("t7"), "before the log")
	for _, e := range f.events.of(events.KindTask) {
		if e.TaskID == "t1" && e.What == "failed" {
			require.WithinDuration(t, begin.Add(-away/2), e.Time, time.Millisecond, "Mesos' own time")
		}
	}
	require.NotEmpty(t, f.rec.find("mesos_role_tasks_ended_total"))
}

func TestWhatTasksDidDuringARestartIsTold(t *testing.T) {
	for _, away := range []time.Duration{20 * time.Second, 39 * time.Second, time.Minute, 30 * time.Minute} {
		t.Run(away.String(), func(t *testing.T) {
			requireToldAfterRestart(t, start(t, collector.Settings{}, whileStopped(away)), away)
		})
		t.Run(away.String()+" with the stream", func(t *testing.T) {
			f, _ := follow(t, 1, collector.Settings{}, whileStopped(away))
			requireToldAfterRestart(t, f, away)
		})
	}
}

// A log of another cluster tells nothing about this one.
func TestARestartWithAnotherClusterTellsNoTasks(t *testing.T) {
	f := start(t, collector.Settings{}, whileStopped(time.Minute), func(f *fake) {
		for i := range f.before {
			f.before[i].Cluster = "another"
		}
	})
	f.clock.Advance(4 * interval)
	require.Equal(t, "running", f.events.told("t1"))
	require.Equal(t, "running", f.events.told("t4"))
	require.Empty(t, f.events.told("t2"))
}
