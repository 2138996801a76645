package disk

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
)

// Options holds where a Store keeps its files and how much of the rest of the
// file system it leaves alone.
type Options struct {
	// Dir is the directory of this history alone, an absolute path. It and what
	// is missing above it are made at the first opening.
	Dir string
	// Retention is how long samples are kept. 0 or less: for ever.
	Retention time.Duration
	// Limit bounds, in bytes, what the files take: the oldest blocks go when it is
	// exceeded, whatever their age. 0 or less: no limit.
	Limit int64
	// MemoryLimit bounds, in bytes, what is kept in memory while the directory
	// cannot be written. 0 or less: no limit.
	MemoryLimit int64
	// Reserve is how many bytes of the file system stay free: below it nothing
	// is written. 512 MiB if 0.
	Reserve int64
	// Now is the clock against which samples are old or from the future;
	// time.Now if nil.
	Now func() time.Time
	// From is a history in memory to go on with: what it holds moves to disk, and
	// it must not be used otherwise any more. May be nil.
	From *memory.Store
	// Log gets what happens to the files; nothing is logged if nil.
	Log Logger

	// BlockRange is how much time a block spans before blocks are merged. 2 h if 0.
	BlockRange time.Duration

	// For tests. What is 0 has the default named.
	every time.Duration // how often the keeper looks; 10 s
	wait  time.Duration // with a locked directory, and of a query that comes while it is opened; 5 s
}

const (
	defaultReserve    = 512 << 20
	defaultBlockRange = 2 * time.Hour
	defaultEvery      = 10 * time.Second
	defaultWait       = 5 * time.Second
)

// A Store is a history in a directory: Prometheus' TSDB, and a memory.Store that
// takes the samples whenever the directory cannot.
//
// The TSDB trusts its directory: where the file system is full or the
// directory goes, it panics, and that in goroutines of its own, where nothing
// can recover. A plugin that ends takes every data source with it. So
//
//   - the goroutine that would write in the background is left without work
//     (see options), and its work is done by one of ours, the keeper, which
//     recovers;
//   - before a batch, before an opening and before each work of the keeper the
//     Store looks at the space that is left and at the directory;
//   - where something is wrong, the samples go to memory, also those of a batch
//     whose commit fails; what is on disk stays readable as long as it can be,
//     and Stats.Note says what to do;
//   - when it is right again, the samples move to disk, and nothing is missing.
//
// So memory takes over while the directory is opened, while another process
// has it locked, while the disk is full, when the directory was taken away,
// and when it can no longer be written. In all these cases writing and reading
// continue.
//
// state.go has the fields that change, and the locks.
type Store struct {
	opts    Options
	log     *slog.Logger
	started time.Time // by the real clock
	answers history.Answers

	state
	keeper
}

var (
	_ history.Store   = (*Store)(nil)
	_ history.Settler = (*Store)(nil)
)

// New returns the store of a directory, which is opened meanwhile: memory
// takes the samples until it is. It never fails; Stats.Note says what is wrong.
func New(o Options) *Store {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Reserve <= 0 {
		o.Reserve = defaultReserve
	}
	if o.BlockRange <= 0 {
		o.BlockRange = defaultBlockRange
	}
	if o.every <= 0 {
		o.every = defaultEvery
	}
	if o.wait <= 0 {
		o.wait = defaultWait
	}
	d := &Store{
		opts: o, started: time.Now(), log: newTSDBLog(o.Log),
		keeper: keeper{ready: make(chan struct{}), kick: make(chan struct{}, 1), done: make(chan struct{})},
	}
	d.retention, d.limit, d.gen = o.Retention, o.MemoryLimit, 1
	d.ctx, d.stop = context.WithCancel(context.Background())
	d.memory, d.newest = d.newMemory(), history.NoTime
	if o.From != nil {
		d.memory = o.From
		d.memory.SetLimits(d.retention, d.limit)
		if _, newest, ok := d.memory.Span(); ok {
			d.newest = newest
		}
	}
	d.fault = fault{kind: opening}
	d.seen = o.Now()
	d.holdUntil = d.seen.Add(holdFor)
	go d.keep()
	return d
}

func (d *Store) newMemory() *memory.Store {
	return memory.New(memory.Options{Retention: d.retention, Limit: d.limit, Now: d.opts.Now})
}

