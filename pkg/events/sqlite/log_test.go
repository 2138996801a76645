package sqlite

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// clock is a time that tests set.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newLog(t testing.TB, o Options) (*Log, *clock) {
	t.Helper()
	c := &clock{noon}
	o.Now = c.Now
	l := New(o)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l, c
}

// both runs a test on a log in memory and on one on disk.
func both(t *testing.T, run func(t *testing.T, l *Log, c *clock)) {
	t.Run("memory", func(t *testing.T) {
		l, c := newLog(t, Options{})
		run(t, l, c)
	})
	t.Run("disk", func(t *testing.T) {
		l, c := newLog(t, Options{File: filepath.Join(t.TempDir(), "1-mesos", "events.sqlite")})
		run(t, l, c)
	})
}

func task(i int, state events.What, at time.Time) events.Event {
	return events.Event{
		ID: fmt.Sprintf("task/fw/t%d/%s/%d", i, state, at.UnixMilli()), Kind: events.KindTask, What: state, Time: at, Severity: events.Info,
		Agent: "host1", AgentID: "S1", Framework: "marathon", FrameworkID: "fw", Role: "prod", Task: "web", TaskID: fmt.Sprintf("t%d", i),
	}
}

func appended(t testing.TB, l *Log, all ...events.Event) []events.Event {
	t.Helper()
	added, err := l.Append(t.Context(), all)
	require.NoError(t, err)
	return added
}

func selected(t testing.TB, l *Log, f events.Filter) []events.Event {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = 1000
	}
	found, more, err := l.Select(t.Context(), f)
	require.NoError(t, err)
	require.Zero(t, more)
	return found
}

func TestAnEventIsKeptOnceAndWhole(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		e := task(1, "failed", noon)
		e.Severity, e.Reason, e.Source, e.Message, e.Labels = events.Error, "command_executor_failed", "executor", "exited with 'ü' \x00", map[string]string{"label_team": "a b"}
		e.NotBefore = noon.Add(-15 * time.Second)
		require.Equal(t, []events.Event{e}, appended(t, l, e, e))
		require.Empty(t, appended(t, l, e))
		found := selected(t, l, events.Filter{})
		require.Len(t, found, 1)
		require.Len(t, found[0].ID, 32)
		found[0].ID = e.ID
		require.Equal(t, e, found[0])
		require.Equal(t, 1, l.Stats().Events)
		require.Equal(t, noon, l.Stats().Start)
		require.Equal(t, noon, l.Stats().Since)
		require.Positive(t, l.Stats().Bytes)
	})
}

func TestWhatWasNotKnownIsLearned(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		polled := task(1, "failed", noon)
		polled.NotBefore = noon.Add(-time.Minute)
		told := polled
		told.Time, told.NotBefore, told.Reason, told.Message = noon.Add(-20*time.Second), time.Time{}, "container_limitation_memory", "out of memory"
		appended(t, l, polled)
		require.Empty(t, appended(t, l, told), "it is the same event")
		found := selected(t, l, events.Filter{})[0]
		require.Equal(t, []any{told.Time, time.Time{}, told.Reason, told.Message}, []any{found.Time, found.NotBefore, found.Reason, found.Message})

		// The event stream may tell of a task that nothing told of before.
		unnamed := task(2, "failed", noon)
		named := unnamed
		named.Labels = map[string]string{"label_team": "a"}
		unnamed.Agent, unnamed.AgentID, unnamed.Framework, unnamed.Role, unnamed.Task = "", "", "", "", ""
		appended(t, l, unnamed)
		require.Empty(t, appended(t, l, named))
		at := events.Filter{Where: []events.Condition{{Field: events.FieldAgent, Values: []string{"host1"}}, {Field: events.FieldTaskID, Values: []string{"t2"}}}}
		completed := selected(t, l, at)
		require.Len(t, completed, 1)
		named.ID = completed[0].ID
		require.Equal(t, named, completed[0])
		one := events.Filter{Where: []events.Condition{{Field: events.FieldTaskID, Values: []string{"t1"}}}}

		// And nothing is unlearned.
		polled.Message = "another"
		require.Empty(t, appended(t, l, polled))
		require.Equal(t, found, selected(t, l, one)[0])
	})
}

