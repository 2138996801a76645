package promql

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Look-ups of labels are admitted, timed out and ended by Close as queries are. They
// read no samples.

// A LookUp is what a look-up of labels is about.
type LookUp struct {
	Store storage.Queryable
	// Match are selectors: series that any of them selects count. None: all series.
	Match [][]*labels.Matcher
	// Start and End bound the time in which series have samples, both included; zero
	// is unbounded.
	Start, End time.Time
	// Search is a text that the names or values listed have in them, in whatever case.
	Search string
	Limit  int // how many are listed; 0 is maxListed
	// Count asks for Total, for which all that there are must be looked at.
	Count bool
}

// maxListed is how many names or values a look-up lists at most.
const maxListed = 100_000

// maxLookUpWork is how many instructions of regular expressions a look-up may run per
// character, with all series.
const maxLookUpWork = 100_000_000

// checkWork refuses a look-up whose regular expressions take too long for the number
// of series that there are.
func (l LookUp) checkWork() error {
	store, ok := l.Store.(interface{ Stats() history.Stats })
	if !ok || !slices.ContainsFunc(l.Match, anyPattern) {
		return nil
	}
	size := 0
	for _, matchers := range l.Match {
		for _, m := range matchers {
			if anyPattern([]*labels.Matcher{m}) {
				size += PatternSize(m.Value)
			}
		}
	}
	if series := store.Stats().Series; float64(size)*float64(series) > maxLookUpWork {
		return requestError("The regular expressions of the look-up compile to some %d instructions, too many for the %d series of the history: use fewer or shorter ones, or plain values", size, series)
	}
	return nil
}

// A Listing is the answer to a LookUp.
type Listing struct {
	Values   []string // sorted
	More     bool     // there are more than the limit
	Total    int      // how many there are, if that was asked for and they are maxListed at most
	Warnings []string
}

// LabelNames lists the names of the labels that series have. Its errors are of type *Error.
func (e *Engine) LabelNames(ctx context.Context, l LookUp) (Listing, error) {
	return e.list(ctx, l, func(ctx context.Context, q storage.Querier, hints *storage.LabelHints, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(ctx, hints, matchers...)
	})
}

// LabelValues lists the values of a label. Its errors are of type *Error.
func (e *Engine) LabelValues(ctx context.Context, label string, l LookUp) (Listing, error) {
	return e.list(ctx, l, func(ctx context.Context, q storage.Querier, hints *storage.LabelHints, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(ctx, label, hints, matchers...)
	})
}

// Series calls yield with the labels of every series that a selector of l selects;
// Search and Limit do not count. yield must not keep the labels: on disk they are as
// long as all labels of the series. Its errors are of type *Error.
func (e *Engine) Series(ctx context.Context, l LookUp, yield func(labels.Labels)) error {
	return e.lookUp(ctx, l, func(ctx context.Context, q storage.Querier) error {
		n := 0
		for _, matchers := range l.selectors() {
			set := q.Select(ctx, false, &storage.SelectHints{Start: l.mint(), End: l.maxt(), Func: "series"}, matchers...)
			for set.Next() {
				if n++; n > maxSelected {
					return requestError("The look-up selects more than %d series: add label filters", maxSelected)
				}
				yield(set.At().Labels())
			}
			if err := set.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}

type lister func(context.Context, storage.Querier, *storage.LabelHints, []*labels.Matcher) ([]string, annotations.Annotations, error)

func (e *Engine) list(ctx context.Context, l LookUp, list lister) (listing Listing, err error) {
	limit := l.Limit
	if limit <= 0 || limit > maxListed {
		limit = maxListed
	}
	// One more shows whether there are more. A search looks at all that there are.
	hints := &storage.LabelHints{Limit: limit + 1}
	switch {
	case l.Search != "":
		hints.Limit = 0
	case l.Count:
		hints.Limit = maxListed + 1
	}
	search := strings.ToLower(l.Search)
	err = e.lookUp(ctx, l, func(ctx context.Context, q storage.Querier) error {
		var found []string // they may be parts of a file
		for _, matchers := range l.selectors() {
			some, notes, err := list(ctx, q, hints, matchers)
			if err != nil {
				return err
			}
			for _, text := range some {
				if search == "" || strings.Contains(strings.ToLower(text), search) {
					found = append(found, text)
				}
			}
			slices.Sort(found)
			found = slices.Compact(found)
			if len(found) > limit {
				listing.More = true
				if !l.Count {
					found = found[:limit]
				}
			}
			texts, _ := notes.AsStrings("", maxNotices, 0)
			listing.Warnings = append(listing.Warnings, texts...)
		}
		if l.Count && len(found) <= maxListed {
			listing.Total = len(found)
		}
		for _, text := range found[:min(len(found), limit)] {
			listing.Values = append(listing.Values, strings.Clone(text))
		}
		return nil
	})
	if err != nil {
		return Listing{}, err
	}
	return listing, nil
}

// lookUp opens a querier once the look-up is admitted.
func (e *Engine) lookUp(ctx context.Context, l LookUp, read func(context.Context, storage.Querier) error) (err error) {
	ctx, end, err := e.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	defer func() {
		if p := recover(); p != nil {
			err = panicError(fmt.Errorf("panic while looking up labels: %v\n%s", p, debug.Stack()))
		}
	}()
	leave, err := e.people.lookUp(ctx, slices.ContainsFunc(l.Match, anyPattern))
	if err != nil {
		return e.evalError(ctx, err)
	}
	defer leave()
	if err := l.checkWork(); err != nil {
		return err
	}
	q, err := exactly(l.Store).Querier(l.mint(), l.maxt())
	if err != nil {
		return e.evalError(ctx, err)
	}
	defer q.Close()
	if err = read(ctx, q); err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return e.evalError(ctx, err)
	}
	return nil
}

func (l LookUp) selectors() [][]*labels.Matcher {
	if len(l.Match) == 0 {
		return [][]*labels.Matcher{nil}
	}
	return l.Match
}

func (l LookUp) mint() int64 {
	if l.Start.IsZero() {
		return math.MinInt64
	}
	return l.Start.UnixMilli()
}

func (l LookUp) maxt() int64 {
	if l.End.IsZero() {
		return math.MaxInt64
	}
	return l.End.UnixMilli()
}
