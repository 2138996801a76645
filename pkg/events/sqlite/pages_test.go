package sqlite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// Events of a busy cluster take a quarter in memory of what they take in a file.
func TestEventsInMemoryAreSmall(t *testing.T) {
	l, _ := newLog(t, Options{})
	const n = 20_000
	for i := 0; i < n; {
		var batch []events.Event
		for range 100 {
			batch = append(batch, busy(i))
			i++
		}
		appended(t, l, batch...)
	}
	held := l.Stats()
	require.Equal(t, n, held.Events)
	require.Less(t, held.Bytes, int64(150*n))
	require.Equal(t, pageFiles.held(l.spare.memory), held.Bytes)

	memory := l.spare.memory
	require.NoError(t, l.Close())
	require.Zero(t, pageFiles.held(memory), "it is given back")
}

// Who reads sees what was there when they began, also while others write.
func TestReadersOfMemorySeeOneMoment(t *testing.T) {
	l, _ := newLog(t, Options{})
	appended(t, l, busy(0), busy(1))
	count := func(c *conn) int64 {
		n, err := c.number("SELECT count(*) FROM events")
		require.NoError(t, err)
		return n
	}
	require.NoError(t, l.spare.read(t.Context(), func(c *conn) error {
		if err := c.Exec("BEGIN"); err != nil {
			return err
		}
		require.EqualValues(t, 2, count(c))
		var more []events.Event
		for i := range 5000 {
			more = append(more, busy(2+i))
		}
		appended(t, l, more...)
		require.EqualValues(t, 2, count(c))
		if err := c.Exec("COMMIT"); err != nil {
			return err
		}
		require.EqualValues(t, 5002, count(c))
		return nil
	}))
}

// What a transaction wrote is not there after it was rolled back.
func TestMemoryIsAsBeforeAfterARollback(t *testing.T) {
	l, _ := newLog(t, Options{})
	appended(t, l, busy(0))
	before := pageFiles.held(l.spare.memory)
	require.ErrorIs(t, l.spare.write(t.Context(), func(c *conn) error {
		for i := range 2000 {
			if _, err := c.add([]events.Event{busy(1 + i)}, false); err != nil {
				return err
			}
		}
		return errGone
	}), errGone)
	require.Equal(t, before, pageFiles.held(l.spare.memory))
	require.Equal(t, 1, l.Stats().Events)
	require.Len(t, appended(t, l, busy(0), busy(1)), 1)
}
