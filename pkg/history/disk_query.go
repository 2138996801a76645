package history

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// A Disk is no Counter: a block tells which series match only by reading them,
// and a series that is in several blocks must count once. So Estimate asks for
// the series, which is what their query does next.

// Querier implements storage.Queryable: what is on disk, and beside it what
// memory took meanwhile. While the directory is opened for the first time it
// waits a little, so that the first queries after a start see the past.
func (d *Disk) Querier(mint, maxt int64) (storage.Querier, error) {
	d.awaitOpening()
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return nil, ErrClosed
	}
	if mint = max(mint, d.horizon()); mint > maxt {
		return storage.NoopQuerier(), nil
	}
	var parts []storage.Querier
	if h := d.open; h != nil && h.acquire() {
		q, err := h.db.Querier(mint, maxt)
		if err != nil {
			h.release()
			return nil, err
		}
		parts = append(parts, &diskQuerier{Querier: q, mint: mint, h: h, notice: d.noticeDamage})
	}
	if d.memory != nil {
		q, err := d.memory.Querier(mint, maxt)
		if err != nil {
			for _, part := range parts {
				err = errors.Join(err, part.Close())
			}
			return nil, err
		}
		parts = append(parts, q)
	}
	switch len(parts) {
	case 0:
		return nil, ErrClosed
	case 1:
		return parts[0], nil
	default:
		return storage.NewMergeQuerier(parts, nil, storage.ChainedSeriesMerge), nil
	}
}

// awaitOpening waits until the directory was opened, or could not be, but not
// for long.
func (d *Disk) awaitOpening() {
	rest := d.opts.patience - time.Since(d.started)
	if rest <= 0 {
		return
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-d.ready:
	case <-d.ctx.Done():
	case <-timer.C:
	}
}

// A diskQuerier keeps the TSDB open until it is closed, and queries within
// retention: the TSDB goes by the times of the hints alone.
type diskQuerier struct {
	storage.Querier
	mint   int64
	h      *handle
	notice func(error) error
}

func (q *diskQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if hints != nil && hints.Start < q.mint {
		own := *hints
		own.Start = q.mint
		if own.End < own.Start {
			return storage.EmptySeriesSet()
		}
		hints = &own
	}
	return walkingSet{q.Querier.Select(ctx, sorted, hints, matchers...), q.notice}
}

func (q *diskQuerier) Close() error {
	if q.h == nil {
		return nil
	}
	defer func() { q.h.release(); q.h = nil }()
	return q.Querier.Close()
}

// span returns the times of the oldest and newest samples, Unix milliseconds;
// false where there are none.
func (h *handle) span() (oldest, newest int64, ok bool) {
	oldest, newest = math.MaxInt64, math.MinInt64
	for _, b := range h.db.Blocks() {
		meta := b.Meta()
		oldest, newest = min(oldest, meta.MinTime), max(newest, meta.MaxTime-1)
	}
	if head := h.db.Head(); head.NumSeries() > 0 && head.MaxTime() >= head.MinTime() {
		oldest, newest = min(oldest, head.MinTime()), max(newest, head.MaxTime())
	}
	return oldest, newest, oldest <= newest
}
