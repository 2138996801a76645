package query

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/chunks"
	"community-mesos-datasource/pkg/samples"
)

// This file answers instant queries about single tasks and executors while
// their history is not kept: from the latest state of the cluster.

// CurrentTasks holds the current values of tasks and executors, as series;
// *collector.CurrentView is one.
type CurrentTasks interface {
	// Time returns when that was.
	Time() time.Time
	// Names returns the names that series may have.
	Names() []string
	// Series returns the series with a name, sorted by their labels. They are
	// shared: they must not be changed.
	Series(name string) []samples.CurrentSeries
}

// CurrentOf returns the current tasks of a collector, as a Source has them.
func CurrentOf(c *collector.Collector) func() CurrentTasks {
	return func() CurrentTasks {
		if view := c.CurrentTasks(); view != nil {
			return view
		}
		return nil
	}
}

// withTasks returns the store to read from: with the current tasks beside it
// where they are asked for and have no history.
func (s Source) withTasks(r reads) storage.Queryable {
	if s.CurrentTasks == nil || !r.ofTasks() || s.Status().TaskSeries {
		return s.Store
	}
	current := s.CurrentTasks()
	if current == nil {
		return s.Store
	}
	return withCurrent{store: s.Store, current: currentStore{current}}
}

// needsTaskHistory returns an error for a query that reads history of single tasks or
// executors where that is not kept: its numbers would be of the latest moment only, or
// of a part of the series.
func (b built) needsTaskHistory(status collector.Status, instant bool) error {
	if status.TaskSeries || status.TaskSeriesWhy == "" {
		return nil
	}
	switch {
	case b.reads.tasksByPattern:
		return bad("expr", "selects series of single tasks or executors by a pattern, and only their current values are kept: name the series, or leave them out with __name__!~\"mesos_(task|executor)_.*\". %s", status.TaskSeriesWhy)
	case !b.reads.ofTasks():
		return nil
	case !instant, b.reads.tasksBefore, b.plan.parsed == nil && b.reads.reach > 0:
		return bad("", "the query needs the history of single tasks or executors, and only their current values are kept: make it instant and without a range of time, or query frameworks, roles or agents. %s", status.TaskSeriesWhy)
	default:
		return nil
	}
}

// withCurrent is a store with the current tasks beside it.
type withCurrent struct {
	store   history.Store
	current currentStore
}

var _ history.Counter = withCurrent{}

// Querier implements storage.Queryable.
func (w withCurrent) Querier(mint, maxt int64) (storage.Querier, error) {
	kept, err := w.store.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	now, err := w.current.Querier(mint, maxt)
	if err != nil {
		_ = kept.Close()
		return nil, err
	}
	return storage.NewMergeQuerier([]storage.Querier{kept, now}, nil, storage.ChainedSeriesMerge), nil
}

// CountSeries implements history.Counter. A series that is in both counts twice.
func (w withCurrent) CountSeries(ctx context.Context, mint, maxt int64, matchers ...*labels.Matcher) (int, error) {
	n, err := countIn(ctx, w.store, mint, maxt, matchers)
	if err != nil {
		return 0, err
	}
	now, err := w.current.CountSeries(ctx, mint, maxt, matchers...)
	return n + now, err
}

// countIn counts the series of a store that match.
func countIn(ctx context.Context, store storage.Queryable, mint, maxt int64, matchers []*labels.Matcher) (int, error) {
	if c, ok := store.(history.Counter); ok {
		return c.CountSeries(ctx, mint, maxt, matchers...)
	}
	q, err := store.Querier(mint, maxt)
	if err != nil {
		return 0, err
	}
	defer func() { _ = q.Close() }() // nothing to lose: it only reads
	set, n := q.Select(ctx, false, &storage.SelectHints{Start: mint, End: maxt, Func: "series"}, matchers...), 0
	for set.Next() {
		n++
	}
	return n, set.Err()
}

// currentStore reads current tasks as a store whose series have one sample each.
type currentStore struct{ CurrentTasks }

var _ history.Counter = currentStore{}

// Querier implements storage.Queryable.
func (c currentStore) Querier(mint, maxt int64) (storage.Querier, error) {
	at := c.Time().UnixMilli()
	return currentQuerier{c, at, mint <= at && at <= maxt}, nil
}

// CountSeries implements history.Counter.
func (c currentStore) CountSeries(ctx context.Context, mint, maxt int64, matchers ...*labels.Matcher) (int, error) {
	at := c.Time().UnixMilli()
	if at < mint || at > maxt {
		return 0, nil
	}
	n := 0
	err := c.each(ctx, matchers, func(*samples.CurrentSeries) { n++ })
	return n, err
}

// matchEvery is how many series are matched between two looks at the context.
const matchEvery = 16

// each calls yield for every series that matches.
func (c currentStore) each(ctx context.Context, matchers []*labels.Matcher, yield func(*samples.CurrentSeries)) error {
	names, rest := c.named(matchers)
	for _, name := range names {
		series := c.Series(name)
		for i := range series {
			if len(rest) > 0 && i%matchEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if rest.match(series[i].Labels) {
				yield(&series[i])
			}
		}
	}
	return ctx.Err()
}

