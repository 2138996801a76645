package memory

import (
	"context"
	"maps"
	"slices"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/chunks"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// Querier implements storage.Queryable. It must be closed: until then every
// commit keeps notes for it.
func (m *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, history.ErrClosed
	}
	return &memQuerier{m: m, mint: max(mint, m.horizon()), maxt: maxt, commit: m.beginQuery()}, nil
}

// A memQuerier sees the samples between mint and maxt (Unix milliseconds, both
// included) of the commits up to one.
type memQuerier struct {
	m          *Store
	mint, maxt int64
	commit     uint64
	closed     bool
}

func (q *memQuerier) Close() error {
	if !q.closed {
		q.closed = true
		q.m.endQuery(q.commit)
	}
	return nil
}

// A selected is a series as it was when it was selected. The chunk that was
// being written then is the series' own still: a query ends long before
// truncation reaches it.
type selected struct {
	*memSeries
	done    []chunks.Chunk // its full chunks: truncation may take them from the series
	visible int64          // time of the newest sample to be seen
}

// addTo makes c ready for the samples from mint to maxt, both included. Full
// chunks never change; the chunk being written is copied. Store.mu must be held.
func (s *selected) addTo(c *chunks.Iterator, mint, maxt int64) {
	maxt = min(maxt, s.visible)
	c.Between(mint, maxt)
	c.Add(chunks.Overlapping(s.done, mint, maxt)...)
	if n := len(s.done); len(s.memSeries.done) > 0 {
		// The series may have lost chunks since, and gained some.
		since := int64(history.NoTime)
		if n > 0 {
			since = s.done[n-1].Maxt + 1
		}
		c.Add(chunks.Overlapping(s.memSeries.done, max(mint, since), maxt)...)
	}
	if s.headMint <= maxt && s.lastT >= mint {
		c.Head = append(c.Head[:0], s.memSeries.head.Bytes()...)
		c.Add(chunks.Chunk{Mint: s.headMint, Maxt: s.lastT, Data: c.Head})
	}
}

// checkEvery is how many series are looked at between two looks at the context.
// A regular expression may take a millisecond for a value (promql.MaxPattern), so
// there are matchEvery values between two looks.
const (
	checkEvery = 1024
	matchEvery = 16
)

// find returns the series that match all matchers and have samples between
// mint and maxt, in order of their references. No value is matched under the
// store's lock, so a slow regular expression does not hold up commits.
func (q *memQuerier) find(ctx context.Context, mint, maxt int64, matchers []*labels.Matcher) ([]selected, error) {
	named, rest, err := q.plan(ctx, matchers)
	if err != nil {
		return nil, err
	}
	found, err := q.lookUp(ctx, mint, maxt, named)
	if err != nil || len(rest) == 0 {
		return found, err
	}
	kept := found[:0]
	for i, s := range found {
		if i%matchEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if rest.match(s.labels) {
			kept = append(kept, s)
		}
	}
	return kept, nil
}

// lookUp finds series by the index. The lock is held for as long as this takes
// and no longer.
func (q *memQuerier) lookUp(ctx context.Context, mint, maxt int64, named []namedValues) (found []selected, err error) {
	err = q.each(ctx, mint, maxt, named, func(s *memSeries, visible int64) {
		found = append(found, selected{s, s.done, visible})
	})
	return found, err
}

// each calls yield for every series the index finds that has samples between mint
// and maxt, under the lock.
func (q *memQuerier) each(ctx context.Context, mint, maxt int64, named []namedValues, yield func(s *memSeries, visible int64)) error {
	m := q.m
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return history.ErrClosed
	}
	p := m.candidates(ctx, named)
	for n := 0; p.Next(); n++ {
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s := m.byRef.get(p.At())
		if v := s.visible(q.commit); s.overlaps(mint, maxt, v) {
			yield(s, v)
		}
	}
	return p.Err()
}

// overlaps reports whether the series has samples from mint on that are not
// after maxt or visible.
func (s *memSeries) overlaps(mint, maxt, visible int64) bool {
	return !s.empty() && visible >= mint && s.mint() <= min(maxt, visible)
}

// Select implements storage.Querier. Of the hints, Start and End narrow the
// time, Limit the number of series, and ShardCount and ShardIndex choose among
// them.
func (q *memQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil && !hints.DisableTrimming {
		mint, maxt = max(mint, hints.Start), min(maxt, hints.End)
	}
	found, err := q.find(ctx, mint, maxt, matchers)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	if hints != nil && hints.ShardCount > 0 {
		found = slices.DeleteFunc(found, func(s selected) bool {
			return labels.StableHash(s.labels.all())%hints.ShardCount != hints.ShardIndex
		})
	}
	if sorted {
		slices.SortFunc(found, func(a, b selected) int { return a.labels.compare(b.labels) })
	}
	if hints != nil && hints.Limit > 0 && len(found) > hints.Limit {
		found = found[:hints.Limit]
	}
	return &memSeriesSet{ctx: ctx, q: q, mint: mint, maxt: maxt, found: found, i: -1}
}