func TestWhatLastsHasAnEnd(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		draining := events.Event{ID: "d1", Kind: events.KindAgent, What: events.Draining, Time: noon, AgentID: "S1", Opens: "draining/S1"}
		other := events.Event{ID: "d2", Kind: events.KindAgent, What: events.Draining, Time: noon, AgentID: "S2", Opens: "draining/S2"}
		drained := events.Event{ID: "e1", Kind: events.KindAgent, What: events.Drained, Time: noon.Add(time.Hour), AgentID: "S1", Closes: []string{"draining/S1"}}
		again := events.Event{ID: "d3", Kind: events.KindAgent, What: events.Draining, Time: noon.Add(2 * time.Hour), AgentID: "S1", Opens: "draining/S1"}
		appended(t, l, draining, other)
		appended(t, l, drained, again)
		ends := map[string]time.Time{}
		for _, e := range selected(t, l, events.Filter{}) {
			ends[string(e.What)+e.AgentID+e.Time.Format("15")] = e.End
		}
		require.Equal(t, map[string]time.Time{"drainingS112": noon.Add(time.Hour), "drainingS212": {}, "drainedS113": {}, "drainingS114": {}}, ends)

		// A range that begins while it lasts has it; one after its end has not.
		during := selected(t, l, events.Filter{From: noon.Add(30 * time.Minute), To: noon.Add(40 * time.Minute)})
		require.Len(t, during, 2)
		after := selected(t, l, events.Filter{From: noon.Add(90 * time.Minute), To: noon.Add(100 * time.Minute)})
		require.Len(t, after, 1)
		require.Equal(t, "S2", after[0].AgentID)
	})
}

// What is learned later ends what was there, also where a clock that is behind gives it an
// earlier time. What it began itself goes on, and an event that comes again ends nothing.
func TestWhatIsClosedIsOverWhateverTheClocksSay(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		away := func(id string, at time.Time) events.Event {
			return events.Event{ID: id, Kind: events.KindAgent, What: events.Disconnected, Time: at, Opens: "disconnected/S1"}
		}
		back := events.Event{ID: "b1", Kind: events.KindAgent, What: events.Back, Time: noon.Add(-8 * time.Second), Closes: []string{"disconnected/S1"}}
		ends := func() map[time.Time]time.Time {
			all := map[time.Time]time.Time{}
			for _, e := range selected(t, l, events.Filter{}) {
				if e.Opens != "" {
					all[e.Time] = e.End
				}
			}
			return all
		}
		appended(t, l, away("d1", noon))
		appended(t, l, back, away("d2", noon.Add(time.Minute)))
		require.Equal(t, map[time.Time]time.Time{noon: noon, noon.Add(time.Minute): {}}, ends())
		appended(t, l, back)
		require.Equal(t, map[time.Time]time.Time{noon: noon, noon.Add(time.Minute): {}}, ends())
	})
}

// In a table 0 is no time, and in Unix time it is the beginning of 1970.
func TestTheBeginningOf1970IsATime(t *testing.T) {
	epoch := time.Unix(0, 0).UTC()
	both(t, func(t *testing.T, l *Log, _ *clock) {
		lasts := events.Event{ID: "d", Kind: events.KindAgent, What: events.Draining, Time: epoch.Add(-time.Hour), AgentID: "S1", Opens: "draining/S1"}
		ends := events.Event{ID: "e", Kind: events.KindAgent, What: events.Drained, Time: epoch, AgentID: "S1", Closes: []string{"draining/S1"}}
		between := task(1, "failed", epoch.Add(time.Minute))
		between.NotBefore = epoch
		appended(t, l, lasts, ends, between)

		found := selected(t, l, events.Filter{})
		require.Len(t, found, 3)
		require.WithinDuration(t, epoch, found[0].NotBefore, time.Microsecond)
		require.Equal(t, epoch, found[1].Time)
		require.WithinDuration(t, epoch, found[2].End, time.Microsecond)
		require.Equal(t, lasts.Time, l.Stats().Start)

		drained := events.Filter{Where: []events.Condition{{Field: events.FieldEvent, Values: []string{"drained", "draining"}}}}
		for _, by := range [][]events.Field{nil, {events.FieldAgentID}} {
			groups, err := l.Count(t.Context(), drained, by, 10)
			require.NoError(t, err)
			require.Len(t, groups, 1)
			require.Equal(t, epoch, groups[0].Last)
		}
		require.Equal(t, epoch, selected(t, l, events.Filter{From: epoch, To: epoch, Where: []events.Condition{{Field: events.FieldEvent, Values: []string{"drained"}}}})[0].Time)
	})
	both(t, func(t *testing.T, l *Log, _ *clock) {
		appended(t, l, task(1, "failed", epoch))
		require.Equal(t, epoch, l.Stats().Start)
	})
}

