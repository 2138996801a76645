package promql

import (
	"context"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// exactly returns a store whose queriers keep to lists of literals: the stores
// themselves may select more (history.NewListMatcher).
func exactly(store storage.Queryable) storage.Queryable {
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		q, err := store.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		return listQuerier{q}, nil
	})
}

type listQuerier struct{ storage.Querier }

func (q listQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var lists []history.List
	for _, m := range matchers {
		if l, ok := history.ListOf(m); ok {
			lists = append(lists, l)
		}
	}
	if len(lists) == 0 {
		return q.Querier.Select(ctx, sorted, hints, matchers...)
	}
	if hints != nil && hints.Limit > 0 { // it is for the series that are left
		own := *hints
		own.Limit = 0
		hints = &own
	}
	return listedSet{q.Querier.Select(ctx, sorted, hints, matchers...), lists}
}

// A listedSet leaves out series that a list does not name.
type listedSet struct {
	storage.SeriesSet
	lists []history.List
}

func (s listedSet) Next() bool {
	for s.SeriesSet.Next() {
		if s.listed(s.SeriesSet.At().Labels()) {
			return true
		}
	}
	return false
}

func (s listedSet) listed(of labels.Labels) bool {
	for _, l := range s.lists {
		if !l.Matches(of.Get(l.Name)) {
			return false
		}
	}
	return true
}

// LabelValues implements storage.LabelQuerier.
func (q listQuerier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	if !anyList(matchers) {
		return q.Querier.LabelValues(ctx, name, hints, matchers...)
	}
	values := newNames(hints)
	set := q.Select(ctx, false, nil, matchers...)
	for set.Next() && !values.full() {
		values.add(set.At().Labels().Get(name))
	}
	return values.sorted(), set.Warnings(), set.Err()
}

// LabelNames implements storage.LabelQuerier.
func (q listQuerier) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	if !anyList(matchers) {
		return q.Querier.LabelNames(ctx, hints, matchers...)
	}
	names := newNames(hints)
	set := q.Select(ctx, false, nil, matchers...)
	for set.Next() && !names.full() {
		set.At().Labels().Range(func(l labels.Label) { names.add(l.Name) })
	}
	return names.sorted(), set.Warnings(), set.Err()
}

func anyList(matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if history.IsList(m) {
			return true
		}
	}
	return false
}
