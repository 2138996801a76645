package memory

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/series"
)

// Batch implements series.Sink. Nothing of a batch is in the store before
// Commit, so a batch that is dropped without Rollback leaves nothing behind.
// The context is not used: no step of a batch waits.
func (m *Store) Batch(context.Context) series.Batch {
	m.mu.RLock()
	retention := m.retention
	m.mu.RUnlock()
	return &memBatch{m: m, bounds: history.BoundsAt(m.now(), retention), last: newPlaces()}
}

// A memBatch is the samples of one poll before their commit.
type memBatch struct {
	m      *Store
	bounds history.Bounds

	staged stagedSamples
	last   places // in staged of the newest sample of a series

	// Series this batch brings, not yet in the store, by reference and by hash.
	fresh       table
	freshByHash map[uint64]*memSeries
	freshSize   int64
	sharer      sharer
	freshValues map[labels.Label]struct{} // of labels

	ended bool
}

type stagedSample struct {
	s *memSeries
	t int64
	v float64
}

// stagedSamples are samples in pages: a list of a million that grows would leave five times as
// much garbage as there is in it.
type stagedSamples struct {
	pages [][]stagedSample // all but the last are full
}

const stagedPerPage = 4096

func (s *stagedSamples) len() int {
	n := len(s.pages)
	if n == 0 {
		return 0
	}
	return (n-1)*stagedPerPage + len(s.pages[n-1])
}

func (s *stagedSamples) at(i int) *stagedSample {
	return &s.pages[i/stagedPerPage][i%stagedPerPage]
}

func (s *stagedSamples) add(x stagedSample) {
	n := len(s.pages)
	switch {
	case n == 0: // few batches are large
		s.pages = append(s.pages, nil)
		n++
	case len(s.pages[n-1]) == stagedPerPage:
		s.pages = append(s.pages, make([]stagedSample, 0, stagedPerPage))
		n++
	}
	s.pages[n-1] = append(s.pages[n-1], x)
}

// all returns the samples in their order.
func (s *stagedSamples) all() iter.Seq[*stagedSample] {
	return func(yield func(*stagedSample) bool) {
		for _, page := range s.pages {
			for i := range page {
				if !yield(&page[i]) {
					return
				}
			}
		}
	}
}

// Append implements series.Batch. Beside Prometheus' errors there is series.ErrFull.
func (b *memBatch) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	if b.ended {
		return 0, history.ErrBatchEnded
	}
	m := b.m
	m.mu.RLock()
	s, closed := m.byRef.get(ref), m.closed
	var lastT int64
	var lastV float64
	if s != nil {
		lastT, lastV = s.lastT, s.lastV
	}
	m.mu.RUnlock()
	if closed {
		return 0, history.ErrClosed
	}
	if err := b.bounds.Check(t); err != nil {
		return ref, err
	}
	if s == nil {
		if s = b.fresh.get(ref); s == nil {
			var err error
			if s, lastT, lastV, err = b.resolve(lset()); err != nil {
				return 0, err
			}
		} else {
			lastT = history.NoTime
		}
	}
	if i, ok := b.last.of(s.ref); ok {
		lastT, lastV = b.staged.at(i).t, b.staged.at(i).v
	}
	if lastT != history.NoTime {
		switch {
		case t < lastT:
			return s.ref, storage.ErrOutOfOrderSample
		case t == lastT && sameValue(v, lastV):
			return s.ref, nil
		case t == lastT:
			return s.ref, storage.NewDuplicateFloatErr(t, lastV, v)
		}
	}
	b.last.set(s.ref, b.staged.len())
	b.staged.add(stagedSample{s, t, v})
	return s.ref, nil
}

