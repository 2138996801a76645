package plugin

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Nearly all memory in use is history, which lies still, and a poll makes less
// garbage than there is history. Go lets garbage grow to as much as is in use
// (GOGC=100, and Grafana passes no GOGC on): that would be half of the process
// for nothing. Where little is in use a collection takes a few milliseconds, so
// there it may come several times a minute, but not several times a query; where
// there is much, once or twice a poll. The figures are in docs/benchmarks.md.
const (
	little        = 64 << 20 // bytes in use
	littleGarbage = 20       // percent of them
	muchGarbage   = 40
	leastGarbage  = 12 << 20 // bytes, however little is in use
)

// SaveMemory makes this process collect its garbage early.
func SaveMemory() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := garbageFor(live[0].Value.Uint64())
	debug.SetGCPercent(percent)
	// A finalizer runs after each collection: then it is decided anew.
	runtime.SetFinalizer(&collected{}, func(*collected) { SaveMemory() })
}

// garbageFor is how much garbage there may be beside so many bytes in use, in
// percent of them: GOGC.
func garbageFor(inUse uint64) int {
	if inUse > little {
		return muchGarbage
	}
	return max(littleGarbage, int(100*leastGarbage/max(inUse, leastGarbage)))
}

// collected is garbage. (Of a size of its own: the smallest objects share one
// block and its end.)
type collected struct{ _ [32]byte }
