package collector_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// eventLog is a log that keeps events in order.
type eventLog struct {
	events.Log
	mu     sync.Mutex
	all    []events.Event
	err    error // where not nil, the answer to Append
	stats  events.Stats
	called int
	// remembered is what was kept last, with how often.
	remembered   []byte
	rememberings int
}

func (l *eventLog) Remember(_ context.Context, value []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	l.remembered = value
	l.rememberings++
	return nil
}

func (l *eventLog) Remembered(context.Context) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.remembered, nil
}

func (l *eventLog) Append(_ context.Context, all []events.Event) (added []events.Event, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.called++
	if l.err != nil {
		return nil, l.err
	}
	for _, e := range all {
		known := false
		for _, before := range l.all {
			known = known || before.ID == e.ID
		}
		if !known {
			l.all, added = append(l.all, e), append(added, e)
		}
	}
	return added, nil
}

// Select chooses by kind and by what happened.
func (l *eventLog) Select(_ context.Context, f events.Filter) (found []events.Event, more int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.all {
		fits := len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)
		for _, c := range f.Where {
			fits = fits && c.Field == events.FieldEvent && slices.Contains(c.Values, string(e.What))
		}
		if fits {
			found = append(found, e)
		}
	}
	return found, 0, nil
}

func (l *eventLog) Stats() events.Stats { return l.stats }

// of returns the events of a kind.
func (l *eventLog) of(kind events.Kind) (found []events.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.all {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}

// set changes how it answers.
func (l *eventLog) set(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

// ended makes a task of the fake end as its scheduler sees it before it acknowledges.
func ended(n int, state string, at time.Time) mesos.Task {
	t := task(n)
	t.State = state
	t.Labels = []mesos.Label{{Key: "team", Value: "search"}}
	t.Statuses = append(t.Statuses, mesos.TaskStatus{State: state, Timestamp: float64(at.UnixMilli()) / 1000})
	return t
}

func TestEventsAreFoundByComparingStates(t *testing.T) {
	f := start(t, collector.Settings{TaskLabels: []string{"team"}})
	require.Empty(t, f.events.all, "nothing is known to have happened before the first /state")
	f.clock.Advance(interval)
	f.set(func(f *fake) {
		f.state.Slaves = append(f.state.Slaves, agent(2))
		f.state.Frameworks[0].Tasks = []mesos.Task{ended(1, "TASK_FAILED", begin.Add(20*time.Second))}
	})
	f.clock.Advance(interval)
	f.clock.Advance(interval)

	agents := f.events.of(events.KindAgent)
	require.Len(t, agents, 1)
	require.Equal(t, events.Added, agents[0].What)
	require.Equal(t, "agent2", agents[0].Agent)
	tasks := f.events.of(events.KindTask)
	require.Len(t, tasks, 1, "each once")
	require.Equal(t, events.What("failed"), tasks[0].What)

	// A 0 at the /state before, so that increase() counts the first one.
	require.Equal(t, "0s 0, 15s 0, 30s 1, 45s 1", f.rec.one(t, "mesos_agent_tasks_ended_total", "agent=agent1", "agent_id=S1", "state=failed").text(begin))
	require.Equal(t, "0s 0, 15s 0, 30s 1, 45s 1", f.rec.one(t, "mesos_role_tasks_ended_total", "role=prod", "state=failed").text(begin))
	require.Equal(t, "15s 0, 30s 1, 45s 1", f.rec.one(t, "mesos_task_label_tasks_ended_total", "label_team=search", "state=failed").text(begin))
	require.Equal(t, "0s 0, 15s 0, 30s 1, 45s 1", f.rec.one(t, "mesos_events_total", "kind=task").text(begin))
	require.Equal(t, "0s 0, 15s 0, 30s 0, 45s 0", f.rec.one(t, "mesos_events_total", "kind=master").text(begin))
}

// An agent's clock that is wrong moves no event out of the time in which it was learned, where
// a rule counts it.
func TestAClockThatIsWrongHidesNoFailure(t *testing.T) {
	for _, skew := range []time.Duration{-3 * time.Hour, -time.Hour, -time.Minute, -5 * time.Second, 0, 5 * time.Second, time.Hour} {
		failed := func(t *testing.T, f *faked, task string) {
			t.Helper()
			require.Contains(t, f.events.told(task), "failed", skew)
			last := time.Time{}
			for _, e := range f.events.of(events.KindTask) {
				if e.TaskID != task {
					continue
				}
				require.False(t, e.Time.Before(last), "%s: %s is before what the task did before", skew, e.What)
				require.WithinRange(t, e.Time, f.clock.Now().Add(-90*time.Second), f.clock.Now().Add(max(0, min(skew, interval))), "%s: %s", skew, e.What)
				last = e.Time
			}
		}
		statuses := func(from, to time.Time, n int) mesos.Task {
			one := ended(n, "TASK_FAILED", to.Add(skew))
			one.Statuses[0].Timestamp = float64(from.Add(skew).Unix())
			return one
		}
		t.Run(skew.String()+" by polls", func(t *testing.T) {
			f := start(t, collector.Settings{}, func(f *fake) {
				f.state.Frameworks[0].Tasks[0] = statuses(begin.Add(-time.Hour), begin, 1)
				one := &f.state.Frameworks[0].Tasks[0]
				one.State, one.Statuses = "TASK_RUNNING", one.Statuses[:1]
			})
			f.clock.Advance(2*interval + 2*time.Second)
			f.set(func(f *fake) {
				f.state.Frameworks[0].Tasks = nil
				f.state.Frameworks[0].CompletedTasks = []mesos.Task{
					statuses(begin.Add(-time.Hour), f.clock.Now(), 1), statuses(f.clock.Now().Add(-time.Second), f.clock.Now(), 2),
				}
			})
			f.clock.Advance(3 * interval)
			failed(t, f, "t1")
			failed(t, f, "t2")
		})
		t.Run(skew.String()+" by the stream", func(t *testing.T) {
			f, st := follow(t, 1, collector.Settings{})
			f.clock.Advance(20 * time.Second)
			require.NoError(t, st.send(added(2)))
			require.NoError(t, st.send(update(2, "TASK_RUNNING", f.clock.Now())))
			f.clock.Advance(10 * time.Second)
			require.NoError(t, st.send(update(2, "TASK_FAILED", f.clock.Now().Add(skew))))
			f.clock.Advance(2 * time.Second)
			failed(t, f, "t2")
		})
	}
}

func TestEventsThatTheLogDidNotTakeAreAddedLater(t *testing.T) {
	f := start(t, collector.Settings{})
	f.events.set(errors.New("made up: the disk is full"))
	f.set(func(f *fake) { f.state.Slaves = append(f.state.Slaves, agent(2)) })
	f.clock.Advance(interval)
	require.Equal(t, "0s 0, 15s 0", f.rec.one(t, "mesos_events_total", "kind=agent").text(begin))
	f.events.set(nil)
	f.clock.Advance(interval)
	require.Len(t, f.events.of(events.KindAgent), 1)
	require.Equal(t, "0s 0, 15s 0, 30s 1", f.rec.one(t, "mesos_events_total", "kind=agent").text(begin))
}

func TestEventsAreCountedWithoutALog(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) { f.noEvents = true })
	f.set(func(f *fake) { f.state.Slaves = append(f.state.Slaves, agent(2)) })
	f.clock.Advance(2 * interval)
	require.Equal(t, "0s 0, 15s 1, 30s 1", f.rec.one(t, "mesos_events_total", "kind=agent").text(begin))
}

