package memory

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// written appends samples of one series, apart by step, and returns the series.
func written(t *testing.T, step time.Duration, n int, value func(i int) float64) (*Store, *memSeries) {
	t.Helper()
	c := newClock()
	m := New(Options{Now: c.Now})
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	l := constant(sample(t0, 0, "__name__", "mesos_up").Labels)
	for i := range n {
		now := c.Advance(step).UnixMilli()
		b := m.Batch(context.Background())
		_, err := b.Append(0, l, now, value(i))
		require.NoError(t, err)
		require.NoError(t, b.Commit())
	}
	for s := range m.byRef.all() {
		return m, s
	}
	require.Fail(t, "no series")
	return nil, nil
}

func TestAChunkOfAnUnchangingSeriesGoesOnForHours(t *testing.T) {
	const day = 24 * time.Hour / (15 * time.Second)
	m, s := written(t, 15*time.Second, int(day), func(int) float64 { return 4 })
	require.Equal(t, 5, len(s.done), "six of four hours, the last being written")
	for _, c := range s.done {
		require.Equal(t, (longSpan - 15*time.Second).Milliseconds(), c.Maxt-c.Mint)
	}
	require.Less(t, float64(m.Stats().Bytes-m.fixed)/float64(day), 0.5, "bytes per sample")
}

func TestAChunkOfASeriesThatIsPolledRarelyHasAsManySamplesAsAny(t *testing.T) {
	_, s := written(t, 16*time.Minute, 3*samplesPerChunk, func(int) float64 { return 4 })
	require.Equal(t, 2, len(s.done))
}

func TestAChunkOfAChangingSeriesIsShort(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	_, s := written(t, 15*time.Second, 3*samplesPerChunk, func(int) float64 { return random.Float64() })
	require.Equal(t, 2, len(s.done))
}