func TestFiltersChooseAsTheySay(t *testing.T) {
	both(t, func(t *testing.T, l *Log, _ *clock) {
		var all []events.Event
		for i := range 600 {
			e := task(i, []events.What{"running", "finished", "failed"}[i%3], noon.Add(time.Duration(i)*time.Second))
			e.Severity = []events.Severity{events.Info, events.Info, events.Error}[i%3]
			e.Framework = []string{"marathon", "spark", "a.b", "a-b"}[i%4]
			e.Reason = []string{"", "x"}[i%2]
			if i%5 == 0 {
				e.Labels = map[string]string{"label_team": []string{"red", "blue"}[i%2]}
			}
			if i%7 == 0 {
				e.Kind, e.TaskID = events.KindAgent, ""
			}
			all = append(all, e)
		}
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		require.Len(t, appended(t, l, all...), 600)
		minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
		for name, c := range map[string]struct {
			filter events.Filter
			want   func(e events.Event) bool
		}{
			"all":           {events.Filter{}, func(events.Event) bool { return true }},
			"range":         {events.Filter{From: minute(1), To: minute(2)}, func(e events.Event) bool { return !e.Time.Before(minute(1)) && !e.Time.After(minute(2)) }},
			"kinds":         {events.Filter{Kinds: []events.Kind{events.KindAgent, events.KindMaster}}, func(e events.Event) bool { return e.Kind == events.KindAgent }},
			"severity":      {events.Filter{Least: events.Warning}, func(e events.Event) bool { return e.Severity == events.Error }},
			"one value":     {events.Filter{Where: []events.Condition{{Field: "framework", Values: []string{"a.b"}}}}, func(e events.Event) bool { return e.Framework == "a.b" }},
			"values":        {events.Filter{Where: []events.Condition{{Field: "framework", Values: []string{"a.b", "spark", "'\" OR 1"}}}}, func(e events.Event) bool { return e.Framework == "a.b" || e.Framework == "spark" }},
			"not":           {events.Filter{Where: []events.Condition{{Field: "framework", Values: []string{"a.b"}, Not: true}}}, func(e events.Event) bool { return e.Framework != "a.b" }},
			"pattern":       {events.Filter{Where: []events.Condition{{Field: "framework", Values: []string{"a.b", "m.*"}, Pattern: true}}}, func(e events.Event) bool { return e.Framework != "spark" }},
			"not pattern":   {events.Filter{Where: []events.Condition{{Field: "event", Values: []string{"f.*d"}, Pattern: true, Not: true}}}, func(e events.Event) bool { return e.What == "running" }},
			"absent":        {events.Filter{Where: []events.Condition{{Field: "reason", Values: []string{""}}}}, func(e events.Event) bool { return e.Reason == "" }},
			"task ID":       {events.Filter{Where: []events.Condition{{Field: "task_id", Values: []string{"t8"}}}}, func(e events.Event) bool { return e.TaskID == "t8" }},
			"no task":       {events.Filter{Where: []events.Condition{{Field: "task_id", Values: []string{""}}}}, func(e events.Event) bool { return e.TaskID == "" }},
			"severity text": {events.Filter{Where: []events.Condition{{Field: "severity", Values: []string{"error"}}}}, func(e events.Event) bool { return e.Severity == events.Error }},
			"label":         {events.Filter{Where: []events.Condition{{Field: "label_team", Values: []string{"red"}}}}, func(e events.Event) bool { return e.Labels["label_team"] == "red" }},
			"label pattern": {events.Filter{Where: []events.Condition{{Field: "label_team", Values: []string{"r.*|b.*"}, Pattern: true}}}, func(e events.Event) bool { return e.Labels["label_team"] != "" }},
			"no label":      {events.Filter{Where: []events.Condition{{Field: "label_team", Values: []string{""}}}}, func(e events.Event) bool { return e.Labels["label_team"] == "" }},
			"two": {events.Filter{Least: events.Error, Where: []events.Condition{{Field: "framework", Values: []string{"spark"}}, {Field: "reason", Values: []string{"x"}}}},
				func(e events.Event) bool {
					return e.Severity == events.Error && e.Framework == "spark" && e.Reason == "x"
				}},
		} {
			var want []events.Event
			for _, e := range all {
				if c.want(e) {
					want = append(want, e)
				}
			}
			slices.SortFunc(want, func(a, b events.Event) int { return b.Time.Compare(a.Time) })
			found := selected(t, l, c.filter)
			require.Len(t, found, len(want), name)
			for i := range want {
				require.Equal(t, want[i].Time, found[i].Time, name)
			}
			groups, err := l.Count(t.Context(), c.filter, nil, 10)
			require.NoError(t, err)
			require.Equal(t, len(want), groups[0].Count, name)
			if len(want) > 3 { // a part, and how many there are beyond it
				f := c.filter
				f.Limit = 3
				some, more, err := l.Select(t.Context(), f)
				require.NoError(t, err)
				require.Equal(t, found[:3], some, name)
				require.Equal(t, len(want)-3, more, name)
			}
		}
		groups, err := l.Count(t.Context(), events.Filter{Least: events.Error}, []events.Field{"framework", "label_team"}, 3)
		require.NoError(t, err)
		require.Len(t, groups, 3)
		require.GreaterOrEqual(t, groups[0].Count, groups[1].Count)
		values, err := l.Values(t.Context(), events.Filter{}, "framework", 3)
		require.NoError(t, err)
		require.Equal(t, []string{"a-b", "a.b", "marathon"}, values)
		values, err = l.Values(t.Context(), events.Filter{}, "label_team", 10)
		require.NoError(t, err)
		require.Equal(t, []string{"blue", "red"}, values)
		_, _, err = l.Select(t.Context(), events.Filter{Limit: 1, Where: []events.Condition{{Field: "framework", Values: []string{"("}, Pattern: true}}})
		require.ErrorContains(t, err, "framework is not a regular expression")
		_, err = l.Values(t.Context(), events.Filter{}, "1; DROP TABLE events", 10)
		require.ErrorContains(t, err, "no field")
	})
}

