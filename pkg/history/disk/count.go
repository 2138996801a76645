package disk

import (
	"context"
	"errors"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
)

var _ history.Counter = (*Store)(nil)

// CountSeries implements history.Counter by the index alone: selecting 2,000 series of
// six hours takes a hundred times as long. A series may be in several blocks, which
// the index cannot tell: the count is that of the block, or of the head, with the most.
// What a query holds at once is never more than that many series with a sample at each
// point.
func (d *Store) CountSeries(ctx context.Context, mint, maxt int64, matchers ...*labels.Matcher) (int, error) {
	d.awaitOpening()
	d.mu.RLock()
	closed, h, memory := d.closed, d.open, d.memory
	mint = max(mint, d.horizon())
	if h != nil && !h.acquire() {
		h = nil
	}
	d.mu.RUnlock()
	if closed {
		if h != nil {
			h.release()
		}
		return 0, history.ErrClosed
	}
	most := 0
	if h != nil {
		defer h.release()
		n, err := h.countSeries(ctx, mint, maxt, matchers)
		if err != nil {
			return 0, err
		}
		most = n
	}
	if memory != nil {
		n, err := memory.CountSeries(ctx, mint, maxt, matchers...)
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return most, nil
}

func (h *handle) countSeries(ctx context.Context, mint, maxt int64, matchers []*labels.Matcher) (most int, err error) {
	h.reading.RLock()
	defer h.reading.RUnlock()
	var parts []tsdb.BlockReader
	for _, b := range h.db.Blocks() {
		if b.OverlapsClosedInterval(mint, maxt) {
			parts = append(parts, b)
		}
	}
	if head := h.db.Head(); maxt >= head.MinTime() {
		parts = append(parts, head)
	}
	for _, part := range parts {
		n, err := countMatching(ctx, part, matchers)
		if err != nil {
			return 0, err
		}
		most = max(most, n)
	}
	return most, nil
}

// countMatching counts the series of a block, or of the head, that match.
func countMatching(ctx context.Context, part tsdb.BlockReader, matchers []*labels.Matcher) (n int, err error) {
	ix, err := part.Index()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, ix.Close()) }()
	p, err := tsdb.PostingsForMatchers(ctx, ix, matchers...)
	if err != nil {
		return 0, err
	}
	for p.Next() {
		if n++; n%checkEvery == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return n, p.Err()
}

// checkEvery is how many series are counted between two looks at the context.
const checkEvery = 4096
