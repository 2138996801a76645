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
		require.Equal(t, want<<20, limitFor(inUse<<20, 0), "%d MiB in use", inUse)
	}
}

// Where a cluster needs nearly as much as the limit there is room for garbage, too, and no step.
func TestTheLimitLeavesRoomForGarbageWhateverIsInUse(t *testing.T) {
	before := limitFor(0, 0)
	for inUse := uint64(0); inUse < 1600<<20; inUse += 1 << 20 {
		limit := limitFor(inUse, 0)
		require.GreaterOrEqual(t, limit, before)
		require.LessOrEqual(t, limit-before, int64(3<<20), "no step at %d MiB", inUse>>20)
		require.GreaterOrEqual(t, limit, int64(inUse+inUse/4), "%d MiB in use", inUse>>20)
		before = limit
	}
}

func TestMemoryThatQueriesTakeDoesNotRaiseTheLimitForGarbage(t *testing.T) {
	require.EqualValues(t, 784<<20, limitFor(700<<20, 200<<20))
	require.EqualValues(t, 1104<<20, limitFor(800<<20, 200<<20), "the cluster needs that much by itself")
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
