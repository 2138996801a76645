package query

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
)

// This file is what the editors ask for beside queries. All of it reads only.

// Compiled holds the compiled form of a query.
type Compiled struct {
	// PromQL is the expression, its macros left in it. Of a query that asks for
	// a range and an instant it is the range's.
	PromQL string `json:"promql,omitempty"`
	// SQL is the statement of queryType sql and table, its macros left in it.
	SQL      string   `json:"sql,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// MaxCompiled is the longest PromQL, in bytes, that Compile returns. A list of
// values is repeated in every selector, so an expression can be many times the
// size of its query. Nobody reads as much, and each response is held several times
// on its way to the browser. Queries run up to promql.MaxExpressionLists.
const MaxCompiled = 1 << 20

// Compile turns a query's JSON into PromQL or SQL. Errors are *InvalidError, also where
// the expression is longer than MaxCompiled, or *promql.Error where an expression
// is not PromQL.
func Compile(raw json.RawMessage) (Compiled, error) {
	p, err := parse(raw)
	if err != nil {
		return Compiled{}, err
	}
	return p.compiled()
}

// Preparer checks a statement without running it; *tables.Engine is one.
type Preparer interface {
	Check(ctx context.Context, sql string) error
}

// CompileChecked is Compile for editors: a statement that a user wrote is prepared, so that
// what is wrong with it is an *InvalidError with its place.
func CompileChecked(ctx context.Context, raw json.RawMessage, engine Preparer) (Compiled, error) {
	p, err := parse(raw)
	if err != nil {
		return Compiled{}, err
	}
	if p.sql != nil {
		if err := checkPrepared(ctx, p.sql.SQL, engine); err != nil {
			return Compiled{}, err
		}
	}
	return p.compiled()
}

func (p parsed) compiled() (Compiled, error) {
	switch {
	case p.sql != nil:
		return Compiled{SQL: p.sql.SQL, Warnings: p.unknown.sentences()}, nil
	case p.table != nil:
		compiled, err := compileTable(p.table, p.AdhocFilters, false, 0)
		compiled.Warnings = append(compiled.Warnings, p.unknown.sentences()...)
		return compiled, err
	}
	built, err := compileUpTo(MaxCompiled, p, !p.overRange())
	if err != nil {
		return Compiled{}, err
	}
	if len(built.expr) > MaxCompiled {
		return Compiled{}, tooLongToShow(len(built.expr))
	}
	answer := Compiled{PromQL: built.expr, Warnings: built.notices}
	if built.ahead > 0 && !built.instant {
		answer.Warnings = append(answer.Warnings, "The builder draws the forecast after now; this expression is what is expected as of each moment, as rules have it.")
	}
	if len(built.filters) > 0 {
		answer.Warnings = append(answer.Warnings, "The dashboard's filters are added to every selector whose series have the label when the query runs.")
	}
	for _, alias := range built.aliases {
		answer.Warnings = append(answer.Warnings, alias.Name+": "+aliasSentence(alias))
	}
	answer.Warnings = slices.Concat(unique(answer.Warnings), wholeVariables(built.conditions), p.unknown.sentences())
	return answer, nil
}

// wholeVariables returns a sentence for each value that is nothing but a variable. What
// series have is not looked up when a query is compiled: other values may be names.
func wholeVariables(conditions []condition) (sentences []string) {
	for _, c := range conditions {
		for _, value := range c.values {
			if variables := c.variables(value); len(variables) == 1 && variables[0] == value && len(sentences) < maxUnknown {
				sentences = append(sentences, leftover{key: c.key, variables: variables, where: c.written}.sentence(false)+".")
			}
		}
	}
	return sentences
}

func tooLongToShow(bytes int) error {
	return bad("", "the query is %d bytes of PromQL or more, and at most %d are shown or edited as code: it runs as it is; choose fewer values to see it as code", bytes, MaxCompiled)
}

// A LookUp is what a look-up of labels is about.
type LookUp struct {
	// Match are selectors: series that any of them selects count. None: all series.
	Match []string
	// From and To bound the time in which series have samples; zero is unbounded.
	From, To time.Time
	Search   string // a text in the names or values that are listed
	Limit    int    // how many are listed; 0 is MaxLabelValues, which is the most
	// Filters are the filters of a query of events or of a table, as JSON: values are of
	// what passes them. Nil: of all.
	Filters json.RawMessage
}

// filters returns a query of a type with the look-up's filters, checked as those of a query are.
func (l LookUp) filters(query map[string]any) (parsed, error) {
	if len(l.Filters) > 0 {
		query["filters"] = l.Filters
	}
	raw, err := json.Marshal(query)
	if err != nil {
		return parsed{}, bad("filters", "must be a list of filters in JSON, as in a query, not %q", cut(string(l.Filters)))
	}
	return parse(raw)
}

// A List is the answer to a LookUp.
type List struct {
	Values []string // sorted
	// Total is how many there are; 0 where there are more than are listed, and nobody
	// counted them.
	Total    int
	Warnings []string // sentences
}

// MaxLabelValues is how many values of a label are listed at most.
const MaxLabelValues = 10_000

// Labels lists the names of the labels that series have.
func Labels(ctx context.Context, src Source, l LookUp) (List, error) {
	asked, err := l.on(src.Store)
	if err != nil {
		return List{}, err
	}
	asked.Count = true
	found, foreign, err := aliasLookUps("", asked.Match)
	if err != nil {
		return List{}, err
	}
	if foreign {
		listing, err := src.aliasNames(ctx, asked, found)
		return listOf(listing), err
	}
	listing, err := src.Engine.LabelNames(ctx, asked)
	return listOf(listing), err
}

// LabelValues lists a label's values (of `__name__`: the names of series), as
// Labels does.
func LabelValues(ctx context.Context, src Source, label string, l LookUp) (List, error) {
	if !labelName.MatchString(label) {
		return List{}, bad("label", "%q is not a name of a label", cut(label))
	}
	return src.labelValuesOf(ctx, src.Store, label, l)
}

func (s Source) labelValuesOf(ctx context.Context, store storage.Queryable, label string, l LookUp) (List, error) {
	asked, err := l.on(store)
	if err != nil {
		return List{}, err
	}
	asked.Count = true
	found, foreign, err := aliasLookUps(label, asked.Match)
	if err != nil {
		return List{}, err
	}
	if foreign {
		listing, err := s.aliasValues(ctx, asked, found)
		return listOf(listing), err
	}
	listing, err := s.Engine.LabelValues(ctx, label, asked)
	if err == nil && label == labels.MetricName {
		listing, err = s.withAliasNames(ctx, store, asked, listing)
	}
	return listOf(listing), err
}

// on returns the look-up as the engine takes it.
func (l LookUp) on(store storage.Queryable) (promql.LookUp, error) {
	if err := checkCount("match", "selectors", len(l.Match), maxSelectors); err != nil {
		return promql.LookUp{}, err
	}
	if err := checkStrings(bounded{"search", l.Search, maxName}); err != nil {
		return promql.LookUp{}, err
	}
	asked := promql.LookUp{Store: store, Start: l.From, End: l.To, Search: l.Search, Limit: l.Limit}
	if l.Limit <= 0 || l.Limit > MaxLabelValues {
		asked.Limit = MaxLabelValues
	}
	var err error
	if asked.Match, err = promql.ParseSelectors(l.Match); err != nil {
		return promql.LookUp{}, err
	}
	return asked, nil
}

// listOf returns a listing with a warning where it is a part.
func listOf(l promql.Listing) List {
	list := List{Values: l.Values, Total: l.Total, Warnings: l.Warnings}
	switch {
	case l.More && l.Total > 0:
		list.Warnings = append(list.Warnings, fmt.Sprintf("%d of %d values are listed: narrow the selection.", len(l.Values), l.Total))
	case l.More:
		list.Warnings = append(list.Warnings, fmt.Sprintf("Only %d are listed, and there are more: narrow the selection.", len(l.Values)))
	}
	return list
}

// CatalogueAnswer is everything the builder and completion offer.
type CatalogueAnswer struct {
	Series []catalogue.Series `json:"series"`
	// Aliases are names of other tools, which are answered from series.
	Aliases  []catalogue.Series `json:"aliases"`
	Entities []CatalogueEntity  `json:"entities"`
	// Functions are PromQL's, for completion.
	Functions []string `json:"functions"`
	// Signatures are those of the functions, by name.
	Signatures map[string]string `json:"signatures"`
}

// CatalogueEntity holds the builder's choices for one entity.
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
	// Ratios are the measures that are quotients: entities cannot be counted by them.
	Ratios []Measure `json:"ratios,omitempty"`
	// Needs are labels that groupBy must hold, by measure.
	Needs map[Measure]string `json:"needs,omitempty"`
}

func withNeed(needs map[Measure]string, m Measure, label string) map[Measure]string {
	if needs == nil {
		needs = map[Measure]string{}
	}
	needs[m] = label
	return needs
}

// Catalogue answers the resource `catalogue`. It is the same for the life of
// the process.
func Catalogue() CatalogueAnswer {
	answer := CatalogueAnswer{Series: catalogue.All(), Aliases: describedAliases()}
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
			if r.ratio() {
				about.Ratios = unique(append(about.Ratios, r.measures...))
			}
			for _, m := range r.measures {
				if r.needs != "" {
					about.Needs = withNeed(about.Needs, m, r.needs)
				}
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
	answer.Signatures = functions()
	answer.Functions = slices.Sorted(maps.Keys(answer.Signatures))
	return answer
}
