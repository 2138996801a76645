package sqlite

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// filled is a closed file with n events, one a second.
func filled(t *testing.T, n int) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "events.sqlite")
	l, _ := newLog(t, Options{File: file})
	var all []events.Event
	for i := range n {
		all = append(all, task(i, "running", noon.Add(time.Duration(i)*time.Second)))
	}
	appended(t, l, all...)
	require.NoError(t, l.Close())
	return file
}

// quarantined are the files that were put aside.
func quarantined(t *testing.T, file string) []string {
	t.Helper()
	aside, err := filepath.Glob(filepath.Join(filepath.Dir(file), "quarantine", "*"))
	require.NoError(t, err)
	return aside
}

// Whatever the file is, nothing panics, nothing that was not appended is told, and the log
// goes on.
func TestDamageAnywhereIsFound(t *testing.T) {
	const n = 3000
	file := filled(t, n)
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for name, damage := range map[string]func([]byte) []byte{
		"one bit": func(b []byte) []byte { b[rand.N(len(b))] ^= 1 << rand.N(8); return b },
		"a page of zeros": func(b []byte) []byte {
			page := rand.N(len(b) / 4096)
			clear(b[page*4096:][:4096])
			return b
		},
		"cut off":  func(b []byte) []byte { return b[:rand.N(len(b))] },
		"no pages": func([]byte) []byte { return nil },
		"noise": func(b []byte) []byte {
			at := rand.N(len(b))
			for i := at; i < min(len(b), at+10_000); i++ {
				b[i] = byte(rand.N(256))
			}
			return b
		},
	} {
		for range 4 {
			require.NoError(t, os.RemoveAll(filepath.Dir(file)))
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
			require.NoError(t, os.WriteFile(file, damage(append([]byte(nil), whole...)), 0o600))
			l, c := newLog(t, Options{File: file})
			found, more, err := l.Select(t.Context(), events.Filter{Limit: 10_000})
			require.NoError(t, err, name)
			require.Zero(t, more)
			for _, e := range found {
				require.Equal(t, "web", e.Task, name)
				require.False(t, e.Time.Before(noon) || e.Time.After(noon.Add(n*time.Second)), "%s: %s", name, e.Time)
			}
			groups, err := l.Count(t.Context(), events.Filter{}, nil, 1)
			require.NoError(t, err, name)
			require.LessOrEqual(t, groups[0].Count, n)
			var all []events.Event
			for i := range n {
				all = append(all, task(i, "running", noon.Add(time.Duration(i)*time.Second)))
			}
			added := len(appended(t, l, append(all, task(-1, "failed", noon))...))
			c.now = c.now.Add(time.Hour)
			appended(t, l, task(-2, "failed", noon))
			// Damage in a place that nobody has read is found when it is read.
			found, _, err = l.Select(t.Context(), events.Filter{Limit: 10_000, Where: []events.Condition{{Field: "event", Values: []string{"running", "failed"}}}})
			require.NoError(t, err, name)
			require.Equal(t, "disk", l.Stats().Where, "%s: %s", name, l.Stats().Problem)
			if len(quarantined(t, file)) > 0 {
				require.Contains(t, l.Stats().Problem, "was damaged", name)
			} else {
				require.Len(t, found, n+2, name)
				require.True(t, added == n+1 || added == 1, name)
			}
			require.NoError(t, l.Close())
		}
	}
}

func TestWithTooLittleSpaceEventsAreInMemory(t *testing.T) {
	file := filled(t, 10)
	l, c := newLog(t, Options{File: file, Reserve: 1 << 62})
	require.Len(t, appended(t, l, task(1, "running", noon.Add(time.Second)), task(99, "failed", noon)), 1, "what is on disk is known")
	require.Equal(t, "memory", l.Stats().Where)
	require.Regexp(t, `events.sqlite cannot be used \(its file system has .* free and .* are needed\): events are kept in memory`, l.Stats().Problem)
	require.Len(t, selected(t, l, events.Filter{}), 11, "and both are read")
	l.options.Reserve = 1
	c.now = c.now.Add(time.Minute)
	appended(t, l)
	require.Equal(t, "disk", l.Stats().Where)
	require.Empty(t, l.Stats().Problem)
	require.Len(t, selected(t, l, events.Filter{}), 11)
}

func TestADirectoryThatCannotBeMadeCostsNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	require.NoError(t, os.WriteFile(dir, nil, 0o600)) // a file in its place
	l, c := newLog(t, Options{File: filepath.Join(dir, "1-mesos", "events.sqlite")})
	appended(t, l, task(1, "running", noon))
	require.Equal(t, "memory", l.Stats().Where)
	require.Contains(t, l.Stats().Problem, "not a directory")
	require.NoError(t, os.Remove(dir))
	c.now = c.now.Add(time.Minute)
	appended(t, l, task(2, "running", noon))
	require.Equal(t, "disk", l.Stats().Where)
	require.Len(t, selected(t, l, events.Filter{}), 2)
	require.Equal(t, noon, l.Stats().Since)

	// The disk is taken away while it is in use: it is not made again in its place.
	require.NoError(t, os.Rename(dir, dir+".away"))
	appended(t, l, task(3, "running", noon))
	require.NoDirExists(t, dir)
	require.Equal(t, "memory", l.Stats().Where)
	require.NoError(t, os.Rename(dir+".away", dir))
	c.now = c.now.Add(time.Minute)
	appended(t, l)
	require.Equal(t, "disk", l.Stats().Where)
	require.Len(t, selected(t, l, events.Filter{}), 3)
}
