package plugin

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"

	"community-mesos-datasource/pkg/promql"
)

// Nearly all memory in use is history, which does not change, and a poll makes less
// garbage than there is history. Go lets garbage grow to as much as is in use
// (GOGC=100, and Grafana does not pass GOGC on), which would double the memory of
// the process. With little memory in use a collection takes a few milliseconds, so
// it may run several times a minute, but not several times per query; with much,
// once or twice per poll. The measurements are in docs/benchmarks.md.
const (
	little        = 64 << 20 // bytes in use
	littleGarbage = 20       // percent of them
	muchGarbage   = 40
	leastGarbage  = 12 << 20 // bytes, however little is in use

	// mostGarbage is how much of it there is of a cluster beyond softLimit: 40 % of a
	// gigabyte would be a sixth of all that the process may take with 35,000 agents, whose
	// polls are minutes apart, so that collections cost little CPU.
	mostGarbage = 192 << 20 // bytes

	// softLimit is what the process takes at most while less than that is in use: near
	// it garbage is collected more often, and what was freed goes back to the system
	// at once instead of after minutes. So large queries, one after the other, do not
	// add up.
	softLimit = 512 << 20 // bytes
	// tightGarbage is the least garbage that softLimit leaves, in percent of the
	// bytes in use: with less, collections would take most of the CPU time.
	tightGarbage = 12
)

// sparing is how many read something large now: see SpareMemory.
var sparing atomic.Int32

// SpareMemory lets there be little garbage until end is called, and collects what there is at once: so a
// /state of 35,000 agents, which takes as much for a moment as all that is kept, takes the place of
// garbage. That costs some collections more every few minutes.
func SpareMemory() (end func()) {
	sparing.Add(1)
	debug.FreeOSMemory()
	return sync.OnceFunc(func() {
		sparing.Add(-1)
		debug.FreeOSMemory()
	})
}

// SaveMemory sets how much garbage this process may have, and again after each
// collection.
func SaveMemory() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	inUse := live[0].Value.Uint64()
	debug.SetGCPercent(garbageFor(inUse, sparing.Load() > 0))
	debug.SetMemoryLimit(limitFor(inUse, uint64(promql.Held())))
	// A finalizer runs after each collection.
	runtime.SetFinalizer(&collected{}, func(*collected) { SaveMemory() })
}

// garbageFor returns GOGC, how much garbage there may be in percent of the bytes in
// use.
func garbageFor(inUse uint64, spares bool) int {
	switch {
	case inUse > little && spares:
		return tightGarbage
	case inUse > little:
		return max(tightGarbage, min(muchGarbage, int(100*mostGarbage/inUse)))
	}
	return max(littleGarbage, int(100*leastGarbage/max(inUse, leastGarbage)))
}

// limitFor returns GOMEMLIMIT, up to how many bytes the process grows before it
// collects garbage more often and returns what is free. A cluster that needs more
// than softLimit by itself, without the queries that run now, is left to garbageFor,
// with an eighth for fragments.
func limitFor(inUse, queries uint64) int64 {
	if inUse > softLimit+queries {
		return int64(inUse + inUse/8 + mostGarbage + leastGarbage)
	}
	own := inUse - min(inUse, queries)
	return int64(max(softLimit, inUse*(100+tightGarbage)/100, own+own/8+roomFor(own)))
}

// roomFor returns how much garbage there may be at least of a cluster that needs so many bytes by itself. It grows from
// half of softLimit on, so that it is all of it at softLimit: where a cluster needs nearly as much as the limit, the
// runtime would collect all the time, with one of two cores (measured with 35,000 agents and the usual memoryLimit).
func roomFor(own uint64) uint64 {
	const half = softLimit / 2
	return leastGarbage + mostGarbage*(min(max(own, half), softLimit)-half)/half
}

// collected is an object that is garbage at once. The smallest objects share a
// block that is collected with the last of them, so it is larger.
type collected struct{ _ [32]byte }
