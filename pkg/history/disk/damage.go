package disk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/tombstones"
)

// This file deals with samples in a block that cannot be read: the checksum of
// their chunk is wrong. That shows only when they are asked for, or when the
// block is merged with others, and without more it would go on to fail. Instead
// the damaged chunks are marked as deleted, so that a gap is all that is left of
// them, and the operator is told. The block's own files stay as they are.

// damagedChunk is how the TSDB names a chunk it cannot read (tsdb/querier.go). The
// block it names is none.
const damagedChunk = "cannot populate chunk "

// noticeDamage looks whether an error is about a damaged chunk; then the keeper
// looks for what is damaged, and the error says so. nil stays nil.
func (d *Store) noticeDamage(err error) error {
	if err == nil || !strings.Contains(err.Error(), damagedChunk) {
		return err
	}
	d.damaged.Store(true)
	d.Wake()
	return fmt.Errorf("%w: %w", history.ErrDamaged, err)
}

// leaveOutDamage marks what is damaged in all blocks, if damage was noticed. It
// reads them wholly, a second or so for each 500 MB; after that it waits for a
// while before it looks again.
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
		var found *damage
		err := guarded(func() (err error) {
			if found, err = findDamage(d.ctx, b); err == nil && len(found.chunks) > 0 {
				err = d.betweenQueries(h, func() error { return found.leaveOut(d.ctx, b) })
			}
			return err
		})
		switch {
		case d.ctx.Err() != nil: // being closed
			return
		case errors.Is(err, errBusy):
			d.damaged.Store(true)
			h.searchAt = now
		case err != nil:
			d.remember(fmt.Sprintf("samples in the block %s are damaged and could not be left out (%v): queries that touch them fail; move the block away while Grafana is stopped", b.Dir(), err))
		case len(found.chunks) > 0:
			d.remember(fmt.Sprintf("samples of %d series between %s and %s in the block %s are damaged (%v) and are left out: restore the block from a backup while Grafana is stopped, and check the disk",
				found.series, history.Moment(found.mint), history.Moment(found.maxt), b.Dir(), found.first))
		}
	}
}

// errBusy means that queries left no moment for a change.
var errBusy = errors.New("queries are running")

// betweenQueries changes blocks in a moment when no query reads them; later ones
// wait. It waits a second for such a moment.
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

// damage is what cannot be read of a block.
type damage struct {
	chunks     []lostChunk
	series     int
	mint, maxt int64 // Unix milliseconds
	first      error // about the first of them
}

// lostChunk is a chunk that cannot be read: whose, and from when to when.
type lostChunk struct {
	labels     labels.Labels
	mint, maxt int64
}

// findDamage reads every chunk of a block.
func findDamage(ctx context.Context, b *tsdb.Block) (found *damage, err error) {
	ir, err := b.Index()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ir.Close()) }()
	cr, err := b.Chunks()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cr.Close()) }()
	deleted, err := b.Tombstones()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, deleted.Close()) }()
	p, err := tsdb.PostingsForMatchers(ctx, ir, history.EverySeries)
	if err != nil {
		return nil, err
	}
	found = &damage{mint: math.MaxInt64, maxt: math.MinInt64}
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for p.Next() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := ir.Series(p.At(), &builder, &metas); err != nil {
			return nil, err
		}
		known, err := deleted.Get(p.At())
		if err != nil {
			return nil, err
		}
		if found.addUnreadable(cr, &builder, metas, known) {
			found.series++
		}
	}
	return found, p.Err()
}

// addUnreadable adds the chunks of a series that cannot be read, and tells
// whether there are any.
func (f *damage) addUnreadable(cr tsdb.ChunkReader, of *labels.ScratchBuilder, metas []chunks.Meta, known tombstones.Intervals) (any bool) {
	for _, meta := range metas {
		if (tombstones.Interval{Mint: meta.MinTime, Maxt: meta.MaxTime}).IsSubrange(known) {
			continue
		}
		_, _, err := cr.ChunkOrIterable(meta)
		if err == nil {
			continue
		}
		if f.first == nil {
			f.first = err
		}
		any = true
		f.chunks = append(f.chunks, lostChunk{of.Labels(), meta.MinTime, meta.MaxTime})
		f.mint, f.maxt = min(f.mint, meta.MinTime), max(f.maxt, meta.MaxTime)
	}
	return any
}

// leaveOut marks the chunks as deleted.
func (f *damage) leaveOut(ctx context.Context, b *tsdb.Block) error {
	names, err := b.LabelNames(ctx)
	if err != nil {
		return err
	}
	for _, lost := range f.chunks {
		// All of its labels and no others: else series with more labels lose the
		// same time.
		matchers := make([]*labels.Matcher, 0, len(names))
		for _, name := range names {
			matchers = append(matchers, labels.MustNewMatcher(labels.MatchEqual, name, lost.labels.Get(name)))
		}
		if err := b.Delete(ctx, lost.mint, lost.maxt, matchers...); err != nil {
			return err
		}
	}
	return nil
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
