package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/promql"
)

// This file turns a metrics query into PromQL. The order is: select, join info
// labels, aggregate, forecast, top. Macros ($__rate_interval, ...) stay in the
// text; time.go replaces them when the step is known.

// A plan is a compiled query: its PromQL, what that reads, and how the fields of
// the answer are named.
type plan struct {
	// expr is the whole expression with its macros, for the step in force.
	expr string
	// reads holds the series it reads and the polls that bring them; reach depends
	// on the step (see at).
	reads reads

	// Of queryType metrics: what is measured, and what is put around it when the
	// step is known.
	measure expr
	counter bool          // measure is an increase or a rate
	ahead   time.Duration // forecast
	drawn   bool          // what is expected is drawn after what is known
	top     int
	instant bool
	// Of queryType promql: the expression, its macros replaced by placeholders.
	parsed parser.Expr
	// renamed reports that names and labels of other tools were rewritten, aliases which
	// names; legendFormat may name labels of theirs.
	renamed      bool
	aliases      []*catalogue.Alias
	legendFormat string

	// groupBy are the labels of the result, in order; nil where the series keep
	// their own.
	groupBy []string
	// columns are the labels that a table has where it has no rows.
	columns []string
	// title names a result without labels: "CPU allocated".
	title string
	// metric is the series' name where labels are the series' own; functions
	// drop it from results.
	metric string
	// counts: the values are counts of events, in a time that depends on the step. per ends
	// the names of values that are for a time: " per second", " in 1m", ", expected in 1d".
	counts  bool
	per     string
	unit    string
	about   string
	notices []string
	// leftOut are the notices about filters of the dashboard that do not hold.
	leftOut []string
	// conditions are the comparisons of labels as they were written.
	conditions []condition
	// filters are still to be added to the selectors whose series have their labels,
	// as placed has them.
	filters []matcher
	placed  placement
	// coverage is an expression for the part of the allocated resource whose use
	// was read; "" where the query is not about measured use.
	coverage string
	// measured reports whether the numbers come from agents' own statistics.
	measured bool
}

// compiler turns one metrics query into a plan.
type compiler struct {
	query   *MetricsQuery
	instant bool
	most    int // bytes of PromQL
	// own are the labels the series carry, info the series to join others from.
	own  []string
	info []infoSeries
	// groupBy is nil for none at all: series as they are.
	groupBy []string
	grouped bool
	// filters hold for every operand, and are written as filterText in each; joined
	// are the info series needed.
	filters    []matcher
	filterText string
	joined     []join
	counter    bool // operands are counters: increase or rate around each
	notices    []string
	leftOut    []string
	// names are the series selected so far; onPoll the filters that choose among
	// the polls that bring them.
	names  []string
	onPoll []*labels.Matcher
}

// compileMetrics turns a metrics query into a plan of at most so many bytes of PromQL.
// Errors are *InvalidError.
func compileMetrics(q *MetricsQuery, instant bool, most int) (plan, error) {
	c := compiler{query: q, instant: instant, most: most}
	if q.Metric != "" {
		return c.catalogueSeries()
	}
	return c.entityMeasure()
}

// catalogueSeries compiles a query for one series by name.
func (c *compiler) catalogueSeries() (plan, error) {
	q := c.query
	known, ok := catalogue.Lookup(q.Metric)
	if !ok {
		return plan{}, bad("metric", "%q is not in the catalogue%s; a series Mesos has added since can be asked for as promql%s", q.Metric, similar(q.Metric), asSeveral(q.Metric, isInCatalogue))
	}
	c.own = append([]string{labelCluster}, known.Labels...)
	for _, info := range []infoSeries{agentInfo, frameworkInfo} {
		if has(c.own, info.on) {
			c.info = append(c.info, info)
		}
	}
	c.counter = known.Type == catalogue.Counter
	if q.Rate != "" && !c.counter {
		return plan{}, bad("rate", "is for counters only: %s is a %s", q.Metric, known.Type)
	}
	if q.Rate == RateMinute && known.Unit != catalogue.Count {
		return plan{}, bad("rate", "%s is for counts: %s is in %s, so use %s", q.Rate, q.Metric, known.Unit, RateSecond)
	}
	if err := c.scope(nil, ""); err != nil {
		return plan{}, err
	}
	if err := c.checkFilterText(1); err != nil {
		return plan{}, err
	}
	x := c.series(q.Metric)
	if c.grouped || q.Aggregate != "" {
		x = c.aggregate(x)
	}
	unit := unitOf(known.Unit)
	switch {
	case q.Rate == RateMinute:
		unit = unitPerMinute
	case q.Rate != "":
		unit = unitPerSecond(*known)
	}
	summed := c.grouped && q.Aggregate == "" || q.Aggregate == AggregateSum
	if q.Aggregate == AggregateCount || summed && known.Unit == catalogue.Bool { // how many are, or are 1
		unit = unitCount
	}
	p := plan{title: q.Metric, unit: unit, about: known.Help}
	if !c.grouped && q.Aggregate == "" {
		p.metric, p.columns = q.Metric, slices.Sorted(slices.Values(c.own))
	}
	return c.finish(c.perMinute(x), p)
}

