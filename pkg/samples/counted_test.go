package samples

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// written is a sink that keeps samples as text, by series.
type written struct {
	refs map[string]series.Ref
	by   map[series.Ref]string
	all  map[string]string
	// times are those of the samples, in milliseconds.
	times map[string][]int64
}

func newWritten() *written {
	return &written{refs: map[string]series.Ref{}, by: map[series.Ref]string{}, all: map[string]string{}, times: map[string][]int64{}}
}

func (w *written) Room(time.Duration) int             { return 0 }
func (w *written) Batch(context.Context) series.Batch { return w }
func (w *written) Commit() error                      { return nil }
func (w *written) Rollback() error                    { return nil }

func (w *written) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	if ref == 0 {
		name := lset().String()
		if w.refs[name] == 0 {
			w.refs[name] = series.Ref(len(w.refs) + 1)
			w.by[w.refs[name]] = name
		}
		ref = w.refs[name]
	}
	value := fmt.Sprint(v)
	if series.IsStale(v) {
		value = "end"
	}
	w.times[w.by[ref]] = append(w.times[w.by[ref]], t)
	w.all[w.by[ref]] += fmt.Sprintf("%d %s, ", t/1000, value)
	return ref, nil
}

func endedOn(n int, what string, labels map[string]string) events.Event {
	return events.Event{Kind: events.KindTask, What: events.What(what), Time: time.Unix(int64(n), 0),
		Agent: "a1", AgentID: "S1", Role: "prod", TaskID: fmt.Sprint(n), Labels: labels}
}

func TestTasksThatEndAreCountedFromZero(t *testing.T) {
	sink := newWritten()
	w := NewWriter(sink)
	w.cluster = "c"
	poll := func(at int) {
		state := large(1, 0)
		state.Slaves[0].ID, state.Sent = "S1", time.Unix(int64(at), 0)
		require.NoError(t, w.State(context.Background(), cluster.Build(state, nil), Settings{}, Health{Poll: series.PollState, OK: true}))
	}
	poll(100)
	w.Count([]events.Event{
		endedOn(101, "failed", map[string]string{"label_team": "x", "label_env": "y"}), endedOn(102, "failed", nil),
		endedOn(103, "running", nil), endedOn(104, "unreachable", nil), // have not ended
		{Kind: events.KindAgent, What: events.Gone, AgentID: "S2", Time: time.Unix(105, 0)},
	})
	poll(160)
	poll(220)
	require.Equal(t, "100 0, 160 2, 220 2, ", sink.all[`{__name__="mesos_agent_tasks_ended_total", agent="a1", agent_id="S1", cluster="c", state="failed"}`])
	require.Equal(t, "100 0, 160 2, 220 2, ", sink.all[`{__name__="mesos_role_tasks_ended_total", cluster="c", role="prod", state="failed"}`])
	for _, label := range []string{`label_team="x"`, `label_env="y"`} {
		require.Equal(t, "100 0, 160 1, 220 1, ", sink.all[`{__name__="mesos_task_label_tasks_ended_total", cluster="c", `+label+`, state="failed"}`])
	}
	require.Equal(t, "100 0, 160 4, 220 4, ", sink.all[`{__name__="mesos_events_total", cluster="c", kind="task"}`])
	require.Equal(t, "100 0, 160 1, 220 1, ", sink.all[`{__name__="mesos_events_total", cluster="c", kind="agent"}`])
	for name := range sink.all {
		if strings.Contains(name, "_tasks_ended_total") {
			require.Contains(t, name, `state="failed"`)
		}
	}
	require.Equal(t, map[string]string{"label_team": "x"}, TaskLabels([]string{"team"})([]mesos.Label{{Key: "team", Value: "x"}, {Key: "env", Value: "y"}}))

	// What has ended long ago, where nothing is listed any more.
	poll(220 + 3700)
	require.Contains(t, sink.all[`{__name__="mesos_task_label_tasks_ended_total", cluster="c", label_team="x", state="failed"}`], "3920 end")
	require.NotContains(t, sink.all[`{__name__="mesos_agent_tasks_ended_total", agent="a1", agent_id="S1", cluster="c", state="failed"}`], "end", "the agent is still listed")
}

// counting writes models of one agent, S1, and one role, prod, at seconds.
type counting struct {
	sink *written
	*Writer
}

func newCounting() counting {
	sink := newWritten()
	c := counting{sink, NewWriter(sink)}
	c.cluster = "c"
	return c
}

