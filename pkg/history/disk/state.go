package disk

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"community-mesos-datasource/pkg/history/memory"
)

// The locks of a Store, in the order in which they are taken. Nobody takes one
// while holding a later one.
//
//	tending          Held by the keeper while it works.
//	switching        Held for reading by a batch from its beginning to its end, so
//	                 that all of its samples go to the same place; for writing by
//	                 the keeper when it makes disk that place again.
//	maintaining      Held while chunks are mapped, compacted, or blocks are changed: the
//	                 keeper, or a batch that waits for compaction.
//	mu               Guards the state below. Held for moments only: no file is
//	                 read or written meanwhile.
//	handle.reading   Held for reading by each query of the TSDB until it is
//	                 closed. For writing only by TryLock, by whoever changes a
//	                 block in place: a goroutine may begin a query while it has
//	                 another, so that waiting writers would block it for ever.
//	handle.mu, handle.lateMu
//	                 Guard a few fields of a handle. Held for moments only.
//
// handle.acquire is no lock: it keeps the TSDB open until release.

// state holds what changes in a Store. mu guards what is above switching.
type state struct {
	mu     sync.RWMutex
	closed bool

	limits
	place
	figures
	reports
	clockWatch

	switching   sync.RWMutex
	maintaining sync.Mutex

	damaged atomic.Bool // a block is damaged, and it is not known yet which

	lacksUntil atomic.Int64 // LacksUntil
}

// limits are the bounds that SetLimits changes.
type limits struct {
	retention time.Duration
	limit     int64 // of memory, bytes
}

// place is where samples go and are read from: to memory while it is not nil,
// else to the TSDB.
type place struct {
	open   *handle       // nil while the directory is not open
	opened bool          // the directory was open once
	memory *memory.Store // takes the samples while it is not nil
	newest int64         // time of memory's newest sample, Unix milliseconds
	fault  fault         // why memory takes the samples
	gen    uint64        // counts the changes of place: see refBits
}

// figures holds what is known of the files.
type figures struct {
	size     int64            // bytes, when they were last measured
	bySize   bool             // blocks were deleted because of Options.Limit
	suspects map[string]error // directories of blocks to repair before the next opening, and why
}

// reports holds sentences for the operator, beside that of place.fault.
type reports struct {
	stuck   string   // why blocks are not written
	lasting []string // what stays true until the process ends
}

// clockWatch notices that the clock is set.
type clockWatch struct {
	seen      time.Time // by the clock of the options, when it was last looked at
	holdUntil time.Time // nothing is deleted before
}

// keeper holds the channels between the keeper (see keeper.go) and the others.
type keeper struct {
	// tending is held while the keeper works. Tests hold it while they change several
	// files, as the keeper does not see half of that then.
	tending sync.Mutex

	ready   chan struct{} // closed when the first opening has ended, successful or not
	isReady sync.Once
	kick    chan struct{} // wakes the keeper: see Store.Wake
	ctx     context.Context
	stop    context.CancelFunc
	done    chan struct{} // closed when the keeper has ended
}
