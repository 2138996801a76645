package disk

import (
	"context"
	"errors"
	"math"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Querier implements storage.Queryable: what is on disk, and beside it what
// memory took meanwhile. While the directory is opened for the first time it
// waits a little, so that the first queries after a start see the history on disk.
func (d *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	d.awaitOpening()
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return nil, history.ErrClosed
	}
	if mint = max(mint, d.horizon()); mint > maxt {
		return storage.NoopQuerier(), nil
	}
	var parts []storage.Querier
	if h := d.open; h != nil && h.acquire() {
		h.reading.RLock()
		q, err := h.querier(mint, maxt)
		if err != nil {
			h.reading.RUnlock()
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
		return nil, history.ErrClosed
	case 1:
		return parts[0], nil
	default:
		return storage.NewMergeQuerier(parts, nil, storage.ChainedSeriesMerge), nil
	}
}

// awaitOpening waits until the directory was opened, or could not be, but not
// for long.
func (d *Store) awaitOpening() {
	rest := d.opts.wait - time.Since(d.started)
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

// querier reads blocks and the head, each in its way. What is in the head when
// the first of the two is made may be in a block for the second: each part reads
// all there is of its time.
func (h *handle) querier(mint, maxt int64) (storage.Querier, error) {
	head := h.db.Head().MinTime()
	var parts []storage.Querier
	if mint < head {
		until := min(maxt, head-1)
		q, err := h.db.ChunkQuerier(mint, until)
		if err != nil {
			return nil, err
		}
		parts = append(parts, blockQuerier{q, mint, until})
	}
	if maxt >= head {
		from := max(mint, head)
		q, err := h.db.Querier(from, maxt)
		if err != nil {
			for _, part := range parts {
				err = errors.Join(err, part.Close())
			}
			return nil, err
		}
		parts = append(parts, headQuerier{q, from})
	}
	return storage.NewMergeQuerier(parts, nil, joined), nil
}

// A headQuerier does not look before the head: the TSDB goes by the times of the
// hints alone.
type headQuerier struct {
	storage.Querier
	mint int64
}

func (q headQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if hints != nil && hints.Start < q.mint {
		own := *hints
		if own.Start = q.mint; own.End < own.Start {
			return storage.EmptySeriesSet()
		}
		hints = &own
	}
	return q.Querier.Select(ctx, sorted, hints, matchers...)
}

// A diskQuerier keeps the TSDB open until it is closed, queries within
// retention, and reports damage.
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
	return noticingSet{q.Querier.Select(ctx, sorted, hints, matchers...), q.notice}
}

func (q *diskQuerier) Close() error {
	if q.h == nil {
		return nil
	}
	defer func() {
		q.h.reading.RUnlock()
		q.h.release()
		q.h = nil
	}()
	return q.Querier.Close()
}

// span returns the times of the oldest and newest samples, Unix milliseconds;
// false where there are none.
func (h *handle) span() (oldest, newest int64, ok bool) {
	oldest, newest = math.MaxInt64, math.MinInt64
	for _, b := range h.db.Blocks() {
		oldest, newest = min(oldest, b.MinTime()), max(newest, b.MaxTime()-1)
	}
	if head := h.db.Head(); head.NumSeries() > 0 && head.MaxTime() >= head.MinTime() {
		oldest, newest = min(oldest, head.MinTime()), max(newest, head.MaxTime())
	}
	return oldest, newest, oldest <= newest
}