func (c counting) poll(t *testing.T, at int, change func(*mesos.State)) {
	t.Helper()
	state := large(1, 1)
	state.Sent, state.Slaves[0].ID, state.Slaves[0].Hostname = time.Unix(int64(at), 0), "S1", "a1"
	state.Frameworks[0].Tasks[0].SlaveID = "S1"
	state.Slaves[0].Used, state.Frameworks[0].Used = mesos.Resources{CPUs: 1, Mem: 1024}, mesos.Resources{CPUs: 1, Mem: 1024}
	if change != nil {
		change(state)
	}
	require.NoError(t, c.State(context.Background(), cluster.Build(state, nil), Settings{}, Health{Poll: series.PollState, OK: true}))
}

const (
	byRole  = `{__name__="mesos_role_tasks_ended_total", cluster="c", role="prod", state="`
	byAgent = `{__name__="mesos_agent_tasks_ended_total", agent="a1", agent_id="S1", cluster="c", state="`
)

// A rule on failed tasks must have data where none has failed.
func TestWhatHasNotFailedIsZeroForListedAgentsAndRoles(t *testing.T) {
	c := newCounting()
	c.poll(t, 100, nil)
	c.Count([]events.Event{endedOn(101, "failed", nil)})
	c.poll(t, 160, nil)
	for _, name := range []string{byRole, byAgent} {
		require.Equal(t, "100 0, 160 1, ", c.sink.all[name+`failed"}`])
		require.Equal(t, "100 0, 160 0, ", c.sink.all[name+`lost"}`])
		require.Equal(t, "100 0, 160 0, ", c.sink.all[name+`error"}`])
		require.NotContains(t, c.sink.all, name+`finished"}`)
	}
	// Where the principal sees a part, nobody knows what ended.
	c = newCounting()
	c.poll(t, 100, func(s *mesos.State) { s.Slaves[0].Used.CPUs = 7 })
	require.NotContains(t, c.sink.all, byRole+`failed"}`)
	require.NotContains(t, c.sink.all, byAgent+`failed"}`)
	// What is removed ends.
	c = newCounting()
	c.poll(t, 100, nil)
	c.poll(t, 7300, func(s *mesos.State) { s.Slaves[0].ID = "S2"; s.Frameworks[0].Tasks[0].SlaveID = "S2" })
	require.Equal(t, "100 0, 7300 end, ", c.sink.all[byAgent+`failed"}`])
}

// What tasks did while the plugin was not running is counted from 0, which is later than
// anything that the process before may have written.
func TestWhatIsCountedBeforeTheFirstBatchBeginsWithZero(t *testing.T) {
	c := newCounting()
	c.Count([]events.Event{endedOn(90, "failed", nil), endedOn(91, "finished", nil), endedOn(91, "finished", nil)})
	c.poll(t, 100, nil)
	for name, want := range map[string]string{"failed": "99 0, 100 1, ", "finished": "99 0, 100 2, ", "lost": "100 0, "} {
		require.Equal(t, want, c.sink.all[byRole+name+`"}`])
		require.Equal(t, want, c.sink.all[byAgent+name+`"}`])
	}
	require.Equal(t, []int64{99_999, 100_000}, c.sink.times[byRole+`failed"}`])
	require.Equal(t, "99 0, 100 3, ", c.sink.all[`{__name__="mesos_events_total", cluster="c", kind="task"}`])
}

// After hours of outage a history on disk refuses samples of its beginning, and no rate
// looks back that far.
func TestWhatIsCountedAfterAnOutageRisesFromAMomentBefore(t *testing.T) {
	c := newCounting()
	c.poll(t, 100, nil)
	c.poll(t, 115, nil)
	c.Count([]events.Event{endedOn(116, "killed", nil)})
	c.poll(t, 130, nil)
	require.NoError(t, c.Fail(context.Background(), time.Unix(145, 0), time.Unix(100, 0), Health{Poll: series.PollState}))
	c.Count([]events.Event{endedOn(200, "failed", nil), endedOn(200, "killed", nil), endedOn(300, "finished", nil)})
	c.poll(t, 10_000, nil)
	c.poll(t, 10_015, nil)
	for name, want := range map[string]string{
		"failed":   "100 0, 115 0, 130 0, 145 end, 9985 0, 10000 1, 10015 1, ",
		"killed":   "115 0, 130 1, 145 end, 9985 1, 10000 2, 10015 2, ",
		"finished": "9985 0, 10000 1, 10015 1, ",
		"lost":     "100 0, 115 0, 130 0, 145 end, 10000 0, 10015 0, ",
	} {
		require.Equal(t, want, c.sink.all[byRole+name+`"}`], name)
	}
}

