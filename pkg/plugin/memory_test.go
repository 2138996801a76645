package plugin

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGarbageIsCollectedEarlyAndEarlierWhereLittleIsInUse(t *testing.T) {
	percent := func() uint64 {
		runtime.GC() // what is in use is known after a collection
		read := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(read)
		return read[0].Value.Uint64()
	}
	becomes := func(want uint64) {
		t.Helper()
		require.Eventually(t, func() bool { return percent() == want }, 10*time.Second, time.Millisecond)
	}
	SaveMemory()
	becomes(littleGarbage)
	history := make([]byte, 2*little)
	becomes(muchGarbage)
	runtime.KeepAlive(history)
	becomes(littleGarbage)
}
