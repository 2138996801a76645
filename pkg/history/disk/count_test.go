package disk

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
)

func TestSeriesAreCountedByTheIndex(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now, Retention: 15 * 24 * time.Hour})
	// Half of the tasks of each hour are those of the hour before.
	for hour := range 10 {
		for range 60 {
			at := c.Advance(time.Minute)
			var points []point
			for i := range 20 {
				points = append(points, sample(at, 1, "__name__", "task", "id", fmt.Sprint(hour*10+i)), sample(at, 1, "__name__", "agent", "id", fmt.Sprint(i)))
			}
			commit(t, d, points...)
		}
	}
	onDisk(t, d)
	h, _ := d.current()
	require.Eventually(t, func() bool { return len(h.db.Blocks()) > 2 }, 10*time.Second, time.Millisecond)
	now := c.Now().UnixMilli()
	count := func(ctx context.Context, mint, maxt int64, selector string) (int, error) {
		return d.CountSeries(ctx, mint, maxt, matchers(t, selector)...)
	}
	for _, test := range []struct {
		mint        int64
		selector    string
		least, most int
	}{
		{now - 1000, "agent", 20, 20},
		{0, "agent", 20, 20},
		{0, `agent{id=~"[0-4]"}`, 5, 5},
		{0, `agent{id=~"1|2"}`, 2, 2},
		{0, "nothing", 0, 0},
		{0, "task", 30, 90}, // of a block or of the head, however many hours that has; not all 110
	} {
		n, err := count(context.Background(), test.mint, now, test.selector)
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, test.least, test.selector)
		require.LessOrEqual(t, n, test.most, test.selector)
	}
	require.NoError(t, d.Close())
	_, err := count(context.Background(), 0, now, "agent")
	require.ErrorIs(t, err, history.ErrClosed)
}
