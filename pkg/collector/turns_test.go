package collector_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// Several processes take turns to poll a cluster: each counts what the ones before it did not.

// failed is the event that a task of the fake failed.
func failed(n int, at time.Time) events.Event {
	return logged(fmt.Sprintf("t%d", n), "failed", at)
}

// A record of the stream may come after the answer to a /state that has the end already. Then the
// batch of that moment does not count it, and whoever polls next is not told that it was counted.
func TestAnEndThatTheStreamTellsLateIsNotTakenForCounted(t *testing.T) {
	t.Run("nobody polled before", func(t *testing.T) { tellsLate(t, nil) })
	t.Run("another one polled before", func(t *testing.T) {
		before := collector.CountedBefore{Counted: countedOf(t, begin.Add(-time.Minute), begin.Add(-12*time.Second)), Exactly: true}
		tellsLate(t, func(context.Context) collector.CountedBefore { return before })
	})
}

func tellsLate(t *testing.T, before func(context.Context) collector.CountedBefore) {
	t.Helper()
	f, st := follow(t, 1, collector.Settings{}, func(f *fake) {
		f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, task(2), task(3))
		f.counted = before
	})
	f.clock.Advance(2 * interval)
	polled := f.clock.Now()
	require.WithinDuration(t, polled, f.Counted().Until, 0)

	at := polled.Add(interval / 2)
	early, late := failed(2, at), failed(3, at.Add(time.Second))
	f.clock.Advance(interval/2 + time.Second)
	require.NoError(t, st.send(update(2, "TASK_FAILED", early.Time)))
	f.set(func(f *fake) {
		f.ends(2)
		f.ends(3)
		f.state.Frameworks[0].CompletedTasks = []mesos.Task{ended(2, "TASK_FAILED", early.Time), ended(3, "TASK_FAILED", late.Time)}
	})
	f.clock.Advance(interval/2 - time.Second)
	counted := f.Counted()
	require.WithinDuration(t, polled.Add(interval), counted.Until, 0, "a /state has both ends")
	require.Equal(t, 1.0, f.rec.sum(counted.Until, "mesos_agent_tasks_ended_total", "state=failed"), "and the stream has told one")
	require.True(t, counted.Has(&early))
	require.False(t, counted.Has(&late))

	require.NoError(t, st.send(update(3, "TASK_FAILED", late.Time)))
	f.clock.Advance(interval)
	counted = f.Counted()
	require.Equal(t, 2.0, f.rec.sum(counted.Until, "mesos_agent_tasks_ended_total", "state=failed"))
	require.True(t, counted.Has(&late))
	for _, e := range f.events.of(events.KindTask) {
		require.NotEmpty(t, e.Reason, "%s, as only the stream tells it", e.TaskID)
	}
}

// An end that is told while /state is read is in the batch of the moment at which it was asked for.
func TestAnEndThatIsToldWhileStateIsReadIsCountedOnce(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(2*interval - time.Second)
	hold := make(chan struct{})
	f.set(func(f *fake) { f.holdState = hold })
	passed := make(chan struct{})
	asked := f.count("state")
	go func() {
		defer close(passed)
		f.clock.Advance(time.Second)
	}()
	require.Eventually(t, func() bool { return f.count("state") > asked }, 10*time.Second, time.Millisecond)
	during := failed(1, f.clock.Now().Add(300*time.Millisecond))
	require.NoError(t, st.sendAt(update(1, "TASK_FAILED", during.Time), during.Time))
	f.set(func(f *fake) { f.holdState = nil })
	close(hold)
	<-passed
	f.clock.Settle()
	counted := f.Counted()
	require.Equal(t, 1.0, f.rec.sum(counted.Until, "mesos_agent_tasks_ended_total", "state=failed"))
	require.True(t, during.Time.After(counted.Until))
	require.True(t, counted.Has(&during))
}

