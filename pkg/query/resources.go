package query

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
)

// This file is what the editors ask for beside queries. All of it reads only.

// Compiled is what a query means.
type Compiled struct {
	// PromQL is the expression, its macros left in it. Of a query that asks for
	// a range and an instant it is the range's.
	PromQL   string   `json:"promql"`
	Warnings []string `json:"warnings,omitempty"`
}

// Compile turns a query's JSON into PromQL. Errors are *InvalidError, or
// *promql.Error where an expression is not PromQL.
func Compile(raw json.RawMessage) (Compiled, error) {
	p, err := parse(raw)
	if err != nil {
		return Compiled{}, err
	}
	built, err := compile(p, !p.overRange())
	if err != nil {
		return Compiled{}, err
	}
	answer := Compiled{PromQL: built.expr, Warnings: built.notices}
	if len(built.filters) > 0 {
		answer.Warnings = append(answer.Warnings, "The dashboard's filters are added to every selector when the query runs.")
	}
	answer.Warnings = append(answer.Warnings, p.unknown.sentences()...)
	return answer, nil
}

// Labels lists the names of the labels that series have: those selected by any
// of the selectors, or all where there is none, with samples between from and
// to (zero: unbounded). The lists are sorted; warnings are sentences.
func Labels(ctx context.Context, src Source, match []string, from, to time.Time) (names, warnings []string, err error) {
	return lookUp(ctx, src.Store, match, from, to, 0, func(q storage.Querier, hints *storage.LabelHints, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(ctx, hints, matchers...)
	})
}

// MaxLabelValues is how many values of a label are listed at most.
const MaxLabelValues = 10_000

// LabelValues lists a label's values (of `__name__`: the names of series), as
// Labels does. limit 0 is MaxLabelValues.
func LabelValues(ctx context.Context, src Source, label string, match []string, from, to time.Time, limit int) (values, warnings []string, err error) {
	if !labelName.MatchString(label) {
		return nil, nil, bad("label", "%q is not a name of a label", cut(label))
	}
	if limit <= 0 || limit > MaxLabelValues {
		limit = MaxLabelValues
	}
	return labelValuesOf(ctx, src.Store, label, match, from, to, limit)
}

func labelValuesOf(ctx context.Context, store storage.Queryable, label string, match []string, from, to time.Time, limit int) (values, warnings []string, err error) {
	return lookUp(ctx, store, match, from, to, limit, func(q storage.Querier, hints *storage.LabelHints, matchers []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(ctx, label, hints, matchers...)
	})
}

type lister func(storage.Querier, *storage.LabelHints, []*labels.Matcher) ([]string, annotations.Annotations, error)

// lookUp lists by each selector and brings the lists together.
func lookUp(ctx context.Context, store storage.Queryable, match []string, from, to time.Time, limit int, list lister) (found, warnings []string, err error) {
	if err := checkCount("match", "selectors", len(match), maxSelectors); err != nil {
		return nil, nil, err
	}
	least, most := int64(math.MinInt64), int64(math.MaxInt64)
	if !from.IsZero() {
		least = from.UnixMilli()
	}
	if !to.IsZero() {
		most = to.UnixMilli()
	}
	querier, err := store.Querier(least, most)
	if err != nil {
		return nil, nil, fmt.Errorf("read the history: %w", err)
	}
	defer func() { _ = querier.Close() }() // nothing to lose: it only reads

	selectors := [][]*labels.Matcher{nil}
	if len(match) > 0 {
		selectors = nil
	}
	for _, text := range match {
		matchers, err := promql.ParseMatchers(text)
		if err != nil {
			return nil, nil, err
		}
		selectors = append(selectors, matchers)
	}
	for _, matchers := range selectors {
		some, notes, err := list(querier, &storage.LabelHints{}, matchers)
		if err != nil {
			return nil, nil, fmt.Errorf("list labels: %w", err)
		}
		found = append(found, some...)
		texts, _ := notes.AsStrings("", 10, 0)
		warnings = append(warnings, texts...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if limit > 0 && len(found) > limit {
		warnings = append(warnings, fmt.Sprintf("%d of %d values are listed: narrow the selection.", limit, len(found)))
		found = found[:limit]
	}
	return found, warnings, nil
}

// CatalogueAnswer is everything the builder and completion offer.
type CatalogueAnswer struct {
	Series   []catalogue.Series `json:"series"`
	Entities []CatalogueEntity  `json:"entities"`
	// Functions are PromQL's, for completion.
	Functions []string `json:"functions"`
}

// CatalogueEntity is what the builder may ask about one kind of thing.
type CatalogueEntity struct {
	Entity Entity `json:"entity"`
	// Labels to filter and group by, those of info series included; a trailing
	// * is any ending.
	Labels         []string   `json:"labels"`
	DefaultGroupBy []string   `json:"defaultGroupBy"`
	Resources      []Resource `json:"resources"`
	// ResourceLabels are labels that only the series of one resource have.
	ResourceLabels map[Resource][]string `json:"resourceLabels,omitempty"`
	// Measures by resource.
	Measures map[Resource][]Measure `json:"measures"`
	// Counters are the measures that count events: they have a rate, and no forecast.
	Counters []Measure `json:"counters,omitempty"`
}

// Catalogue answers the resource `catalogue`. It is the same for the life of
// the process.
func Catalogue() CatalogueAnswer {
	answer := CatalogueAnswer{Series: catalogue.All()}
	for _, e := range entities {
		about := CatalogueEntity{
			Entity: e.name, DefaultGroupBy: e.groupBy, Measures: map[Resource][]Measure{},
			Labels: allLabels(append([]string{labelCluster}, e.labels...), e.info),
		}
		for _, r := range table {
			if !slices.Contains(r.entities, e.name) {
				continue
			}
			for _, res := range r.resources {
				about.Measures[res] = unique(append(about.Measures[res], r.measures...))
			}
			if r.shape == shapeEnded {
				about.Counters = append(about.Counters, r.measures...)
			}
		}
		for _, res := range resourceNames() {
			if len(about.Measures[res]) > 0 {
				about.Resources = append(about.Resources, res)
			}
		}
		if len(about.Measures[ResourceTasks]) > 0 {
			about.ResourceLabels = map[Resource][]string{ResourceTasks: {labelState}}
		}
		answer.Entities = append(answer.Entities, about)
	}
	for name, f := range parser.Functions {
		if !f.Experimental && !strings.HasPrefix(name, "histogram_") { // no series here is a histogram
			answer.Functions = append(answer.Functions, name)
		}
	}
	slices.Sort(answer.Functions)
	return answer
}