// named returns the names that matchers let pass, and the matchers of other
// labels.
func (c currentStore) named(matchers []*labels.Matcher) ([]string, exactMatchers) {
	names, rest := c.Names(), exactMatchers(nil)
	for _, m := range matchers {
		matches := history.Exactly(m)
		if m.Name == labels.MetricName {
			names = slices.DeleteFunc(names, func(name string) bool { return !matches(name) })
		} else {
			rest = append(rest, exactMatcher{m.Name, matches})
		}
	}
	return names, rest
}

// exactMatchers compare labels as matchers do, lists of literals included.
type exactMatchers []exactMatcher

type exactMatcher struct {
	label   string
	matches func(value string) bool
}

func (all exactMatchers) match(of labels.Labels) bool {
	for _, m := range all {
		if !m.matches(of.Get(m.label)) {
			return false
		}
	}
	return true
}

// currentQuerier is the storage.Querier of a currentStore.
type currentQuerier struct {
	currentStore
	at     int64 // Unix milliseconds
	inTime bool  // at is within the queried time
}

// Select implements storage.Querier. Series are always sorted: the name is the
// first of their labels, and names come in order.
func (q currentQuerier) Select(ctx context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if !q.inTime {
		return storage.EmptySeriesSet()
	}
	set := &currentSet{next: -1}
	if names, rest := q.named(matchers); len(rest) == 0 && len(names) == 1 {
		set.found = make([]currentSeries, 0, len(q.Series(names[0])))
	}
	if err := q.each(ctx, matchers, func(s *samples.CurrentSeries) { set.found = append(set.found, currentSeries{s, q.at}) }); err != nil {
		return storage.ErrSeriesSet(err)
	}
	return set
}

// LabelValues implements storage.LabelQuerier.
func (q currentQuerier) LabelValues(ctx context.Context, label string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.list(ctx, label, matchers, func(of labels.Labels, add func(string)) {
		if value := of.Get(label); value != "" {
			add(value)
		}
	})
}

// LabelNames implements storage.LabelQuerier.
func (q currentQuerier) LabelNames(ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.list(ctx, "", matchers, func(of labels.Labels, add func(string)) {
		of.Range(func(l labels.Label) { add(l.Name) })
	})
}

// list returns the texts of all series that match, each once, sorted. Where the
// metric's name is none of the question, one name for each set of labels is
// enough: every task and every executor has all series of its kind that it is
// about.
func (q currentQuerier) list(ctx context.Context, label string, matchers []*labels.Matcher, of func(of labels.Labels, add func(string))) ([]string, annotations.Annotations, error) {
	if !q.inTime {
		return nil, nil, nil
	}
	found := map[string]bool{}
	add := func(text string) { found[text] = true }
	store := q.currentStore
	if label != labels.MetricName && !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return m.Name == labels.MetricName }) {
		store = currentStore{oneOfEach{store}}
	}
	if err := store.each(ctx, matchers, func(s *samples.CurrentSeries) { of(s.Labels, add) }); err != nil {
		return nil, nil, err
	}
	texts := make([]string, 0, len(found))
	for text := range found {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts, nil, nil
}

// oneOfEach are current tasks with one name for each set of labels: the first,
// which is of what is allocated and so known of every task.
type oneOfEach struct{ CurrentTasks }

// Names implements CurrentTasks.
func (o oneOfEach) Names() []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(o.CurrentTasks.Names(), func(name string) bool {
		known, ok := catalogue.Lookup(name)
		if !ok {
			return false
		}
		set := strings.Join(known.Labels, " ")
		again := seen[set]
		seen[set] = true
		return again
	})
}

// Close implements storage.LabelQuerier.
func (currentQuerier) Close() error { return nil }

// currentSet is the storage.SeriesSet of current series.
type currentSet struct {
	found []currentSeries
	next  int
}

func (s *currentSet) Next() bool                        { s.next++; return s.next < len(s.found) }
func (s *currentSet) At() storage.Series                { return &s.found[s.next] }
func (s *currentSet) Err() error                        { return nil }
func (s *currentSet) Warnings() annotations.Annotations { return nil }

// currentSeries is a storage.Series with one sample.
type currentSeries struct {
	*samples.CurrentSeries
	at int64
}

// Labels implements storage.Series.
func (s *currentSeries) Labels() labels.Labels { return s.CurrentSeries.Labels }

// Iterator implements storage.Series.
func (s *currentSeries) Iterator(reuse chunkenc.Iterator) chunkenc.Iterator {
	it, ok := reuse.(*currentIterator)
	if !ok {
		it = &currentIterator{}
	}
	*it = currentIterator{at: s.at, value: s.Value}
	return it
}

// currentIterator is the chunkenc.Iterator of one sample.
type currentIterator struct {
	at    int64
	value float64
	moved int // 1: at the sample, 2: behind it
}

func (i *currentIterator) Next() chunkenc.ValueType {
	i.moved = min(2, i.moved+1)
	if i.moved == 1 {
		return chunkenc.ValFloat
	}
	return chunkenc.ValNone
}

func (i *currentIterator) Seek(t chunks.Millis) chunkenc.ValueType {
	if i.moved == 0 {
		i.moved = 1
	}
	if i.moved == 1 && t <= i.at {
		return chunkenc.ValFloat
	}
	i.moved = 2
	return chunkenc.ValNone
}

func (i *currentIterator) At() (int64, float64) { return i.at, i.value }
func (i *currentIterator) AtT() int64           { return i.at }
func (i *currentIterator) AtST() int64          { return 0 }
func (i *currentIterator) Err() error           { return nil }

func (*currentIterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return 0, nil
}

func (*currentIterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}