// A task that is listed nowhere has ended, and nobody knows how.
func TestWhatEndedUnknownIsCounted(t *testing.T) {
	c := newCounting()
	c.poll(t, 100, nil)
	c.Count([]events.Event{endedOn(101, "unknown", nil), endedOn(102, "unknown", nil)})
	c.poll(t, 115, nil)
	require.Equal(t, "100 0, 115 2, ", c.sink.all[byAgent+`unknown"}`])
}

// A series has no empty labels: those of all keys would be one.
func TestEmptyLabelsOfTasksAreNotCounted(t *testing.T) {
	c := newCounting()
	c.poll(t, 100, nil)
	c.Count([]events.Event{
		endedOn(101, "failed", map[string]string{"label_team": "", "label_env": ""}),
		endedOn(102, "failed", map[string]string{"label_team": "", "label_env": "x"}),
	})
	c.poll(t, 115, nil)
	var found []string
	for name := range c.sink.all {
		if strings.Contains(name, "mesos_task_label_tasks_ended_total") {
			found = append(found, name)
		}
	}
	require.Equal(t, []string{`{__name__="mesos_task_label_tasks_ended_total", cluster="c", label_env="x", state="failed"}`}, found)
}

func TestCountersOfLabelsAreBounded(t *testing.T) {
	sink := newWritten()
	w := NewWriter(sink)
	w.cluster = "c"
	var all []events.Event
	for n := range manyCounters + 10 {
		all = append(all, endedOn(n, "failed", map[string]string{"label_job": fmt.Sprint(n)}))
	}
	w.Count(all)
	state := large(1, 0)
	state.Sent = time.Unix(100, 0)
	require.NoError(t, w.State(context.Background(), cluster.Build(state, nil), Settings{}, Health{Poll: series.PollState, OK: true}))
	require.Equal(t, 10, w.Kept().Dropped)
	require.Contains(t, w.Kept().DroppedWhy, "mesos_task_label_tasks_ended_total")
}

// The time of an end may be long ago: learned after an outage, or of an agent whose clock
// is behind.
func TestAnEndOfLongAgoIsCountedWhenItIsLearned(t *testing.T) {
	for _, late := range []int{0, 3700, 1_000_000, -7200} {
		sink := newWritten()
		w := NewWriter(sink)
		w.cluster = "c"
		for i := range 5 {
			if i > 0 {
				w.Count([]events.Event{endedOn(2_000_000+60*i-10-late, "failed", map[string]string{"label_team": "x"})})
			}
			state := large(1, 0)
			state.Slaves[0].ID, state.Sent = "S9", time.Unix(int64(2_000_000+60*i), 0) // not the agent on which they end
			require.NoError(t, w.State(context.Background(), cluster.Build(state, nil), Settings{}, Health{Poll: series.PollState, OK: true}))
		}
		want := "2000000 0, 2000060 1, 2000120 2, 2000180 3, 2000240 4, "
		require.Equal(t, want, sink.all[`{__name__="mesos_agent_tasks_ended_total", agent="a1", agent_id="S1", cluster="c", state="failed"}`], late)
		require.Equal(t, want, sink.all[`{__name__="mesos_task_label_tasks_ended_total", cluster="c", label_team="x", state="failed"}`], late)
	}
}

func TestACounterThatBeginsAnewHasOneSampleAtAMoment(t *testing.T) {
	sink := newWritten()
	w := NewWriter(sink)
	w.cluster = "c"
	poll := func(at int) {
		state := large(1, 0)
		state.Slaves[0].ID, state.Sent = "S9", time.Unix(int64(at), 0)
		require.NoError(t, w.State(context.Background(), cluster.Build(state, nil), Settings{}, Health{Poll: series.PollState, OK: true}))
	}
	end := func(at int) {
		w.Count([]events.Event{endedOn(at, "failed", map[string]string{"label_team": "x"})})
	}
	poll(1000)
	end(1010)
	poll(1060)
	poll(1060 + 3601) // forgotten
	end(4670)
	poll(4720)
	const name = `{__name__="mesos_task_label_tasks_ended_total", cluster="c", label_team="x", state="failed"}`
	require.Equal(t, "1000 0, 1060 1, 4661 end, 4661 0, 4720 1, ", sink.all[name])
	require.Greater(t, sink.times[name][3], sink.times[name][2])
}