// sameValue compares bits, so that a NaN equals itself and staleness is told
// from other NaNs.
func sameValue(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// resolve finds the series with these labels in the store or in the batch, or
// makes it within the batch. It returns the newest sample the store has of it.
func (b *memBatch) resolve(l labels.Labels) (s *memSeries, lastT int64, lastV float64, err error) {
	l, err = history.CheckedLabels(l)
	if err != nil {
		return nil, 0, 0, err
	}
	hash, name := l.Hash(), nameOf(l)
	m := b.m
	m.mu.RLock()
	s, full, fixed, limit := m.find(hash, name, l), m.full, m.fixed, m.limit
	if s != nil {
		lastT, lastV = s.lastT, s.lastV
	}
	m.mu.RUnlock()
	if s != nil {
		return s, lastT, lastV, nil
	}
	for s := b.freshByHash[hash]; s != nil; s = s.next {
		if s.labels.are(name, l) {
			return s, history.NoTime, 0, nil
		}
	}
	if full || limit > 0 && fixed+b.freshSize+leastSize > limit {
		return nil, 0, 0, series.ErrFull // before it is made: of a large cluster there are many, each time
	}
	parts, shares := b.sharer.split(&m.names, name, l)
	s = newSeries(storage.SeriesRef(m.lastRef.Add(1)), hash, parts, shares)
	if !shares {
		s.brings = b.brings(s.labels)
	}
	size := s.fixedSize() + chunkCapacity
	if limit > 0 && fixed+b.freshSize+size > limit {
		return nil, 0, 0, series.ErrFull
	}
	b.freshSize += size
	if b.freshByHash == nil {
		b.fresh, b.freshByHash = newTable(), map[uint64]*memSeries{}
	}
	b.fresh.add(s)
	s.next, b.freshByHash[hash] = b.freshByHash[hash], s
	return s, history.NoTime, 0, nil
}

// brings returns how many values of labels neither the store nor the batch has, which has
// them then.
func (b *memBatch) brings(of seriesLabels) (n uint8) {
	if b.freshValues == nil {
		b.freshValues = map[labels.Label]struct{}{}
	}
	b.m.mu.RLock()
	defer b.m.mu.RUnlock()
	of.each(func(l labels.Label) {
		if _, fresh := b.freshValues[l]; !fresh && n < math.MaxUint8 && !b.m.knows(l) {
			b.freshValues[l] = struct{}{}
			n++
		}
	})
	return n
}

// Rollback implements series.Batch.
func (b *memBatch) Rollback() error {
	if b.ended {
		return history.ErrBatchEnded
	}
	b.end()
	return nil
}

func (b *memBatch) end() {
	b.ended, b.staged, b.last, b.fresh, b.freshByHash, b.sharer, b.freshValues = true, stagedSamples{}, places{}, table{}, nil, sharer{}, nil
}

// Commit implements series.Batch. It fails, and nothing becomes visible, when
// another batch has written newer samples of the same series meanwhile.
func (b *memBatch) Commit() error {
	if b.ended {
		return history.ErrBatchEnded
	}
	defer b.end()
	m := b.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return history.ErrClosed
	}
	b.adopt()
	if err := b.stillFits(); err != nil {
		return err
	}
	m.commits++
	oldest, running := m.oldestQuery()
	for x := range b.staged.all() {
		s := x.s
		if s.lastT == x.t { // the same sample, committed meanwhile: see stillFits
			continue
		}
		if !s.stored {
			m.insert(s)
		}
		if running {
			s.remember(m.commits, oldest)
		} else {
			s.undo = nil
		}
		m.bytes += s.append(x.t, x.v)
		if m.oldest == history.NoTime || x.t < m.oldest {
			m.oldest = x.t
		}
	}
	m.truncate(m.now().UnixMilli())
	return nil
}

// adopt replaces series of this batch by the store's where another batch has
// brought the same since they were staged, and where a series was forgotten
// meanwhile, resets it.
func (b *memBatch) adopt() {
	var instead map[*memSeries]*memSeries
	for x := range b.staged.all() {
		if x.s.stored {
			continue
		}
		now := instead[x.s]
		if now == nil {
			if now = b.m.like(x.s); now == nil && x.s.empty() {
				continue // new, as it was
			}
			if now == nil {
				now = newSeries(x.s.ref, x.s.hash, x.s.labels, x.s.shares)
			}
			if instead == nil {
				instead = map[*memSeries]*memSeries{}
			}
			instead[x.s] = now
		}
		x.s = now
	}
}

// stillFits reports whether every staged sample still fits behind its series.
func (b *memBatch) stillFits() error {
	for x := range b.staged.all() {
		if x.t < x.s.lastT || x.t == x.s.lastT && !sameValue(x.v, x.s.lastV) {
			return fmt.Errorf("commit nothing: another batch has written %s up to %s meanwhile: %w", x.s.labels.all(),
				time.UnixMilli(x.s.lastT).UTC().Format(time.RFC3339Nano), storage.ErrOutOfOrderSample)
		}
	}
	return nil
}
