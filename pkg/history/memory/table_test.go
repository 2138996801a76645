package memory

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

func TestATableFindsWhatAMapDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	want := map[storage.SeriesRef]*memSeries{}
	table := newTable()
	for range 20_000 {
		ref := storage.SeriesRef(random.IntN(4*refsPerPage)) + storage.SeriesRef(random.IntN(2))<<40
		require.Equal(t, want[ref], table.get(ref))
		if s := want[ref]; s != nil {
			delete(want, ref)
			table.remove(s)
		} else {
			s := &memSeries{ref: ref}
			want[ref] = s
			table.add(s)
		}
		require.Equal(t, len(want), table.len())
	}
	require.ElementsMatch(t, slices.Collect(maps.Values(want)), slices.Collect(table.all()))
	for s := range table.all() {
		table.remove(s)
	}
	require.Zero(t, table.len())
	require.Empty(t, table.pages, "an empty page is given back")
}
