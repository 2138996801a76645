package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// slow is a filter that takes long: for each event the pattern is tried at each character.
func slow() events.Filter {
	return events.Filter{Limit: 10, Where: []events.Condition{{Field: "message", Values: []string{"(.*a.*b.*){20}"}, Pattern: true}}}
}

// fill appends what a slow read takes long for.
func fill(t *testing.T, l *Log) {
	t.Helper()
	var all []events.Event
	for i := range 20_000 {
		e := task(i, "running", noon.Add(time.Duration(i)*time.Millisecond))
		e.Message = strings.Repeat("ab", 30)
		all = append(all, e)
	}
	appended(t, l, all...)
}

func TestAReadHoldsUpNothing(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		fill(t, l)
		ctx, cancel := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		ended := make(chan error, maxReaders)
		for range maxReaders {
			readers.Go(func() {
				_, _, err := l.Select(ctx, slow())
				ended <- err
			})
		}
		require.Eventually(t, func() bool { return len(l.databases()[0].reading) == maxReaders }, 10*time.Second, time.Millisecond)
		require.Len(t, appended(t, l, task(-1, "running", noon)), 1, "while they read")
		require.Equal(t, 20_001, l.Stats().Events)
		require.Empty(t, ended, "none of them has ended yet")

		// One more waits for its turn, but no longer than its context.
		impatient, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer stop()
		_, _, err := l.Select(impatient, events.Filter{Limit: 1})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		cancel()
		readers.Wait()
		for range maxReaders {
			require.ErrorIs(t, <-ended, context.Canceled)
		}
		require.Len(t, selected(t, l, events.Filter{Where: []events.Condition{{Field: "task_id", Values: []string{"t-1"}}}}), 1)
	})
}

func TestCloseEndsWhatReads(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		fill(t, l)
		ended := make(chan error, 1)
		go func() {
			_, _, err := l.Select(t.Context(), slow())
			ended <- err
		}()
		require.Eventually(t, func() bool { return len(l.databases()[0].reading) == 1 }, 10*time.Second, time.Millisecond)
		began := time.Now()
		require.NoError(t, l.Close())
		require.Less(t, time.Since(began), 1500*time.Millisecond)
		require.ErrorIs(t, <-ended, errClosed)
	})
}

func TestManyUseALogAtOnce(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		l.SetBounds(Bounds{Retention: time.Hour})
		var all sync.WaitGroup
		for who := range 4 {
			all.Go(func() {
				for i := range 50 {
					added, err := l.Append(t.Context(), []events.Event{task(i, "running", noon), task(1000*who+i, "failed", noon)})
					if err != nil || len(added) == 0 {
						t.Errorf("appended %d: %v", len(added), err)
					}
				}
			})
			all.Go(func() {
				for range 50 {
					if _, _, err := l.Select(t.Context(), events.Filter{From: noon, To: noon, Limit: 5}); err != nil {
						t.Error(err)
					}
					if _, err := l.Count(t.Context(), events.Filter{}, []events.Field{"event"}, 5); err != nil {
						t.Error(err)
					}
					_ = l.Stats()
				}
			})
		}
		all.Wait()
		require.Equal(t, 50+4*50, l.Stats().Events)
	})
}

