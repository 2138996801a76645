package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// away makes the directory of a log unusable until back is called.
func away(t *testing.T, dir string) (back func()) {
	t.Helper()
	aside := dir + "-aside"
	require.NoError(t, os.Rename(dir, aside))
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	return func() {
		require.NoError(t, os.Remove(dir))
		require.NoError(t, os.Rename(aside, dir))
	}
}

// What memory drops while the file cannot be written was learned, and is not there.
func TestEventsThatMemoryDropsAreNotClaimed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "1-mesos")
	l, c := newLog(t, Options{File: filepath.Join(dir, "events.sqlite"), Reserve: 1, Bounds: Bounds{MemoryBytes: 1 << 18}})
	appended(t, l, task(0, "running", c.now))
	require.Equal(t, noon, l.Stats().Since)
	back := away(t, dir)
	for i := range 100 {
		var batch []events.Event
		for n := range 200 {
			batch = append(batch, task(1+200*i+n, "failed", c.now))
		}
		appended(t, l, batch...)
		c.now = c.now.Add(time.Minute)
	}
	whole := func() {
		since := l.Stats().Since
		require.True(t, since.After(noon.Add(time.Hour)), "%s", since)
		groups, err := l.Count(t.Context(), events.Filter{From: since, To: c.now}, nil, 1)
		require.NoError(t, err)
		minutes := int(noon.Add(100 * time.Minute).Sub(since).Minutes())
		require.Equal(t, 200*minutes, groups[0].Count, "all since %s", since)
	}
	whole()
	back()
	c.now = c.now.Add(time.Minute)
	appended(t, l)
	require.Equal(t, "disk", l.Stats().Where)
	whole()
}

// A file that cannot be opened at the start tells later when the cluster was watched last.
func TestAFileThatIsBackTellsThatNobodyWatched(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "1-mesos")
	file := filepath.Join(dir, "events.sqlite")
	l, c := newLog(t, Options{File: file, Reserve: 1})
	appended(t, l, task(0, "running", c.now))
	require.NoError(t, l.Close())

	back := away(t, dir)
	c = &clock{noon.Add(time.Hour)}
	l = New(Options{File: file, Reserve: 1, Now: c.Now})
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	appended(t, l, task(1, "running", c.now))
	require.Zero(t, l.Stats().Watched)
	back()
	c.now = c.now.Add(time.Minute)
	appended(t, l)
	gaps := selected(t, l, events.Filter{Kinds: []events.Kind{events.KindCollection}})
	require.Len(t, gaps, 1)
	require.Equal(t, []time.Time{noon, noon.Add(time.Hour)}, []time.Time{gaps[0].Time, gaps[0].End})
	require.Contains(t, gaps[0].Message, "The cluster was not watched for 1h0m0s")
}

// A clock that was ahead for a moment does not hide when the cluster was watched.
func TestAClockThatWasAheadIsForgotten(t *testing.T) {
	l, c := newLog(t, Options{File: filepath.Join(t.TempDir(), "events.sqlite"), Reserve: 1})
	c.now = noon.Add(24 * time.Hour)
	appended(t, l, task(0, "running", noon))
	require.Equal(t, noon.Add(24*time.Hour), l.Stats().Watched)
	c.now = noon.Add(time.Minute)
	appended(t, l)
	require.Equal(t, noon.Add(time.Minute), l.Stats().Watched)
}

// What is learned of an event in the file while nothing can be written there is kept until it can.
func TestWhatIsLearnedWhileTheFileIsFullIsKept(t *testing.T) {
	l, c := newLog(t, Options{File: filepath.Join(t.TempDir(), "events.sqlite"), Reserve: 1})
	polled := task(1, "failed", c.now)
	polled.NotBefore, polled.Role, polled.Task = c.now.Add(-10*time.Minute), "", ""
	appended(t, l, polled)
	l.options.Reserve = 1 << 60
	told, again := polled, polled
	told.Time, told.NotBefore, told.Reason, told.Message = c.now.Add(-9*time.Minute), time.Time{}, "container_limitation_memory", "out of memory"
	again.Role, again.Task, again.Message, again.Labels = "prod", "web", "another", map[string]string{"label_team": "a"}
	require.Empty(t, appended(t, l, told))
	require.Empty(t, appended(t, l, again, polled))
	require.Equal(t, "memory", l.Stats().Where)
	require.Len(t, l.learned, 1)
	l.options.Reserve = 1
	c.now = c.now.Add(time.Minute)
	appended(t, l)
	require.Equal(t, "disk", l.Stats().Where)
	found := selected(t, l, events.Filter{})
	require.Len(t, found, 1)
	want := told
	want.ID, want.Role, want.Task, want.Labels = found[0].ID, again.Role, again.Task, again.Labels
	require.Equal(t, want, found[0])
}

// A clock that is a year ahead for a while, also from the start on, makes no event too old; one that is
// set right removes them after an hour.
func TestAClockThatIsWrongForAWhileRemovesNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.sqlite")
	options := Options{File: file, Reserve: 1, Bounds: Bounds{Retention: 15 * 24 * time.Hour}}
	l, c := newLog(t, options)
	appended(t, l, task(0, "running", noon), task(1, "failed", noon.Add(time.Minute)))
	steps := func(c *clock, l *Log, d time.Duration) {
		for until := c.now.Add(d); c.now.Before(until); {
			c.now = c.now.Add(15 * time.Minute)
			appended(t, l)
		}
	}
	steps(c, l, 2*time.Hour)
	right := c.now
	for _, wrong := range []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		c.now = right.Add(wrong)
		steps(c, l, 30*time.Minute)
		require.Equal(t, 2, l.Stats().Events)
		c.now = right.Add(30 * time.Minute)
		steps(c, l, 2*time.Hour)
		require.Len(t, selected(t, l, events.Filter{}), 2)
	}
	require.NoError(t, l.Close())

	again, c := newLog(t, options)
	c.now = right.Add(365 * 24 * time.Hour)
	steps(c, again, 30*time.Minute)
	require.Equal(t, 2, again.Stats().Events)
	c.now = right.Add(time.Hour)
	steps(c, again, 2*time.Hour)
	require.Len(t, selected(t, again, events.Filter{}), 2)

	c.now = right.Add(365 * 24 * time.Hour) // and it is right
	steps(c, again, holdFor+30*time.Minute)
	require.Zero(t, again.Stats().Events)
}