// entityMeasure compiles a query for a measure of entities.
func (c *compiler) entityMeasure() (plan, error) {
	q := c.query
	e, _ := entityOf(q.Entity) // parse has checked it
	r, err := find(q.Entity, q.Resource, q.Measure)
	if err != nil {
		return plan{}, err
	}
	var needs []need
	groupBy := e.groupBy
	if r.shape == shapeFits {
		if needs, err = q.Shape.needs(); err != nil {
			return plan{}, err
		}
		e, _ = entityOf(EntityAgent) // the cluster's room is that of its agents
	}
	c.own, c.info = append([]string{labelCluster}, e.labels...), e.info
	if q.Resource == ResourceTasks && r.shape != shapeFits {
		c.own = append(c.own, labelState)
	}
	c.counter = r.shape == shapeEnded
	if q.Rate != "" && !c.counter {
		return plan{}, bad("rate", "is for counters only: of the builder's measures those of tasks that ended (ended, finished, failed, ...)")
	}
	if r.ratio() && q.Aggregate == AggregateCount {
		return plan{}, bad("aggregate", "count counts entities: it is not for ratios like %s", q.Measure)
	}
	if err := c.scope(groupBy, r.needs); err != nil {
		return plan{}, err
	}
	if err := c.checkFilterText(max(1, len(r.operands), fitsSelectors(needs))); err != nil {
		return plan{}, err
	}

	p := plan{title: titleOf(q.Resource, q.Measure, r), unit: unitOfMeasure(q, r), about: r.about}
	p.measured = q.Measure == MeasureUsed || q.Measure == MeasureEfficiency
	if r.shape == shapeFits {
		p.title = titleOfFits(needs)
	}
	if p.about == "" {
		if known, ok := catalogue.Lookup(e.mainSeries(r, q.Resource, q.Measure)); ok {
			p.about = known.Help
		}
	}
	measure, names := c.shaped(e, r, needs), c.names
	if q.Measure == MeasureEfficiency {
		p.coverage = fmt.Sprintf("%s / %s",
			sumOf(c.series(e.series(q.Resource, measureMeasured))),
			sumOf(c.series(e.series(q.Resource, MeasureAllocated))))
	}
	c.names = names // the answer itself is made of these
	return c.finish(measure, p)
}

// shaped returns a measure built by the shape of its row, aggregated.
func (c *compiler) shaped(e entity, r row, needs []need) expr {
	q := c.query
	whole := q.Aggregate == "" || q.Aggregate == AggregateSum // the sum of all, or the ratio of sums
	own := func(m Measure) expr { return c.series(e.series(q.Resource, m)) }
	switch r.shape {
	case shapeDifference:
		if whole && r.needs == "" {
			return fold(" - ", r.operands, func(m Measure) expr { return c.aggregate(own(m)) })
		}
		return c.aggregate(fold(" - "+e.match()+" ", r.operands, own))
	case shapeRatio:
		numerator, denominator := own(r.operands[0]), own(r.operands[1])
		if whole {
			return divide(c.aggregate(numerator), "", c.aggregate(denominator))
		}
		return c.aggregate(divide(numerator, e.match(), denominator))
	case shapeShare:
		cluster, _ := entityOf(EntityCluster)
		capacity := cluster.series(q.Resource, r.operands[1]) // of all: no filter of the query's
		c.names = append(c.names, capacity)
		all := expr{text: "sum(" + capacity + ")"}
		if whole {
			return divide(c.aggregate(own(r.operands[0])), "on () group_left ()", all)
		}
		return c.aggregate(divide(own(r.operands[0]), "on () group_left ()", all))
	case shapeFits:
		return c.aggregate(c.fits(e, needs))
	case shapeStates, shapeEnded:
		return c.perMinute(c.aggregate(c.ofStates(e.mainSeries(r, q.Resource, q.Measure), whole)))
	default:
		return c.aggregate(own(q.Measure))
	}
}