// CountSeries implements history.Counter.
func (m *Store) CountSeries(ctx context.Context, mint, maxt int64, matchers ...*labels.Matcher) (int, error) {
	q, err := m.Querier(mint, maxt)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	mq := q.(*memQuerier)
	named, rest, err := mq.plan(ctx, matchers)
	if err != nil {
		return 0, err
	}
	if len(rest) > 0 {
		found, err := mq.find(ctx, mq.mint, mq.maxt, matchers)
		return len(found), err
	}
	n := 0
	err = mq.each(ctx, mq.mint, mq.maxt, named, func(*memSeries, int64) { n++ })
	return n, err
}

// LabelValues implements storage.LabelQuerier: only series that have samples in
// the querier's time count.
func (q *memQuerier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	if len(matchers) == 0 {
		values, err := q.valuesInUse(ctx, name, limitOf(hints))
		return values, nil, err
	}
	found, err := q.find(ctx, q.mint, q.maxt, matchers)
	if err != nil {
		return nil, nil, err
	}
	values := map[string]struct{}{}
	for _, s := range found {
		if v := s.labels.get(name); v != "" {
			values[v] = struct{}{}
		}
	}
	return limited(slices.Collect(maps.Keys(values)), hints), nil, nil
}

// LabelNames implements storage.LabelQuerier: only series that have samples in
// the querier's time count.
func (q *memQuerier) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	if len(matchers) == 0 {
		names, err := q.allLabelNames(ctx)
		return limited(names, hints), nil, err
	}
	found, err := q.find(ctx, q.mint, q.maxt, matchers)
	if err != nil {
		return nil, nil, err
	}
	names := map[string]struct{}{}
	for _, s := range found {
		s.labels.each(func(l labels.Label) { names[l.Name] = struct{}{} })
	}
	return limited(slices.Collect(maps.Keys(names)), hints), nil, nil
}

// limitOf returns how many values are wanted at most; 0 for all.
func limitOf(hints *storage.LabelHints) int {
	if hints == nil {
		return 0
	}
	return hints.Limit
}

// limited sorts and cuts a list as the hints say.
func limited(list []string, hints *storage.LabelHints) []string {
	slices.Sort(list)
	if hints != nil && hints.Limit > 0 && len(list) > hints.Limit {
		list = list[:hints.Limit]
	}
	return list
}

// allLabelNames returns the names of the labels that have a value in use.
func (q *memQuerier) allLabelNames(ctx context.Context) ([]string, error) {
	q.m.mu.RLock()
	all, closed := q.m.postings.LabelNames(), q.m.closed
	q.m.mu.RUnlock()
	if closed {
		return nil, history.ErrClosed
	}
	var names []string
	for _, name := range all {
		one, err := q.valuesInUse(ctx, name, 1)
		if err != nil {
			return nil, err
		}
		if len(one) > 0 {
			names = append(names, name)
		}
	}
	return names, nil
}

// valuesInUse returns the first values, up to limit (0: all), of a label that have
// series in the querier's time, without looking at every series: a value counts as
// soon as one of its series does. The lock is not held all along.
func (q *memQuerier) valuesInUse(ctx context.Context, name string, limit int) (values []string, err error) {
	q.m.mu.RLock()
	all, closed := q.m.postings.LabelValues(ctx, name, nil), q.m.closed
	q.m.mu.RUnlock()
	if closed {
		return nil, history.ErrClosed
	}
	slices.Sort(all)
	for some := range slices.Chunk(all, checkEvery) {
		if values, err = q.inUse(ctx, name, some, values, limit); err != nil || limit > 0 && len(values) >= limit {
			return values, err
		}
	}
	return values, nil
}

// inUse appends those of all that have series in the querier's time.
func (q *memQuerier) inUse(ctx context.Context, name string, all, values []string, limit int) ([]string, error) {
	q.m.mu.RLock()
	defer q.m.mu.RUnlock()
	switch {
	case q.m.closed:
		return nil, history.ErrClosed
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	for _, v := range all {
		for p := q.m.postings.Postings(ctx, name, v); p.Next(); {
			if s := q.m.byRef.get(p.At()); s.overlaps(q.mint, q.maxt, s.visible(q.commit)) {
				values = append(values, v)
				break
			}
		}
		if limit > 0 && len(values) >= limit {
			break
		}
	}
	return values, nil
}

// A memSeriesSet hands out what Select found.
type memSeriesSet struct {
	ctx        context.Context
	q          *memQuerier
	mint, maxt int64
	found      []selected
	i          int
}

func (s *memSeriesSet) Next() bool {
	s.i++
	return s.i < len(s.found) && s.ctx.Err() == nil
}

func (s *memSeriesSet) At() storage.Series                { return memView{&s.found[s.i], s} }
func (s *memSeriesSet) Err() error                        { return s.ctx.Err() }
func (s *memSeriesSet) Warnings() annotations.Annotations { return nil }

// A memView is one series of a set.
type memView struct {
	*selected
	set *memSeriesSet
}

func (v memView) Labels() labels.Labels { return v.labels.all() }

// Iterator implements storage.Series. it is used again if it came from here.
func (v memView) Iterator(it chunkenc.Iterator) chunkenc.Iterator {
	c, ok := it.(*chunks.Iterator)
	if !ok {
		c = &chunks.Iterator{}
	}
	m := v.set.q.m
	m.mu.RLock()
	defer m.mu.RUnlock()
	v.selected.addTo(c, v.set.mint, v.set.maxt)
	return c
}
