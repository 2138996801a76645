package plugin

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGarbageMayBeAFewMegabytesOrAShareOfWhatIsInUse(t *testing.T) {
	for inUse, want := range map[uint64]int{0: 100, 6 << 20: 100, 24 << 20: 50, 60 << 20: 20, 64 << 20: 20, 65 << 20: 40, 480 << 20: 40, 640 << 20: 30, 1 << 30: 18, 4 << 30: 12} {
		require.Equal(t, want, garbageFor(inUse, false), "%d MiB in use", inUse>>20)
	}
	require.Equal(t, 12, garbageFor(480<<20, true))
	require.Equal(t, 50, garbageFor(24<<20, true), "little is in use anyway")
}

func TestMemoryIsReturnedAboveALimitThatFollowsWhatIsInUse(t *testing.T) {
	for inUse, want := range map[uint64]int64{0: 512, 200: 512, 300: 512, 400: 570, 512: 780, 600: 879, 1200: 1554} {
		require.Equal(t, want<<20, limitFor(managed{inUse: inUse << 20}, inUse<<20, 0), "%d MiB in use", inUse)
	}
}

// Where a cluster needs nearly as much as the limit there is room for garbage, too, and no step: also where places between
// objects take much, which the runtime counts as taken.
func TestTheLimitLeavesRoomForGarbageWhateverIsInUse(t *testing.T) {
	for _, around := range []uint64{0, 40 << 20, 200 << 20} {
		before := limitFor(managed{around: around}, 0, 0)
		for inUse := uint64(0); inUse < 1600<<20; inUse += 1 << 20 {
			limit := limitFor(managed{inUse, around}, inUse, 0)
			require.GreaterOrEqual(t, limit, before)
			require.LessOrEqual(t, limit-before, int64(3<<20), "no step at %d MiB", inUse>>20)
			require.GreaterOrEqual(t, limit, int64(inUse+inUse/4), "%d MiB in use", inUse>>20)
			require.GreaterOrEqual(t, limit, int64(inUse+inUse*tightGarbage/100+around), "%d MiB in use", inUse>>20)
			before = limit
		}
	}
}

// Measured with 35,000 agents: the runtime collected six times a second.
func TestALargeClusterInFragmentsIsNotCollectedAllTheTime(t *testing.T) {
	limit := limitFor(managed{inUse: 490e6, around: 195e6}, 490e6, 0)
	require.GreaterOrEqual(t, limit, int64(850e6), "8 MB a second are garbage after 20 s")
	require.LessOrEqual(t, limit, int64(900e6))
}

func TestMemoryThatQueriesTakeDoesNotRaiseTheLimitForGarbage(t *testing.T) {
	require.EqualValues(t, 784<<20, limitFor(managed{inUse: 700 << 20}, 400<<20, 0))
	require.EqualValues(t, 1104<<20, limitFor(managed{inUse: 800 << 20}, 800<<20, 0), "the cluster needs that much by itself")
}

func TestWhatACollectionFindsOfQueriesIsNotTheClusters(t *testing.T) {
	var own lowest
	require.Zero(t, own.value())
	own.add(400)
	require.EqualValues(t, 400, own.value())
	for range len(own.latest) - 1 {
		own.add(600)
	}
	require.EqualValues(t, 400, own.value())
	own.add(600)
	require.EqualValues(t, 600, own.value(), "it is in use for long")
	own.add(300)
	require.EqualValues(t, 300, own.value())
}

func TestMemoryBesideGosHeapLeavesLessForGarbage(t *testing.T) {
	limit := func() int64 {
		read := []metrics.Sample{{Name: "/gc/gomemlimit:bytes"}}
		metrics.Read(read)
		return int64(read[0].Value.Uint64())
	}
	SaveMemory()
	require.EqualValues(t, softLimit, limit())
	first, second := takeOutside(64<<20), takeOutside(64<<20)
	require.EqualValues(t, softLimit-64<<20, limit())
	first()
	first() // twice is once
	require.EqualValues(t, softLimit-32<<20, limit())
	second()
	require.EqualValues(t, softLimit, limit())
	require.EqualValues(t, limitFor(managed{}, 480<<20, 0)-32<<20, limitFor(managed{}, 480<<20, 32<<20))
}

func TestGOGCIsSetAfterEachCollection(t *testing.T) {
	percent := func() uint64 {
		runtime.GC() // what is in use is known after a collection
		read := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(read)
		return read[0].Value.Uint64()
	}
	becomes := func(what string, right func(percent uint64) bool) {
		t.Helper()
		require.Eventually(t, func() bool { return right(percent()) }, 10*time.Second, time.Millisecond, what)
	}
	SaveMemory()
	becomes("little is in use", func(p uint64) bool { return p != muchGarbage })
	history := make([]byte, 2*little)
	becomes("much is in use", func(p uint64) bool { return p == muchGarbage })
	end := SpareMemory()
	becomes("it is spared", func(p uint64) bool { return p == tightGarbage })
	end()
	end() // twice is once
	becomes("it is not spared any more", func(p uint64) bool { return p == muchGarbage })
	runtime.KeepAlive(history)
	becomes("little is in use again", func(p uint64) bool { return p != muchGarbage })
}