// SetLimits changes the bounds. Files are deleted some time after, queries see
// what is kept from now on.
func (d *Store) SetLimits(retention time.Duration, memoryLimit int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.retention, d.limit = retention, memoryLimit
	if d.memory != nil {
		d.memory.SetLimits(retention, memoryLimit)
	}
}

// horizon is the time before which queries see nothing, Unix milliseconds:
// files go a block at a time. mu must be held.
func (d *Store) horizon() int64 {
	if d.retention <= 0 {
		return history.NoTime
	}
	return d.opts.Now().Add(-d.retention).UnixMilli()
}

// Stats implements history.Store.
func (d *Store) Stats() history.Stats {
	d.mu.RLock()
	defer d.mu.RUnlock()
	st := history.Stats{Engine: "memory"}
	if d.open != nil {
		st.Engine, st.Series, st.Bytes = "disk", int(d.open.db.Head().NumSeries()), d.size
		if oldest, _, ok := d.open.span(); ok {
			st.Start = time.UnixMilli(max(oldest, d.horizon()))
			if d.bySize && oldest > d.horizon() {
				st.TruncatedBy = "history_limit"
			}
		}
	}
	if d.memory != nil {
		m := d.memory.Stats()
		st.Series = max(st.Series, m.Series)
		st.Bytes += m.Bytes
		// Until the first opening has ended nobody knows what there is on disk.
		if d.wasOpened() && !m.Start.IsZero() && (st.Start.IsZero() || m.Start.Before(st.Start)) {
			st.Start, st.TruncatedBy = m.Start, m.TruncatedBy
		}
		st.Note = m.Note
	}
	st.Note = d.note(st.Note)
	return st
}

// wasOpened reports whether the first opening has ended, successful or not.
func (d *Store) wasOpened() bool {
	select {
	case <-d.ready:
		return true
	default:
		return false
	}
}

// InMemory reports whether samples go to memory because the directory is
// unusable; false while it is still being opened.
func (d *Store) InMemory() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.memory != nil && d.fault.text != ""
}

// Room implements series.Sink: any number on disk, and as many as memory holds
// while samples go to memory.
func (d *Store) Room(interval time.Duration) int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.memory == nil || d.fault.text == "" {
		return 0
	}
	return d.memory.Room(interval)
}

// note puts together what the operator must know. mu must be held.
func (d *Store) note(memory string) string {
	var all []string
	add := func(text string) {
		if text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	switch {
	case d.memory == nil:
	case d.fault.text != "":
		add(d.fault.text)
	case time.Since(d.started) > d.opts.wait:
		add(fmt.Sprintf("the history in %s is still being opened: until then history is kept in memory", d.opts.Dir))
	}
	add(memory)
	add(d.clockNote())
	add(d.stuck)
	for _, text := range d.lasting {
		add(text)
	}
	return strings.Join(all, "; ")
}

// remember keeps a sentence for the operator until the process ends.
func (d *Store) remember(text string) {
	d.log.Warn(text)
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(d.lasting, text) {
		d.lasting = append(d.lasting, text)
	}
}

// lose is remember where samples of before now are lost.
func (d *Store) lose(text string) {
	d.lacksUntil.Store(d.opts.Now().UnixMilli() + 1)
	d.remember(text)
}

// LacksUntil returns until when samples may be missing that were collected, because they were damaged or could not be
// written: Unix milliseconds; 0 where none has been found since the process began.
func (d *Store) LacksUntil() int64 { return d.lacksUntil.Load() }

// Close implements history.Store. What memory holds moves to disk first where it can.
// Close waits for batches and queries that are under way; a process that ends
// without waiting loses nothing of what was committed to disk.
func (d *Store) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		<-d.done
		return nil
	}
	d.closed = true
	h := d.open
	d.mu.Unlock()
	d.stop()
	if h != nil {
		h.cancel() // a compaction that runs
	}
	<-d.done
	d.mu.Lock()
	h, m := d.open, d.memory
	d.open, d.memory = nil, nil
	d.mu.Unlock()
	if m != nil {
		_ = m.Close() // never fails
	}
	if h == nil {
		return nil
	}
	return h.close()
}