// What the stream told since the latest batch is in the log, so that the next process does not find it.
func TestWhatWasCountedBeforeAStopIsWritten(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(2 * interval)
	end := failed(1, f.clock.Now().Add(5*time.Second))
	f.clock.Advance(5 * time.Second)
	require.NoError(t, st.send(update(1, "TASK_FAILED", end.Time)))
	f.clock.Advance(2 * time.Second)
	require.Equal(t, "failed", f.events.told("t1"))
	counter := func() string { return f.rec.one(t, "mesos_agent_tasks_ended_total", "state=failed").text(begin) }
	require.Equal(t, "0s 0, 15s 0, 30s 0", counter())
	f.Stop()
	require.Equal(t, "0s 0, 15s 0, 30s 0, 37s 1, 37.001s end", counter())
	counted := f.Counted()
	require.True(t, counted.Has(&end))
}

// countedOf returns what a process tells that counted these ends and stored them at a moment.
func countedOf(t *testing.T, since, until time.Time, ends ...events.Event) samples.Counted {
	t.Helper()
	w := samples.NewWriter(newRecorder())
	require.NoError(t, w.Rename(t.Context(), "fixture", since))
	for _, at := range []time.Time{since, until} {
		m := cluster.Build(&mesos.State{Answer: mesos.Answer{Sent: at}, Flags: map[string]string{}}, nil)
		require.NoError(t, w.State(t.Context(), m, samples.Settings{}, samples.Health{Poll: series.PollState, OK: true}))
		w.Count(ends)
		ends = nil
	}
	return w.Counted()
}

func TestOnlyEndsThatNobodyCountedAreCounted(t *testing.T) {
	ago := func(seconds int) time.Time { return begin.Add(-time.Duration(seconds) * time.Second) }
	since, until := ago(60), ago(20)
	ends := map[int]struct {
		at      time.Time
		counted bool      // by the process before
		logged  bool      // by this one, of a time in which it did not count
		learned time.Time // the time that the log has; zero: at
	}{
		2: {at: ago(70), counted: true},               // before the process before began
		3: {at: ago(40), counted: true},               // by that one
		4: {at: ago(19), counted: true},               // also, while its last /state was read
		5: {at: ago(25)},                              // the stream told it after the last batch
		6: {at: ago(10)},                              // while nobody polled
		7: {at: ago(24), logged: true},                // a table was looked at
		8: {at: ago(39), counted: true, logged: true}, // also, and it was counted
		// Also, by one that was suspended, and learned of it when it went on.
		9: {at: ago(65), counted: true, logged: true, learned: ago(5)},
	}
	for name, told := range map[string]struct {
		exactly bool
		want    float64
	}{
		"exactly":         {true, 3},  // 5, 6, 7
		"until when only": {false, 2}, // 6, and 4, of which it is not known
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, collector.Settings{}, func(f *fake) {
				f.state.ElectedTime = float64(ago(24 * 3600).Unix())
				var counted []events.Event
				for n, end := range ends {
					f.state.Frameworks[0].CompletedTasks = append(f.state.Frameworks[0].CompletedTasks, ended(n, "TASK_FAILED", end.at))
					e := failed(n, end.at)
					e.Role = "prod"
					if end.counted {
						counted = append(counted, e)
					}
					if end.logged {
						if !end.learned.IsZero() {
							e.Time = end.learned
						}
						f.before = append(f.before, e)
					}
				}
				before := collector.CountedBefore{Counted: countedOf(t, since, until, counted...), Exactly: true}
				if !told.exactly {
					before = collector.CountedBefore{Counted: collector.Counted{Until: until, Since: until}}
				}
				f.counted = func(context.Context) collector.CountedBefore { return before }
			})
			f.clock.Advance(4 * interval)
			for _, series := range []string{"mesos_agent_tasks_ended_total", "mesos_role_tasks_ended_total"} {
				require.Equal(t, told.want, f.rec.sum(f.clock.Now(), series, "state=failed"), series)
			}
		})
	}
}