func TestAnotherLeaderIsAnEvent(t *testing.T) {
	f := start(t, collector.Settings{})
	f.set(func(f *fake) {
		f.address, f.state.PID, f.state.ElectedTime = "master2:5050", "master@10.0.0.2:5050", float64(begin.Unix())+7.25
	})
	f.clock.Advance(2 * interval)
	leaders := f.events.of(events.KindMaster)
	require.Len(t, leaders, 1)
	require.Equal(t, events.NewLeader, leaders[0].What)
	require.Equal(t, begin.Add(7250*time.Millisecond), leaders[0].Time, "when it was elected")
	require.Contains(t, leaders[0].Message, "master2:5050")
	require.Equal(t, begin, leaders[0].NotBefore, "the last answer of the leader before")
	require.Equal(t, begin.Add(interval), leaders[0].End, "the first answer of this one")
	require.NotEmpty(t, leaders[0].Opens, "it lasts")
}

// The event stream is an answer, too: without a failed poll it tells best since when nobody leads.
func TestAFailoverLastsFromTheLastRecordOfTheStream(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(interval + 5*time.Second)
	require.NoError(t, st.send(mesos.StreamEvent{Type: mesos.StreamHeartbeat}))
	f.clock.Advance(4 * time.Second)
	elected := f.clock.Now().Add(250 * time.Millisecond)
	f.set(func(f *fake) {
		f.address, f.state.PID, f.state.ElectedTime = "master2:5050", "master@10.0.0.2:5050", float64(elected.UnixMilli())/1000
	})
	f.clock.Advance(2 * interval)
	leaders := f.events.of(events.KindMaster)
	require.Len(t, leaders, 1)
	require.Equal(t, elected, leaders[0].Time)
	require.Equal(t, begin.Add(2*interval), leaders[0].End)
	require.Equal(t, begin.Add(interval+5*time.Second), leaders[0].NotBefore)
	require.Empty(t, f.events.of(events.KindCollection), "no poll failed")

	// The one before is cut off, and has its stream open still: until then it answered.
	require.Eventually(t, func() bool { f.clock.Advance(time.Second); return st.subscriptions() == 2 && st.open() == 1 }, 10*time.Second, time.Millisecond)
	f.clock.Advance(interval)
	elected = f.clock.Now().Add(250 * time.Millisecond)
	f.set(func(f *fake) {
		f.address, f.state.PID, f.state.ElectedTime = "master3:5050", "master@10.0.0.3:5050", float64(elected.UnixMilli())/1000
	})
	f.clock.Advance(time.Second)
	require.NoError(t, st.send(mesos.StreamEvent{Type: mesos.StreamHeartbeat}))
	f.clock.Advance(2 * interval)
	leaders = f.events.of(events.KindMaster)
	require.Len(t, leaders, 2)
	require.Zero(t, leaders[1].NotBefore)
	require.True(t, leaders[1].End.After(elected), leaders[1].End)

	// The same master is elected again while it cannot be reached: the answers do not tell when.
	again := f.clock.Now().Add(20 * time.Minute)
	f.clock.Advance(20*time.Minute + 5*time.Second)
	f.set(func(f *fake) { f.state.ElectedTime = float64(again.Unix()) })
	f.clock.Advance(2 * interval)
	leaders = f.events.of(events.KindMaster)
	require.Len(t, leaders, 3)
	require.Zero(t, leaders[2].End)
	require.Empty(t, leaders[2].Opens)
}

