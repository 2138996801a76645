package chunks

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
)

// Chunks are those of chunkenc, byte for byte after each sample, whatever times and values
// are: those that the format has an edge at, constant ones, counters, any bits.
func TestAChunkIsThatOfChunkenc(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	edges := []int64{0, 1, 2, 1<<13 - 2, 1<<13 - 1, 1 << 13, 1<<13 + 1, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1<<19 - 1, 1 << 19, 1<<19 + 1, 1 << 40}
	times := []func(last int64) int64{
		func(last int64) int64 { return last + 15000 },
		func(last int64) int64 { return last + 14990 + random.Int64N(20) },
		func(last int64) int64 { return last + edges[random.IntN(len(edges))] },
		func(last int64) int64 { return last - edges[random.IntN(len(edges))] }, // nobody does, and the format has it
		func(int64) int64 { return int64(random.Uint64()) },
	}
	values := []func(last float64) float64{
		func(last float64) float64 { return last },
		func(last float64) float64 { return last + 1 },
		func(float64) float64 { return float64(random.IntN(1000)) / 10 },
		func(float64) float64 { return math.Float64frombits(random.Uint64()) },
		func(float64) float64 { return math.Float64frombits(1 << random.IntN(64)) },
		func(last float64) float64 {
			return math.Float64frombits(math.Float64bits(last) ^ random.Uint64()>>random.IntN(64)<<random.IntN(64))
		},
	}
	for round := range 600 {
		theirs := chunkenc.NewXORChunk()
		app, err := theirs.Appender()
		require.NoError(t, err)
		var ours Writer
		require.False(t, ours.Begun())
		ours.Begin(8)
		require.True(t, ours.Begun())
		at, v := int64(1_700_000_000_000), 0.0
		for n := range 1 + random.IntN(400) {
			lastT, lastV := at, v
			kind := round
			if round%31 == 0 { // a bit of all
				kind = random.IntN(1000)
			}
			at, v = times[kind%len(times)](lastT), values[kind/len(times)%len(values)](lastV)
			app.Append(0, at, v)
			ours.Append(at, v, lastT, lastV)
			require.Equal(t, theirs.Bytes(), ours.Bytes(), "round %d, sample %d", round, n)
			require.Equal(t, theirs.NumSamples(), ours.Samples())
		}
	}
}