func TestTheOldestGoFirst(t *testing.T) {
	both(t, func(t *testing.T, l *Log, c *clock) {
		l.SetBounds(Bounds{Count: 100, Retention: time.Hour})
		for i := range 150 {
			appended(t, l, task(i, "running", noon.Add(time.Duration(i)*time.Second)))
		}
		lasting := events.Event{ID: "m", Kind: events.KindMaintenance, What: events.WindowBegan, Time: noon.Add(149 * time.Second), Opens: "w"}
		appended(t, l, lasting)
		c.now = noon.Add(2 * time.Minute)
		appended(t, l)
		found := selected(t, l, events.Filter{})
		require.Len(t, found, 100)
		require.Equal(t, "t149", found[1].TaskID)
		require.Equal(t, found[99].Time.Add(time.Microsecond), l.Stats().Since, "from here on the log is complete")

		c.now = noon.Add(2 * time.Hour)
		appended(t, l)
		found = selected(t, l, events.Filter{})
		require.Len(t, found, 1, "what lasts is kept")
		require.Equal(t, events.WindowBegan, found[0].What)

		l.SetBounds(Bounds{Count: 100, Retention: time.Hour, Bytes: 300 << 10, MemoryBytes: 300 << 10})
		noise := rand.NewChaCha8([32]byte{})
		text := make([]byte, 500)
		for i := range 3000 {
			e := task(i, "failed", c.now.Add(time.Duration(i)*time.Millisecond))
			_, _ = noise.Read(text)
			e.Message = hex.EncodeToString(text)
			appended(t, l, e)
		}
		l.SetBounds(Bounds{Count: 100_000, Retention: time.Hour, Bytes: 300 << 10, MemoryBytes: 300 << 10})
		for range 5 {
			c.now = c.now.Add(2 * time.Minute)
			appended(t, l)
		}
		require.LessOrEqual(t, l.Stats().Bytes, int64(300<<10))
		require.Greater(t, l.Stats().Events, 50)
		require.Equal(t, "t2999", selected(t, l, events.Filter{})[0].TaskID)
	})
}