func TestAGapOfCollectionIsAnEvent(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(interval)
	f.set(func(f *fake) { f.err["state"] = failure(mesos.Network) })
	f.clock.Advance(interval + 2*time.Second)
	f.set(func(f *fake) { delete(f.err, "state") })
	f.clock.Advance(3 * interval)
	gaps := f.events.of(events.KindCollection)
	require.Len(t, gaps, 1)
	require.Equal(t, begin.Add(interval), gaps[0].Time, "the last look before")
	require.Equal(t, begin.Add(3*interval), gaps[0].End, "the first one after")
	require.Contains(t, gaps[0].Message, "made up: network")
	require.Equal(t, events.Gap, gaps[0].What)
}

// What a log knows of a process before this one is a gap, once.
func TestTheTimeWithoutThePluginIsAGap(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) { f.watched = begin.Add(-time.Hour) })
	f.clock.Advance(3 * interval)
	gaps := f.events.of(events.KindCollection)
	require.Len(t, gaps, 1)
	require.Equal(t, begin.Add(-time.Hour), gaps[0].Time)
	require.Equal(t, begin, gaps[0].End)
	require.Contains(t, gaps[0].Message, "the plugin was not running")

	f = start(t, collector.Settings{}, func(f *fake) { f.watched = begin.Add(-2 * interval) })
	f.clock.Advance(3 * interval)
	require.Empty(t, f.events.of(events.KindCollection), "no longer than polls are apart")
}

func TestTheTimeWithoutAnyQueryIsAGap(t *testing.T) {
	f := start(t, collector.Settings{IdleTimeout: time.Minute})
	f.clock.Advance(10 * time.Minute)
	f.Touch()
	f.clock.Settle()
	gaps := f.events.of(events.KindCollection)
	require.Len(t, gaps, 1)
	require.Equal(t, begin.Add(45*time.Second), gaps[0].Time)
	require.Equal(t, begin.Add(10*time.Minute), gaps[0].End)
}

// Another cluster's events are not those of the one before.
func TestAnotherClusterHappenedToNobody(t *testing.T) {
	f := start(t, collector.Settings{Masters: []string{"http://master1:5050"}})
	other := newFake(f.clock)
	other.state.PID, other.state.ElectedTime = "master@10.1.0.1:5050", 99
	other.state.Slaves[0].ID, other.state.Frameworks[0].ID = "T1", "G1"
	other.state.Frameworks[0].Tasks = nil
	f.Apply(collector.Settings{Masters: []string{"http://other:5050"}, UID: "uid"}, other)
	f.clock.Advance(2 * interval)
	require.Positive(t, other.count("state"))
	require.Len(t, f.events.all, 1)
	require.Equal(t, events.OtherCluster, f.events.all[0].What)
	require.Equal(t, "The cluster fixture is watched from here on: what was before is of another one", f.events.all[0].Message)
}

// What was going on when the plugin was stopped may be over when it starts.
func TestWhatEndedWhileThePluginWasStoppedIsEnded(t *testing.T) {
	away := func(n int) events.Event {
		id := fmt.Sprintf("S%d", n)
		return events.Event{
			ID: id, Opens: "agent/" + id + "/unreachable", Kind: events.KindAgent, What: events.Unreachable,
			Time: begin.Add(-time.Hour), AgentID: id, Agent: fmt.Sprintf("agent%d", n), Severity: events.Error,
		}
	}
	f := start(t, collector.Settings{}, func(f *fake) { f.before = []events.Event{away(1), away(2)} })
	told := f.events.of(events.KindAgent)[2:]
	require.Len(t, told, 1, "agent2 is not listed")
	require.Equal(t, []any{events.Back, "S1", []string{"agent/S1/unreachable"}}, []any{told[0].What, told[0].AgentID, told[0].Closes})
	require.Equal(t, []any{begin.Add(-time.Hour), begin}, []any{told[0].NotBefore, told[0].Time})
	f.clock.Advance(4 * interval)
	require.Len(t, f.events.of(events.KindAgent), 3)
}
