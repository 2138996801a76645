package disk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/disk/repair"
)

// maxLeftOut is how many damaged chunks are marked as deleted in place. Each
// takes about 20 ms, and queries wait meanwhile.
const maxLeftOut = 50

// This file handles damage in an open block. It shows only when a query or a
// compaction reads the damaged part, and both would fail again and again. So
// some chunks with a wrong checksum are marked as deleted, which leaves a gap,
// and a block with more damage, or with damage in its index, is repaired: the
// directory is closed and opened again for that. It is reported to the operator.

// noticeDamage reports an error to the keeper, which searches all blocks, where
// it is about a damaged block. It returns the error, marked as damage; nil for
// nil.
func (d *Store) noticeDamage(err error) error {
	if !repair.IsDamage(err) {
		return err
	}
	d.damaged.Store(true)
	d.Wake()
	return fmt.Errorf("%w: %w", history.ErrDamaged, err)
}

// leaveOutDamage searches all blocks for damage, if a query or a compaction met
// some, and leaves it out. It waits for a while before it searches again.
func (d *Store) leaveOutDamage(h *handle) {
	now := d.opts.Now()
	if !d.damaged.Load() || (now.Before(h.searchAt) && h.searchAt.Sub(now) <= retryCompaction) || !h.acquire() {
		return
	}
	defer h.release()
	d.maintaining.Lock() // no compaction meanwhile
	defer d.maintaining.Unlock()
	d.damaged.Store(false)
	h.searchAt = now.Add(retryCompaction)
	for _, b := range h.db.Blocks() {
		found, err := d.searchBlock(h, b)
		switch {
		case d.ctx.Err() != nil: // being closed
			return
		case errors.Is(err, errBusy):
			d.damaged.Store(true)
			h.searchAt = now
		case err != nil:
			d.repairBlock(h, b.Dir(), err)
		case found.Index > 0, found.Chunks() > maxLeftOut:
			d.repairBlock(h, b.Dir(), found.First)
		case found.Chunks() > 0:
			d.lose(fmt.Sprintf("samples of %d series between %s and %s in the block %s are damaged (%v) and are left out: restore the block from a backup while Grafana is stopped, and check the disk",
				found.Series, history.Moment(found.Mint), history.Moment(found.Maxt), b.Dir(), found.First))
		}
	}
}

// searchBlock returns the damage in a block. Damaged chunks are left out when
// it returns.
func (d *Store) searchBlock(h *handle, b *tsdb.Block) (found *repair.Damage, err error) {
	err = recovered(func() (err error) {
		if found, err = repair.FindDamage(d.ctx, b); err == nil && found.Index == 0 && found.Chunks() > 0 && found.Chunks() <= maxLeftOut {
			err = d.betweenQueries(h, func() error { return found.LeaveOut(d.ctx, b) })
		}
		return err
	})
	return found, err
}

// errRepair is the failure of a handle that is closed so that a block can be
// repaired.
var errRepair = errors.New("a damaged block is repaired")

// repairBlock has the directory closed, a block in it repaired, and the
// directory opened again.
func (d *Store) repairBlock(h *handle, dir string, why error) {
	d.mu.Lock()
	if d.suspects == nil {
		d.suspects = map[string]error{}
	}
	d.suspects[dir] = why
	d.mu.Unlock()
	d.failed(h, fmt.Errorf("%w: %s", errRepair, filepath.Base(dir)))
}

// errBusy means that queries left no moment for a change.
var errBusy = errors.New("queries are running")

// betweenQueries changes blocks in a moment when no query reads them; later
// queries wait. It waits a second for such a moment.
func (d *Store) betweenQueries(h *handle, change func() error) error {
	for range 100 {
		if h.reading.TryLock() {
			defer h.reading.Unlock()
			return change()
		}
		select {
		case <-d.ctx.Done():
			return d.ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errBusy
}

// repairDir repairs the directory before it is opened.
func (d *Store) repairDir(ctx context.Context, existing string, need int64) fault {
	d.mu.RLock()
	suspects := maps.Clone(d.suspects)
	d.mu.RUnlock()
	var noSpace fault
	err := repair.Directory(ctx, repair.Options{
		Dir: d.opts.Dir, Suspects: suspects, Log: d.log,
		Found: func(text string, lost bool) {
			if lost {
				d.lose(text)
			} else {
				d.remember(text)
			}
		},
		Space: func(bytes int64) error {
			if noSpace = d.space(existing, need+bytes); noSpace.kind != none {
				return errors.New(noSpace.text)
			}
			return nil
		},
	})
	switch {
	case noSpace.kind != none:
		return noSpace
	case err != nil:
		return d.openingFault(err)
	}
	d.mu.Lock()
	d.suspects = nil
	d.mu.Unlock()
	return fault{}
}

// A noticingSet passes the errors of its series, and of their iterators, through
// notice; nil stays nil.
type noticingSet struct {
	storage.SeriesSet
	notice func(error) error
}

func (s noticingSet) At() storage.Series { return noticingSeries{s.SeriesSet.At(), s.notice} }

func (s noticingSet) Err() error { return s.notice(s.SeriesSet.Err()) }

type noticingSeries struct {
	storage.Series
	notice func(error) error
}

func (s noticingSeries) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	n, ok := it.(*noticingIterator)
	if !ok {
		n = &noticingIterator{}
	}
	n.Iterator, n.notice = s.Series.Iterator(n.Iterator), s.notice
	return n
}

type noticingIterator struct {
	chunkenc.Iterator
	notice func(error) error
}

func (n *noticingIterator) Err() error { return n.notice(n.Iterator.Err()) }