func TestAReadEndsWithItsContext(t *testing.T) {
	l, _ := newLog(t, Options{Bounds: Bounds{Count: 1_000_000}})
	var all []events.Event
	for i := range 100_000 {
		all = append(all, task(i, "running", noon.Add(time.Duration(i)*time.Millisecond)))
	}
	appended(t, l, all...)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	_, _, err := l.Select(ctx, events.Filter{Limit: 10, Where: []events.Condition{{Field: "message", Values: []string{"(.*a.*b.*){20}"}, Pattern: true}}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Len(t, appended(t, l, task(-1, "running", noon)), 1, "and the log can be used again")
}

func TestEventsSurviveTheProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "1-mesos", "events.sqlite")
	l, _ := newLog(t, Options{File: file})
	appended(t, l, task(1, "running", noon), task(2, "running", noon))
	// What kill -9 leaves: the files, without a close.
	copied := filepath.Join(t.TempDir(), "events.sqlite")
	for _, end := range []string{"", "-wal"} {
		content, err := os.ReadFile(file + end)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(copied+end, content, 0o600))
	}
	again, _ := newLog(t, Options{File: copied})
	require.Len(t, selected(t, again, events.Filter{}), 2)
	require.Len(t, appended(t, again, task(2, "running", noon), task(3, "running", noon)), 1, "and each is known")
	require.Equal(t, "disk", again.Stats().Where)
	require.Empty(t, again.Stats().Problem)

	// Two processes, for example an old one that is about to end, have one file.
	second, _ := newLog(t, Options{File: file})
	require.Len(t, appended(t, second, task(2, "running", noon), task(4, "running", noon)), 1)
	require.Len(t, appended(t, l, task(4, "running", noon), task(5, "running", noon)), 1)
	require.Len(t, selected(t, second, events.Filter{}), 4)
	require.Equal(t, 4, l.Stats().Events)
	require.NoError(t, l.Close())
	appended(t, second, task(6, "running", noon))
	require.Equal(t, 5, second.Stats().Events)
	require.Equal(t, "disk", second.Stats().Where)
	require.Empty(t, second.Stats().Problem)
}

func TestALogKnowsWhenItWasUsedLast(t *testing.T) {
	file := filepath.Join(t.TempDir(), "1-mesos", "events.sqlite")
	l, c := newLog(t, Options{File: file})
	require.Zero(t, l.Stats().Watched)
	appended(t, l)
	c.now = c.now.Add(time.Hour)
	appended(t, l) // without events, as polls do
	c.now = c.now.Add(5 * time.Second)
	appended(t, l)
	require.NoError(t, l.Close())
	again, _ := newLog(t, Options{File: file})
	require.WithinDuration(t, c.now, again.Stats().Watched, markAfter)
}

// A value is kept for the next process, in a file only, also in one of before there was one.
func TestAValueIsRememberedOverARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "1-mesos", "events.sqlite")
	l, c := newLog(t, Options{File: file, Reserve: 1})
	value, err := l.Remembered(t.Context())
	require.NoError(t, err)
	require.Nil(t, value)
	require.NoError(t, l.Remember(t.Context(), []byte("one")))
	require.NoError(t, l.Remember(t.Context(), []byte("two\x00")))
	require.NoError(t, l.Close())
	l, _ = newLog(t, Options{File: file, Reserve: 1})
	value, err = l.Remembered(t.Context())
	require.NoError(t, err)
	require.Equal(t, []byte("two\x00"), value)
	require.Zero(t, l.Stats().Events)

	execute(t, l, "DROP TABLE remembered")
	require.NoError(t, l.Close())
	l, _ = newLog(t, Options{File: file, Reserve: 1})
	require.NoError(t, l.Remember(t.Context(), []byte("three")))

	full, _ := newLog(t, Options{File: filepath.Join(t.TempDir(), "1-mesos", "events.sqlite"), Reserve: 1 << 62, Now: c.Now})
	require.ErrorIs(t, full.Remember(t.Context(), []byte("one")), errNotRemembered)
	none, _ := newLog(t, Options{})
	require.NoError(t, none.Remember(t.Context(), []byte("one")))
	value, err = none.Remembered(t.Context())
	require.NoError(t, err)
	require.Nil(t, value)
}

func TestADamagedFileIsPutAside(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"no database": func([]byte) []byte { return []byte(strings.Repeat("not a database ", 1000)) },
		"zeros":       func(b []byte) []byte { clear(b[:4096]); copy(b, "SQLite format 4"); return b },
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, "events.sqlite")
		l, _ := newLog(t, Options{File: file})
		appended(t, l, task(1, "running", noon))
		require.NoError(t, l.Close())
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, damage(content), 0o600))
		again, _ := newLog(t, Options{File: file})
		require.Len(t, appended(t, again, task(2, "running", noon)), 1, name)
		require.Equal(t, "disk", again.Stats().Where, name)
		require.Contains(t, again.Stats().Problem, "was moved to", name)
		aside, err := filepath.Glob(filepath.Join(dir, "quarantine", "*-events.sqlite"))
		require.NoError(t, err)
		require.Len(t, aside, 1, name)
	}
}

