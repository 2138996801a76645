package disk

import (
	"context"
	"errors"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/series"
)

// References of the TSDB and of a Memory are numbers that mean nothing
// elsewhere, and a TSDB that is opened again may give one to another series. So
// the references a Store gives out carry the generation of the place they are
// of, and those of another generation are unknown.
const (
	refBits = 40 // the TSDB's own have no more (tsdb/chunks: HeadChunkRef)
	refMask = 1<<refBits - 1
	genMask = 1<<(64-refBits) - 1
)

// A diskBatch is the samples of one poll on their way to where samples go at
// the time it begins: to the TSDB, or to memory.
type diskBatch struct {
	d   *Store
	gen uint64

	memory series.Batch  // nil if the TSDB takes the samples
	of     *memory.Store // what memory is a batch of

	bounds history.Bounds
	h      *handle
	app    storage.AppenderV2
	staged staged // what app has taken, for the case that its commit fails

	newest int64 // Unix milliseconds
	ended  bool
}

// Batch implements series.Sink. The batch must end with Commit or Rollback.
func (d *Store) Batch(ctx context.Context) series.Batch {
	d.switching.RLock()
	d.mu.RLock()
	h, inMemory, closed := d.open, d.memory != nil, d.closed
	d.mu.RUnlock()
	if closed {
		d.switching.RUnlock()
		return closedBatch{}
	}
	if !inMemory {
		if t := d.inspect(h); t.kind != none {
			d.takeOver(t)
			d.Wake()
		} else if err := d.followClock(h); err != nil {
			d.failed(h, err)
		}
	}
	d.dropFuture()
	d.mu.RLock()
	defer d.mu.RUnlock()
	b := &diskBatch{d: d, gen: d.gen & genMask, bounds: history.BoundsAt(d.opts.Now(), d.retention), newest: history.NoTime}
	switch {
	case d.memory != nil:
		b.memory, b.of = d.memory.Batch(ctx), d.memory
	case d.open != nil && d.open.acquire():
		b.h, b.app, b.staged = d.open, d.open.db.AppenderV2(ctx), newStaged()
	default: // closed meanwhile
		d.switching.RUnlock()
		return closedBatch{}
	}
	return b
}

// Append implements series.Batch. Beside Prometheus' errors there is series.ErrFull
// while memory takes the samples.
func (b *diskBatch) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	if b.ended {
		return 0, history.ErrBatchEnded
	}
	own := series.Ref(0)
	if uint64(ref)>>refBits == b.gen {
		own = ref & refMask
	}
	given, err := b.append(own, lset, t, v)
	if err != nil {
		return ref, err
	}
	b.newest = max(b.newest, t)
	return given | series.Ref(b.gen<<refBits), nil
}

func (b *diskBatch) append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	if b.memory != nil {
		return b.memory.Append(ref, lset, t, v)
	}
	if err := b.bounds.Check(t); err != nil {
		return 0, err
	}
	if ref != 0 {
		// With a reference that is no longer known the TSDB misses the labels.
		given, err := b.app.Append(ref, labels.EmptyLabels(), 0, t, v, nil, nil, storage.AOptions{})
		if err == nil {
			b.staged.add(given, t, v)
		}
		if !errors.Is(err, tsdb.ErrInvalidSample) {
			return given, err
		}
	}
	l, err := history.CheckedLabels(lset())
	if err != nil {
		return 0, err
	}
	given, err := b.app.Append(0, l, 0, t, v, nil, nil, storage.AOptions{})
	if err == nil {
		b.staged.addNew(given, l, t, v)
	}
	return given, err
}

// Commit implements series.Batch. Where the samples cannot be written to disk
// they are kept in memory, and move to disk when it can be written again: that
// is no error of the batch, and Stats.Note has the reason. An error means that
// nothing was kept.
func (b *diskBatch) Commit() error {
	if b.ended {
		return history.ErrBatchEnded
	}
	defer b.end()
	if b.memory != nil {
		return b.d.commitToMemory(b)
	}
	if err := b.h.commit(b.app); err != nil {
		b.d.failed(b.h, err)
		return b.keepInMemory(err)
	}
	if t := b.d.inPlace(b.h); t.kind != none { // written to files that were deleted meanwhile
		b.d.takeOver(t)
		b.d.Wake()
		return b.keepInMemory(errors.New(t.text))
	}
	b.d.Wake()
	if b.h.behind(b.d.opts.BlockRange) {
		b.d.maintain(b.h)
	}
	return nil
}

// Rollback implements series.Batch.
func (b *diskBatch) Rollback() error {
	if b.ended {
		return history.ErrBatchEnded
	}
	defer b.end()
	if b.memory != nil {
		return b.memory.Rollback()
	}
	return recovered(b.app.Rollback)
}

func (b *diskBatch) end() {
	b.ended = true
	if b.h != nil {
		b.staged.free()
		b.h.release()
	}
	b.d.switching.RUnlock()
}

// failed notes that a write to the TSDB failed. What was committed before is
// safe, but the end of its log may not be: more must not be written before it
// is opened again.
func (d *Store) failed(h *handle, err error) {
	d.mu.Lock()
	if h.failure == nil {
		h.failure = err
	}
	d.mu.Unlock()
	d.takeOver(d.inspect(h))
	d.Wake()
}

// Wake makes the keeper look at the directory now and not within 10 s. It is
// called when something is known to have changed there.
func (d *Store) Wake() {
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

// closedBatch is a batch of a store that was closed.
type closedBatch struct{}

func (closedBatch) Append(series.Ref, func() labels.Labels, int64, float64) (series.Ref, error) {
	return 0, history.ErrClosed
}
func (closedBatch) Commit() error   { return history.ErrClosed }
func (closedBatch) Rollback() error { return nil }
