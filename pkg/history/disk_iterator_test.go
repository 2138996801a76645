package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
)

func TestWalkingFindsWhatSeekingDoes(t *testing.T) {
	m, _ := written(t, 15*time.Second, 1000, func(i int) float64 { return float64(i) })
	q, err := m.Querier(0, t0.Add(24*time.Hour).UnixMilli())
	require.NoError(t, err)
	defer q.Close()
	// No step, small ones, such as end within nextBeforeSeek samples, at its end, and far beyond.
	strides := []int{0, 1, 7, nextBeforeSeek - 1, nextBeforeSeek, nextBeforeSeek + 1, 3 * nextBeforeSeek}
	random := rand.New(rand.NewPCG(1, 1))
	same := func(err error) error { return err }
	var reused chunkenc.Iterator
	for range 200 {
		series := only(t, q)
		plain := series.Iterator(nil)
		walking := walkingSeries{series, same}.Iterator(reused)
		reused = walking
		at := t0
		for done := false; !done; {
			var what string
			var want, got chunkenc.ValueType
			if random.IntN(3) == 0 {
				what, want, got = "next", plain.Next(), walking.Next()
			} else {
				at = at.Add(time.Duration(strides[random.IntN(len(strides))])*15*time.Second + time.Duration(random.IntN(2))*time.Second)
				what = fmt.Sprint("seek ", at.Sub(t0))
				want, got = plain.Seek(at.UnixMilli()), walking.Seek(at.UnixMilli())
			}
			require.Equal(t, want, got, what)
			if done = want == chunkenc.ValNone; !done {
				require.Equal(t, plain.AtT(), walking.AtT(), what)
				at = time.UnixMilli(max(at.UnixMilli(), plain.AtT()))
			}
		}
		require.Equal(t, chunkenc.ValNone, walking.Seek(at.UnixMilli()), "the end is the end")
	}
}

// only is the one series there is.
func only(t *testing.T, q storage.Querier) storage.Series {
	t.Helper()
	set := walkingSet{q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "mesos_up")), nil}
	require.True(t, set.Next())
	return set.At().(walkingSeries).Series
}