// Indexes serve what is asked most; a plan that looks at the whole table is named here.
func TestIndexesServe(t *testing.T) {
	l, _ := newLog(t, Options{File: filepath.Join(t.TempDir(), "events.sqlite")})
	appended(t, l, task(1, "running", noon))
	for name, c := range map[string]struct {
		filter events.Filter
		index  string
	}{
		"a range":         {events.Filter{From: noon, To: noon}, "events_time"},
		"everything":      {events.Filter{}, "events_time"},
		"rare kinds":      {events.Filter{From: noon, To: noon, Kinds: []events.Kind{events.KindAgent, events.KindMaster}}, "events_other"},
		"what worries":    {events.Filter{From: noon, To: noon, Least: events.Error}, "events_worry"},
		"worrying tasks":  {events.Filter{From: noon, To: noon, Kinds: []events.Kind{events.KindTask}, Least: events.Warning}, "events_worry"},
		"a task":          {events.Filter{From: noon, To: noon, Where: []events.Condition{{Field: "task_id", Values: []string{"t1"}}}}, "events_task"},
		"tasks":           {events.Filter{From: noon, To: noon, Where: []events.Condition{{Field: "task_id", Values: []string{"t1", "t2"}}}}, "events_task"},
		"a framework":     {events.Filter{From: noon, To: noon, Where: []events.Condition{{Field: "framework", Values: []string{"marathon"}}}}, "events_time"},
		"all but a task":  {events.Filter{From: noon, Where: []events.Condition{{Field: "task_id", Values: []string{"t1"}, Not: true}}}, "events_time"},
		"failures":        {events.Filter{From: noon, To: noon, Where: []events.Condition{{Field: "event", Values: []string{"failed"}}}}, "events_event"},
		"an agent":        {events.Filter{From: noon, To: noon, Where: []events.Condition{{Field: "agent", Values: []string{"host1"}}}}, "events_agent"},
		"agents by state": {events.Filter{Kinds: []events.Kind{events.KindAgent}, Where: []events.Condition{{Field: "event", Values: []string{"lost"}}}}, "events_event"},
	} {
		base, err := conditions(c.filter)
		require.NoError(t, err)
		w := base.happened(c.filter)
		var plan []string
		require.NoError(t, l.disk.read(t.Context(), func(conn *conn) error {
			return conn.rows("EXPLAIN QUERY PLAN SELECT "+columns+" FROM events WHERE "+w.String()+" ORDER BY time DESC, n DESC LIMIT 10",
				func(s *sqlite3.Stmt) error { return w.bind(s, 1) },
				func(s *sqlite3.Stmt) error { plan = append(plan, s.ColumnText(3)); return nil })
		}))
		require.Contains(t, strings.Join(plan, "\n"), "USING INDEX "+c.index, name)
	}
}

// A group for each of many events: the memory of a connection is bounded, and so is what
// an answer takes.
func TestTooManyGroupsAreAnErrorAndNothingElse(t *testing.T) {
	l, _ := newLog(t, Options{File: filepath.Join(t.TempDir(), "events.sqlite")})
	for i := range 20 {
		var all []events.Event
		for j := range 1000 {
			e := task(i*1000+j, "running", noon)
			e.Message = fmt.Sprintf("%d %s", i*1000+j, strings.Repeat("x", maxMemory/10_000))
			all = append(all, e)
		}
		appended(t, l, all...)
	}
	_, err := l.Count(t.Context(), events.Filter{}, []events.Field{"message", "task_id"}, 10)
	require.ErrorContains(t, err, "the answer has too many different values: use filters, a shorter time range, or group by fewer fields")
	require.Empty(t, l.Stats().Problem)
	groups, err := l.Count(t.Context(), events.Filter{}, []events.Field{"event"}, 10)
	require.NoError(t, err)
	require.Equal(t, 20_000, groups[0].Count)
	require.Len(t, appended(t, l, task(-1, "running", noon)), 1)
}

// A list of events that is larger than what memory may hold, such as that of a whole
// cluster that ended, is kept in part and costs no more than itself.
func TestMemoryIsBoundedWhateverComes(t *testing.T) {
	const most = 1 << 19
	l, _ := newLog(t, Options{Bounds: Bounds{MemoryBytes: most}})
	pages := func() (n int64) {
		for _, packed := range pageFiles.open[l.spare.memory].now.Ascend() {
			n += int64(len(packed))
		}
		return n
	}
	for i := range 5 {
		var all []events.Event
		for j := range 10_000 {
			n := i*10_000 + j
			all = append(all, task(n, "failed", noon.Add(time.Duration(n)*time.Second)))
		}
		require.Len(t, appended(t, l, all...), len(all))
		require.LessOrEqual(t, l.Stats().Bytes, int64(most))
		require.LessOrEqual(t, pages(), int64(most), "what is removed is given back")
		require.Greater(t, l.Stats().Events, 1000)
		newest, _, err := l.Select(t.Context(), events.Filter{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, all[len(all)-1].TaskID, newest[0].TaskID)
		require.Equal(t, l.Stats().Start.Add(time.Microsecond), l.Stats().Since)
	}
}
