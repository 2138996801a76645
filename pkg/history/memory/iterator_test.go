package memory

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
)

// sliceIterator does what chunkenc.Iterator says, on a slice, as plainly as can be.
type sliceIterator struct {
	points []pair // of the time asked for
	i      int    // -1 before the first
}

func (s *sliceIterator) next() bool {
	if s.i < len(s.points) {
		s.i++
	}
	return s.i < len(s.points)
}

func (s *sliceIterator) seek(t int64) bool {
	s.i = max(s.i, 0)
	for s.i < len(s.points) && s.points[s.i].T < t {
		s.i++
	}
	return s.i < len(s.points)
}

// checkIterator fills a store from seed, then reads one series with the steps
// given, both through the store and from a slice. A step of 0 is Next, others
// seek that many seconds beyond the last time seen (or, negative, before it).
func checkIterator(t *testing.T, seed uint64, samples int, from, to int, steps []int8) {
	rnd := rand.New(rand.NewPCG(seed, 1))
	m := New(Options{})
	name := labels.FromStrings("__name__", "x")
	var all []pair
	at := int64(0)
	write := func(n int) {
		for range n {
			b := m.Batch(context.Background())
			at += []int64{1000, 1000, 1000, 15_000, 1, 60_000_000}[rnd.IntN(6)]
			v := []float64{1, rnd.Float64(), math.NaN(), math.Inf(1), float64(rnd.IntN(9)), all0(all).V}[rnd.IntN(6)]
			_, err := b.Append(0, constant(name), at, v)
			require.NoError(t, err)
			require.NoError(t, b.Commit())
			all = append(all, pair{T: at, V: v})
		}
	}
	write(samples)
	bound := func(i int, none int64) int64 {
		if i < 0 || len(all) == 0 {
			return none
		}
		return all[i%len(all)].T
	}
	mint, maxt := bound(from, math.MinInt64), bound(to, math.MaxInt64)

	var want []pair
	for _, p := range all {
		if p.T >= mint && p.T <= maxt {
			want = append(want, p)
		}
	}
	q, err := m.Querier(mint, maxt)
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(context.Background(), false, nil, matchers(t, "x")...)
	if !set.Next() {
		require.NoError(t, set.Err())
		require.Empty(t, want)
		return
	}
	// What comes later, and what is forgotten later, is none of this query's
	// business. (The chunk being written when a query begins is never forgotten
	// before it ends: retention is longer than any query.)
	cut := m.find(name.Hash(), nameOf(name), name).headMint
	write(rnd.IntN(300))
	m.mu.Lock()
	m.forget(cut, true)
	m.mu.Unlock()

	it := set.At().Iterator(nil)
	if rnd.IntN(2) == 0 { // used before
		it.Seek(at / 2)
		it = set.At().Iterator(it)
	}
	naive := &sliceIterator{points: want, i: -1}
	last := mint
	for i, step := range append(steps, make([]int8, len(want)+1)...) {
		var got chunkenc.ValueType
		var ok bool
		if step == 0 {
			got, ok = it.Next(), naive.next()
		} else {
			target := max(last, 0) + int64(step)*1000
			got, ok = it.Seek(target), naive.seek(target)
		}
		require.Equal(t, ok, got == chunkenc.ValFloat, "step %d (%d)", i, step)
		require.NoError(t, it.Err())
		if !ok {
			continue // exhausted: stays so
		}
		ts, v := it.At()
		require.Equal(t, naive.points[naive.i].T, ts, "step %d (%d)", i, step)
		require.Equal(t, math.Float64bits(naive.points[naive.i].V), math.Float64bits(v), "step %d (%d)", i, step)
		require.Equal(t, ts, it.AtT())
		last = ts
	}
}

func all0(all []pair) pair {
	if len(all) == 0 {
		return pair{}
	}
	return all[len(all)-1]
}

func TestIteratorDoesAsASliceDoes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for i := range 400 {
		steps := make([]int8, rnd.IntN(60))
		for j := range steps {
			if rnd.IntN(2) == 0 {
				steps[j] = int8(rnd.IntN(256) - 128)
			}
		}
		checkIterator(t, uint64(i), rnd.IntN(700), rnd.IntN(1000)-300, rnd.IntN(1000)-300, steps)
	}
}

func FuzzIterator(f *testing.F) {
	f.Add(uint64(1), uint16(500), int16(-1), int16(-1), []byte{0, 0, 1, 120, 0, 200, 5})
	f.Add(uint64(2), uint16(121), int16(100), int16(120), []byte{255, 0, 0})
	f.Add(uint64(3), uint16(0), int16(0), int16(0), []byte{})
	f.Fuzz(func(t *testing.T, seed uint64, samples uint16, from, to int16, steps []byte) {
		signed := make([]int8, len(steps))
		for i, s := range steps {
			signed[i] = int8(s)
		}
		checkIterator(t, seed, int(samples%2000), int(from), int(to), signed)
	})
}
