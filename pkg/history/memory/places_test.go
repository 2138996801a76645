package memory

import (
	"math/rand/v2"
	"testing"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

func TestPlacesAnswerAsAMapDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	want := map[storage.SeriesRef]int{}
	p := newPlaces()
	for place := range 20_000 {
		ref := storage.SeriesRef(random.IntN(4 * refsPerPage))
		if place%3 == 0 { // what years of replaced tasks lead to
			ref += 1 << 40
		}
		at, ok := p.of(ref)
		was, is := want[ref]
		require.Equal(t, is, ok)
		if ok {
			require.Equal(t, was, at)
		}
		want[ref] = place
		p.set(ref, place)
	}
	for ref, place := range want {
		at, ok := p.of(ref)
		require.True(t, ok)
		require.Equal(t, place, at)
	}
}