// What is told to the process that counts on is what was stored, whatever the times are.
func TestWhatWasCountedIsTold(t *testing.T) {
	sink := newWritten()
	w := NewWriter(sink)
	require.NoError(t, w.Rename(t.Context(), "c", time.Unix(0, 0)))
	require.Zero(t, w.Counted())
	state := func(n int) *cluster.Cluster {
		return cluster.Build(&mesos.State{Answer: mesos.Answer{Sent: time.Unix(int64(n), 0)}, Flags: map[string]string{}}, nil)
	}
	store := func(n int) Counted {
		require.NoError(t, w.State(t.Context(), state(n), Settings{}, Health{Poll: series.PollState, OK: true}))
		return w.Counted()
	}
	end := func(n int, at float64) *events.Event {
		return &events.Event{Kind: events.KindTask, What: "failed", Time: time.UnixMilli(int64(1000 * at)), FrameworkID: "F1", TaskID: fmt.Sprint(n)}
	}
	count := func(e *events.Event) { w.Count([]events.Event{*e}) }

	count(end(1, 995))
	first := store(1000)
	require.True(t, first.Has(end(1, 995)))
	require.True(t, first.Has(end(2, 999)), "it ended before this process began to count")
	require.False(t, first.Has(end(3, 1001)))

	count(end(3, 1001))
	require.Equal(t, first, w.Counted(), "no batch has it yet")
	count(end(4, 1010.5)) // while the /state was read
	second := store(1010)
	require.Equal(t, time.Unix(1010, 0), second.Until)
	require.True(t, second.Has(end(3, 1001)))
	require.True(t, second.Has(end(4, 1010.5)), "counted, although it is later than the batch")
	require.False(t, second.Has(end(5, 1009)), "not counted, although it is earlier: it was told late")
	require.True(t, second.Misses(end(5, 1009), time.Unix(1009, 0)))
	learned := *end(7, 1010.7)
	require.True(t, second.Misses(&learned, time.Unix(1009, 0)))
	require.False(t, second.Misses(&learned, time.Unix(999, 0)), "it was learned long after it")
	logged := *end(4, 1010.5)
	logged.ID = "as the log has it"
	require.True(t, second.Has(&logged))
	running := *end(6, 1009)
	running.What = "running"
	require.True(t, second.Has(&running), "of other events the time decides")
	require.False(t, second.Misses(&running, time.Unix(1009, 0)))

	third := store(1100)
	require.Empty(t, third.Ends)
	require.True(t, third.Has(end(5, 1039)), "too long ago")
	require.False(t, third.Has(end(5, 1041)))

	// Of very many only the latest are told, and all before them count as counted.
	for n := range 10 * mostEnds {
		count(end(n, 1100+float64(n)/1000))
	}
	many := store(1110)
	require.Len(t, many.Ends, mostEnds)
	require.True(t, many.Has(end(9*mostEnds-1, 1100+float64(9*mostEnds-1)/1000)))
	require.True(t, many.Has(end(10*mostEnds-1, 1100+float64(10*mostEnds-1)/1000)))
	require.False(t, many.Has(end(-1, 1110)))
}

func TestWhatCouldNotBeStoredIsNotTold(t *testing.T) {
	sink := &failing{written: newWritten()}
	w := NewWriter(sink)
	require.NoError(t, w.Rename(t.Context(), "c", time.Unix(0, 0)))
	state := func(n int) error {
		m := cluster.Build(&mesos.State{Answer: mesos.Answer{Sent: time.Unix(int64(n), 0)}, Flags: map[string]string{}}, nil)
		return w.State(t.Context(), m, Settings{}, Health{Poll: series.PollState, OK: true})
	}
	require.NoError(t, state(1000))
	e := endedOn(1005, "failed", nil)
	w.Count([]events.Event{e})
	sink.err = errors.New("made up")
	require.Error(t, state(1010))
	require.Equal(t, time.Unix(1000, 0), w.CountedUntil())
	sink.err = nil
	require.NoError(t, state(1020))
	is := w.Counted()
	require.Equal(t, time.Unix(1020, 0), is.Until)
	require.True(t, is.Has(&e))
}

// failing is a sink that does not store while err is set.
type failing struct {
	*written
	err error
}

func (f *failing) Batch(context.Context) series.Batch { return f }
func (f *failing) Commit() error                      { return f.err }