// perMinute returns rates as the query has them: PromQL's are per second.
func (c *compiler) perMinute(x expr) expr {
	if c.query.Rate != RateMinute || c.query.Aggregate == AggregateCount {
		return x
	}
	return expr{text: x.operand() + " * 60", binary: true}
}

// ofStates selects the measure's state, or all. Averages and counts are over
// entities, so that their states are added up first.
func (c *compiler) ofStates(name string, whole bool) expr {
	if !slices.Contains(everyState, c.query.Measure) {
		return c.series(name, matcher{labelState, labels.MatchEqual, string(c.query.Measure)})
	}
	x := c.series(name)
	if !whole && !slices.Contains(c.groupBy, labelState) {
		return expr{text: "sum without (" + labelState + ") (" + x.text + ")"}
	}
	return x
}

// series selects a series: with the filters, as increase or rate of a
// counter, joined with the info series that groupBy and filters need.
func (c *compiler) series(name string, fixed ...matcher) expr {
	c.names = append(c.names, name)
	selector := commaList(fixed)
	if selector != "" && c.filterText != "" {
		selector += ","
	}
	x := expr{text: name + inBraces(selector+c.filterText)}
	if c.counter {
		function, window := "increase", macroRateInterval
		if c.query.Rate != "" {
			function = "rate"
		}
		if c.instant {
			window = macroRange
		}
		x.text = fmt.Sprintf("%s(%s[%s])", function, x.text, window)
	}
	return c.join(x)
}

// join joins an operand with the info series that groupBy and filters need.
func (c *compiler) join(x expr) expr {
	for _, j := range c.joined[1:] {
		c.names = append(c.names, j.name)
		x = expr{
			text: fmt.Sprintf("%s * on (%s, %s) group_left (%s) %s%s",
				x.text, labelCluster, j.on, strings.Join(j.take, ", "), j.name, j.filterText),
			binary: true,
		}
	}
	return x
}

// checkFilterText writes the filters, and returns an error where an expression
// with so many operands is too long with them.
func (c *compiler) checkFilterText(operands int) error {
	c.filterText = commaList(c.filters)
	bytes := len(c.filterText)
	for i := range c.joined[1:] {
		j := &c.joined[i+1]
		j.filterText = braces(j.filters)
		bytes += len(j.filterText)
	}
	if c.query.Top != 0 {
		operands *= 2 // the measure is written twice
	}
	switch {
	case bytes <= c.most/operands:
		return nil
	case bytes <= promql.MaxExpressionLists/operands:
		return tooLongToShow(bytes * operands)
	}
	return bad("filters", "have %d bytes in each of %d selectors of the expression and may have %d in each: choose fewer values, or use a regular expression for them",
		bytes, operands, promql.MaxExpressionLists/operands)
}

// aggregate brings entities of a group together.
func (c *compiler) aggregate(x expr) expr {
	operation := c.query.Aggregate
	if operation == "" {
		operation = AggregateSum
	}
	if len(c.groupBy) == 0 {
		return expr{text: string(operation) + "(" + x.text + ")"}
	}
	return expr{text: fmt.Sprintf("%s by (%s) (%s)", operation, strings.Join(c.groupBy, ", "), x.text)}
}

// forecastPoints is how many points of history a forecast looks at, at most.
const forecastPoints = 360

