package plugin

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
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

	// outsidePart is which part of what a statement of SQL may take is kept free for it. With
	// all of it, statements with large answers took half as long again beside 100,000 tasks.
	outsidePart = 2
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

// managed is what Go's runtime tells of the memory it manages, in bytes.
type managed struct {
	inUse uint64 // after the latest collection
	// around is what it takes besides objects and besides what is free: stacks, its own books, and
	// places between objects, which only objects of their sizes can take.
	around uint64
}

// known is what limitFor is told.
var known struct {
	sync.Mutex
	managed
	own     lowest
	outside int64
}

// lowest is the lowest of the latest values.
type lowest struct {
	latest [16]uint64
	n      int
}

func (l *lowest) add(value uint64) {
	l.latest[l.n%len(l.latest)] = value
	l.n++
}

func (l *lowest) value() uint64 { return slices.Min(l.latest[:max(1, min(l.n, len(l.latest)))]) }

// SaveMemory sets how much garbage this process may have, and again after each
// collection.
func SaveMemory() {
	now := managedNow()
	known.Lock()
	known.managed = now
	// Queries take more than is counted as theirs, and end; what the cluster needs stays.
	known.own.add(now.inUse - min(now.inUse, uint64(promql.Held())))
	debug.SetGCPercent(garbageFor(now.inUse, sparing.Load() > 0))
	setLimit()
	known.Unlock()
	// A finalizer runs after each collection.
	runtime.SetFinalizer(&collected{}, func(*collected) { SaveMemory() })
}

// takeOutside counts bytes that may be taken of memory which Go's runtime does not manage, until
// release: a part of that is not for garbage then. Few statements of SQL take more than that part.
func takeOutside(bytes int64) (release func()) {
	add := func(bytes int64) {
		known.Lock()
		defer known.Unlock()
		known.outside += bytes
		setLimit()
	}
	add(bytes / outsidePart)
	return sync.OnceFunc(func() { add(-bytes / outsidePart) })
}

// setLimit sets GOMEMLIMIT. known is locked.
func setLimit() {
	debug.SetMemoryLimit(limitFor(known.managed, known.own.value(), uint64(known.outside)))
}

// managedNow asks the runtime. It is right after a collection, before sweeping: so what is dead counts as
// objects, and places between objects are few.
func managedNow() managed {
	read := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(read)
	around := read[1].Value.Uint64()
	for _, not := range read[2:] {
		around -= min(around, not.Value.Uint64())
	}
	return managed{inUse: read[0].Value.Uint64(), around: around}
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
// collects garbage more often and returns what is free: softLimit, or what there is with
// the least garbage, or what a cluster needs by itself, own, with room for more.
func limitFor(now managed, own, outside uint64) int64 {
	room := roomFor(own)
	return int64(max(
		softLimit-min(outside, softLimit),
		now.inUse*(100+tightGarbage)/100+now.around,
		own+max(own/8, now.around)+room-min(outside, room),
	))
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