// execute runs SQL on the connection that writes the file.
func execute(t *testing.T, l *Log, sql string) {
	t.Helper()
	c := <-l.disk.writer
	defer func() { l.disk.writer <- c }()
	require.NoError(t, c.Exec(sql))
}

// What version 1 wrote has no name of its cluster, and is kept.
func TestAFileOfVersion1GetsNamesOfClusters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.sqlite")
	l, _ := newLog(t, Options{File: file})
	appended(t, l, task(1, "running", noon))
	execute(t, l, "ALTER TABLE events DROP COLUMN cluster; PRAGMA user_version = 1")
	require.NoError(t, l.Close())
	again, _ := newLog(t, Options{File: file})
	named := task(2, "running", noon.Add(-time.Second))
	named.Cluster = "two"
	require.Len(t, appended(t, again, task(1, "running", noon), named), 1)
	require.Equal(t, "disk", again.Stats().Where)
	found, _, err := again.Select(t.Context(), events.Filter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Empty(t, found[0].Cluster)
	require.Equal(t, "two", found[1].Cluster)
	found, _, err = again.Select(t.Context(), events.Filter{Limit: 10, Where: []events.Condition{{Field: events.FieldCluster, Values: []string{"two"}}}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "t2", found[0].TaskID)
	require.NoError(t, again.Close())
	third, _ := newLog(t, Options{File: file})
	require.NoError(t, third.ready(t.Context()))
	require.Equal(t, 2, third.Stats().Events)
}

func TestALaterVersionsFileIsLeftAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.sqlite")
	l, _ := newLog(t, Options{File: file})
	appended(t, l, task(1, "running", noon))
	execute(t, l, "PRAGMA user_version = 99")
	require.NoError(t, l.Close())
	again, _ := newLog(t, Options{File: file})
	appended(t, again, task(2, "running", noon))
	require.Equal(t, "memory", again.Stats().Where)
	require.Contains(t, again.Stats().Problem, "a later version")
}

func TestADiskThatFailsCostsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.sqlite")
	l, c := newLog(t, Options{File: file})
	draining := events.Event{ID: "d", Kind: events.KindAgent, What: events.Draining, Time: noon, Opens: "draining"}
	appended(t, l, task(1, "running", noon), draining)
	execute(t, l, "PRAGMA max_page_count = 1") // as on a full disk
	many := func(from int) (all []events.Event) {
		for i := range 2000 {
			e := task(from+i, "failed", noon.Add(time.Second))
			e.Message = strings.Repeat("m", 500)
			all = append(all, e)
		}
		return all
	}
	drained := events.Event{ID: "e", Kind: events.KindAgent, What: events.Drained, Time: noon.Add(time.Minute), Closes: []string{"draining"}}
	require.Len(t, appended(t, l, append(many(10), drained, task(1, "running", noon))...), 2001, "what is on disk is not told twice")
	require.Equal(t, "memory", l.Stats().Where)
	require.Contains(t, l.Stats().Problem, "full")
	found, more, err := l.Select(t.Context(), events.Filter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, found, 10)
	require.Equal(t, 2003-10, more)

	execute(t, l, "PRAGMA max_page_count = 1000000")
	c.now = c.now.Add(time.Minute)
	require.Empty(t, appended(t, l, many(10)...))
	require.Equal(t, "disk", l.Stats().Where)
	require.Empty(t, l.Stats().Problem)
	require.Equal(t, 2003, l.Stats().Events)
	require.Equal(t, noon.Add(time.Minute), selected(t, l, events.Filter{Limit: 5000, Where: []events.Condition{{Field: "event", Values: []string{"draining"}}}})[0].End)

	// The file goes while it is in use.
	require.NoError(t, os.Remove(file))
	require.Len(t, appended(t, l, task(9000, "running", noon)), 1)
	require.Equal(t, "disk", l.Stats().Where)
}

func TestAClosedLogSaysSo(t *testing.T) {
	l, _ := newLog(t, Options{})
	require.NoError(t, l.Close())
	_, err := l.Append(t.Context(), nil)
	require.ErrorIs(t, err, errClosed)
	_, _, err = l.Select(t.Context(), events.Filter{Limit: 1})
	require.ErrorIs(t, err, errClosed)
}