// finish adds to a plan the keys of the query that concern all measures.
func (c *compiler) finish(measure expr, p plan) (plan, error) {
	q := c.query
	ahead, err := duration("forecast", q.Forecast)
	if err != nil {
		return plan{}, err
	}
	if ahead > 0 && ahead < time.Minute {
		return plan{}, bad("forecast", "%q is too short: write at least 1m", q.Forecast)
	}
	if ahead > 0 && c.counter {
		return plan{}, bad("forecast", "is not for counters: leave it out")
	}
	if ahead > 0 {
		p.per = ", expected in " + promDuration(ahead)
	}
	p.measure, p.counter, p.ahead, p.top, p.instant = measure, c.counter, ahead, q.Top, c.instant
	p.counts = c.counter && q.Aggregate != AggregateCount && q.Rate == ""
	if q.Rate != "" && q.Aggregate != AggregateCount {
		p.per = " per " + string(q.Rate)
	}
	p.expr, p.notices, p.leftOut = p.around(0), c.notices, c.leftOut
	p.reads.names = slices.Compact(slices.Sorted(slices.Values(c.names)))
	p.reads.polls = pollsOf(p.reads.names, false, c.onPoll)
	if c.grouped {
		p.groupBy = append([]string{}, c.groupBy...)
		p.columns = p.groupBy
	} else if p.metric == "" {
		p.groupBy = []string{}
	}
	return p, nil
}

// forecastStep returns the distance of the points that a forecast is made of: that of
// the query, or where the forecast is shorter than two of these, as fine as the polls
// are. A line needs two points.
func (p plan) forecastStep(times stepRange) (time.Duration, error) {
	switch {
	case p.ahead == 0 || p.ahead >= 2*times.step:
		return times.step, nil
	case p.ahead >= 2*times.poll:
		return times.poll, nil
	default:
		return 0, bad("forecast", "%q is too short: these series are polled every %s, and a forecast is made from as much history as it looks ahead. Write at least %s",
			promDuration(p.ahead), promDuration(times.poll), promDuration(2*times.poll))
	}
}

// around returns the measure with forecast and top, which come last. step is the least
// distance of the points that the forecast is made of, 0 while it is unknown.
func (p plan) around(step time.Duration) string {
	x := p.measure
	if p.ahead > 0 && !p.drawn {
		x = p.predicted(step, p.ahead)
	}
	if p.top == 0 {
		return x.text
	}
	function, n := "topk", p.top
	if n < 0 {
		function, n = "bottomk", -n
	}
	if p.instant {
		return fmt.Sprintf("%s(%d, %s)", function, n, x.text)
	}
	// The same series all along: chosen once, by their average over the range.
	return fmt.Sprintf("%s and %s(%d, avg_over_time((%s)[%s:%s] @ end()))", x.operand(), function, n, x.text, macroRange, macroInterval)
}

// at returns the expression for a step and a range, and how far back from a
// moment it looks. Errors are *InvalidError or *promql.Error.
func (p plan) at(times stepRange) (text string, reach time.Duration, err error) {
	if p.parsed != nil {
		return p.promQLAt(times)
	}
	window := times.windowed(p.counter, p.instant)
	if p.counter {
		reach = times.rateInterval()
		if p.instant {
			reach = window.span()
		}
	}
	step, err := p.forecastStep(times)
	if err != nil {
		return "", 0, err
	}
	if !p.drawn {
		reach += p.ahead
	}
	return window.interpolate(p.around(step)), reach, nil
}

func isInCatalogue(name string) bool {
	_, known := catalogue.Lookup(name)
	return known
}

// similar names the series of the catalogue that differs from a name by a few letters, or
// those that share most of its words.
func similar(name string) string {
	var all []string
	for _, s := range catalogue.All() {
		all = append(all, s.Name)
	}
	if near := display.Nearest(name, all, max(2, len(name)/8)); near != "" {
		return " (did you mean " + near + "?)"
	}
	type candidate struct {
		name  string
		score int
	}
	words := strings.Split(strings.TrimPrefix(name, "mesos_"), "_")
	var best []candidate
	for _, s := range catalogue.All() {
		have := strings.Split(strings.TrimPrefix(s.Name, "mesos_"), "_")
		score := -len(have)
		for _, w := range words {
			if slices.Contains(have, w) {
				score += 3
			}
		}
		if score > 0 {
			best = append(best, candidate{s.Name, score})
		}
	}
	if len(best) == 0 {
		return ""
	}
	slices.SortStableFunc(best, func(a, b candidate) int { return b.score - a.score })
	var near []string
	for _, one := range best[:min(3, len(best))] {
		near = append(near, one.name)
	}
	return " (did you mean " + strings.Join(near, " or ") + "?)"
}
