package promql

import (
	"context"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// This file adds up what an expression will take, from the number of series that
// its selectors match. The engine bounds the samples it holds (MaxSamples) and counts
// nothing else: what else takes memory or time is bounded here, before it runs.

const (
	// maxSelected is how many series the selectors of a query may match together:
	// each takes some 400 bytes before the first sample of it is read, 1 kB on disk.
	maxSelected = 300_000
	// weightOfSeries is what a series weighs beside its samples.
	weightOfSeries = 20

	// maxSeriesWork is how many samples a function over a range may visit for one
	// series: the engine looks at the context between series only.
	maxSeriesWork = 400_000_000
	// sortingWork is how many times more work a sample is where a window is sorted.
	sortingWork = 20

	// maxRoom is for how many samples the engine may reserve room beyond those it
	// counts: for topk by groups k samples in each group, for count_values over a range
	// as many points as there are steps in each series it makes.
	maxRoom = 4_000_000
	// reservedPoints is the most points the engine reserves room for at once
	// (promql: maxPointsSliceSize).
	reservedPoints = 5000

	// maxReplaceWork is how many instructions of regular expressions label_replace
	// may run per character, in all its calls: it does not look at the context.
	maxReplaceWork = 10_000_000
	// replaceLength is how many characters label_replace is taken to match.
	replaceLength = 100

	// maxWork is how much a query may compute, counted in samples that a function
	// visits in its window, at some 5 ns each: more does not end before the time-out.
	maxWork = 10_000_000_000
	// pointWork is how many times more work a point of a result is, and readWork
	// how many times more a sample that is read.
	pointWork, readWork = 20, 4

	// bytesOfSeries is how many bytes of new labels count like a series.
	bytesOfSeries = 400
	// bytesOfWeight is about how many bytes a unit of weight takes.
	bytesOfWeight = bytesOfSeries / weightOfSeries
)

// What operations of the engine take for each series of their result, or of the larger
// side, beside its samples: labels, signatures, entries of maps. In series of
// bytesOfSeries bytes; TestOperationsTakeWhatTheyWeigh compares them with what is allocated.
const (
	madeByCall     = 1.5 // functions, and operations with a number
	madeByGrouping = 2.5 // sum by (task_id)
	madeByChoosing = 2.0 // topk, bottomk, limitk
	madeBySet      = 2.0 // and, or, unless
	madeByMatching = 5.5 // a * on (task_id) b

	// uncounted is how many series of an operation are left out, so that it does not change
	// the lanes of everyday queries.
	uncounted = 5000
)

// A Cost is what a request takes, as far as its series tell. Samples are counted as
// if every series had one at every point.
type Cost struct {
	Read   float64 // samples that its selectors read
	Peak   float64 // samples held at once: of operands and results, not of both sides' history
	Series float64 // series that its selectors match, together, and new labels of series
	Made   float64 // what operations make for series, in series
	Work   float64 // samples that functions visit, in all parts of the expression, and what else takes as long
}

// weight returns the weight by which a query is admitted. The engine holds maxSamples at most.
func (c Cost) weight(maxSamples int) int64 {
	return int64(min(c.Peak, float64(maxSamples)) + (min(c.Series, maxSelected)+c.Made)*weightOfSeries)
}

// costOf adds up the cost of a request, and refuses what the engine could not run
// within bounds. Start, End, Step and Lookback count as in Range; Step 0 is an
// instant request at End. Series are counted, samples are not read. Errors are of type
// *Error where the request is refused.
func costOf(ctx context.Context, expr parser.Expr, r Request) (Cost, error) {
	c := coster{ctx: ctx, r: r, counted: map[string]float64{}}
	w := timeWindow{start: r.Start, end: r.End, step: r.Step}
	if r.Step <= 0 {
		w.start, w.step = r.End, 0
	}
	n, err := c.node(expr, w)
	cost := Cost{Read: c.read, Peak: n.peak, Series: c.selected, Made: c.made, Work: c.work + c.read*readWork}
	if err == nil && cost.Work > maxWork {
		err = requestError("The functions of the query, and its subqueries, look at some %.0f samples together, more than can be done in time: use fewer or shorter ranges, raise the step, shorten the time range, or select fewer series", cost.Work)
	}
	return cost, err
}

type coster struct {
	ctx            context.Context
	r              Request
	read, selected float64
	work, replaced float64
	made           float64
	begins         *time.Time         // the history; nil until it is asked
	counted        map[string]float64 // series by matchers and window
}

// A nodeCost is what one node of an expression takes.
type nodeCost struct {
	series float64 // of its result, at most
	held   float64 // samples of its result
	peak   float64 // samples held while it is evaluated
	window float64 // samples of one series at each point; ranges only
	fixed  bool    // a range with @: read once
}

// node returns the cost of a node that is evaluated in a window, and adds its work.
func (c *coster) node(expr parser.Expr, w timeWindow) (nodeCost, error) {
	n, err := c.part(expr, w)
	if _, parens := expr.(*parser.ParenExpr); !parens {
		c.work += n.series * w.points() * pointWork
	}
	return n, err
}

func (c *coster) part(expr parser.Expr, w timeWindow) (nodeCost, error) {
	switch n := expr.(type) {
	case *parser.ParenExpr:
		return c.node(n.Expr, w)
	case *parser.UnaryExpr:
		return c.node(n.Expr, w)
	case *parser.VectorSelector:
		return c.selector(n, w)
	case *parser.MatrixSelector:
		inner := w
		inner.reach = n.Range
		return c.selector(n.VectorSelector.(*parser.VectorSelector), inner)
	case *parser.SubqueryExpr:
		return c.subquery(n, w)
	case *parser.AggregateExpr:
		return c.aggregate(n, w)
	case *parser.BinaryExpr:
		return c.binary(n, w)
	case *parser.Call:
		return c.call(n, w)
	default: // numbers and texts
		return result(1, w), nil
	}
}

// result is the cost of a vector of so many series.
func result(series float64, w timeWindow) nodeCost {
	held := series * w.points()
	return nodeCost{series: series, held: held, peak: held}
}

// over adds up a result and the operands it is made of: they are evaluated one
// after the other, and are all held when the result is made.
func over(res nodeCost, operands ...nodeCost) nodeCost {
	held, peak := 0.0, 0.0
	for _, o := range operands {
		peak = max(peak, held+o.peak)
		held += o.held
	}
	res.peak = max(peak, held+res.held)
	return res
}

func (c *coster) selector(v *parser.VectorSelector, w timeWindow) (nodeCost, error) {
	at := c.at(w, v.Timestamp, v.StartOrEnd).moved(v.OriginalOffset)
	n, err := c.count(at, v.LabelMatchers)
	if err != nil {
		return nodeCost{}, err
	}
	if c.selected += n; c.selected > maxSelected {
		return nodeCost{}, requestError("The query selects more than %d series, the limit for one query: name a metric, add label filters, or select from the sums per framework, role or agent instead of from tasks", maxSelected)
	}
	if w.reach == 0 {
		c.read += n * at.samples(c.r.Lookback)
		return result(n, w), nil
	}
	at.reach = min(at.reach, c.kept(at.end))
	c.read += n * at.samples(c.r.Lookback)
	// A range is read series by series.
	window := max(1, float64(at.reach)/float64(c.lookback())*samplesPerLookback)
	return nodeCost{series: n, window: window, held: n * window, peak: n * window, fixed: at.step == 0}, nil
}

// at returns the window of what has @: one moment. start() and end() are the request's.
func (c *coster) at(w timeWindow, timestamp *int64, startOrEnd parser.ItemType) timeWindow {
	switch {
	case timestamp != nil:
		w.end = time.UnixMilli(*timestamp)
	case startOrEnd == parser.START && c.r.Step > 0:
		w.end = c.r.Start
	case startOrEnd != 0:
		w.end = c.r.End
	default:
		return w
	}
	w.start, w.step = w.end, 0
	return w
}

// longestHistory is how far back a history is taken to reach that does not say.
const longestHistory = 366 * 24 * time.Hour

// kept returns how far the history reaches back from a time.
func (c *coster) kept(from time.Time) time.Duration {
	store, ok := c.r.Store.(interface{ Stats() history.Stats })
	if !ok {
		return longestHistory
	}
	if c.begins == nil {
		stats := store.Stats()
		if stats.StartsBefore {
			return longestHistory
		}
		c.begins = &stats.Start
	}
	return max(from.Sub(*c.begins), 0)
}

func (c *coster) lookback() time.Duration { return max(c.r.Lookback, time.Millisecond) }

func (c *coster) count(w timeWindow, matchers []*labels.Matcher) (float64, error) {
	key := w.key(matchers)
	if n, ok := c.counted[key]; ok {
		return n, nil
	}
	n, err := countSeries(c.ctx, c.r.Store, w, c.r.Lookback, matchers)
	c.counted[key] = float64(n)
	return float64(n), err
}

func (c *coster) subquery(s *parser.SubqueryExpr, w timeWindow) (nodeCost, error) {
	inner := c.at(w, s.Timestamp, s.StartOrEnd).moved(s.OriginalOffset)
	fixed := inner.step == 0
	inner.start, inner.step = inner.start.Add(-s.Range), s.Step
	if inner.step <= 0 {
		inner.step = history.SubqueryStep
	}
	n, err := c.node(s.Expr, inner)
	n.window, n.fixed = float64(s.Range)/float64(inner.step)+1, fixed
	return n, err
}

func (c *coster) aggregate(a *parser.AggregateExpr, w timeWindow) (nodeCost, error) {
	n, err := c.node(a.Expr, w)
	if err != nil {
		return n, err
	}
	series := n.series
	grouped := a.Without || len(a.Grouping) > 0
	switch a.Op {
	case parser.TOPK, parser.BOTTOMK:
		k := n.series
		if number, ok := history.Unwrap(a.Param).(*parser.NumberLiteral); ok {
			k = min(k, max(number.Val, 0))
		}
		c.makes(n.series, madeByChoosing)
		if grouped && n.series*k > maxRoom {
			return n, requestError("%s by groups reserves room for %.0f series in each group, and %.0f series may be groups of their own: use a smaller k, or group fewer series", a.Op, k, n.series)
		}
	case parser.COUNT_VALUES:
		c.makes(n.series, madeByGrouping)
		points := w.points()
		if points > 1 {
			series *= points // each point may bring new values
			if series*min(points, reservedPoints) > maxRoom {
				return n, requestError("count_values over a range may make a series of each value at each of %.0f points of %.0f series, more than fit: query it as instant, raise the step, or count fewer series", points, n.series)
			}
			if err := c.newLabels("count_values", series, 1, len(literal(a.Param))); err != nil {
				return n, err
			}
			res := result(n.series, w)
			res.held = series * min(points, reservedPoints)
			res.series = series
			return over(res, n), nil
		}
		if err := c.newLabels("count_values", series, 1, len(literal(a.Param))); err != nil {
			return n, err
		}
	default:
		if grouped {
			c.makes(series, madeByGrouping)
		} else {
			series = min(series, 1)
		}
	}
	param := nodeCost{}
	if a.Param != nil {
		if param, err = c.node(a.Param, w); err != nil {
			return n, err
		}
	}
	return over(result(series, w), param, n), nil
}

func (c *coster) binary(b *parser.BinaryExpr, w timeWindow) (nodeCost, error) {
	left, err := c.node(b.LHS, w)
	if err != nil {
		return left, err
	}
	right, err := c.node(b.RHS, w)
	if err != nil {
		return right, err
	}
	series := max(left.series, right.series)
	if b.Op == parser.LOR {
		series = left.series + right.series
	}
	switch {
	case b.VectorMatching == nil: // with a number
		c.makes(series, madeByCall)
	case b.Op.IsSetOperator():
		c.makes(series, madeBySet)
	default:
		c.makes(series, madeByMatching)
	}
	return over(result(series, w), left, right), nil
}

func (c *coster) call(f *parser.Call, w timeWindow) (nodeCost, error) {
	series := 1.0 // of functions without vectors, as time()
	var operands []nodeCost
	for _, arg := range f.Args {
		n, err := c.node(arg, w)
		if err != nil {
			return n, err
		}
		switch arg.Type() {
		case parser.ValueTypeMatrix:
			work, err := checkWork(f.Func.Name, n, w)
			if err != nil {
				return n, err
			}
			c.work += n.series * work
			if _, sub := history.Unwrap(arg).(*parser.SubqueryExpr); !sub {
				n.held, n.peak = 2*n.window, 2*n.window // one series at a time
			}
			series = max(series, n.series)
		case parser.ValueTypeVector:
			series = max(series, n.series)
		}
		operands = append(operands, n)
	}
	c.makes(series, madeByCall)
	switch f.Func.Name {
	case "absent", "absent_over_time", "scalar":
		series = 1
	case "timestamp":
		c.selected += series // an open iterator for each
	case "label_replace", "label_join":
		if err := c.relabel(f, series); err != nil {
			return nodeCost{}, err
		}
	}
	return over(result(series, w), operands...), nil
}

// relabel adds what new labels of series take, and bounds the work on them.
func (c *coster) relabel(f *parser.Call, series float64) error {
	copies, text := labelCall(f)
	if err := c.newLabels(f.Func.Name, series, float64(copies), text); err != nil {
		return err
	}
	if f.Func.Name == "label_replace" {
		work := series * float64(PatternSize(literal(f.Args[4])))
		c.work += work * replaceLength
		if c.replaced += work; c.replaced > maxReplaceWork {
			return requestError("label_replace would match a long regular expression with the labels of %.0f series: shorten the regular expression, aggregate first, or select fewer series", series)
		}
	}
	return nil
}

// makes adds what an operation makes for so many series.
func (c *coster) makes(series, each float64) { c.made += max(0, series-uncounted) * each }

// newLabels adds labels that series get: each has so many copies of others in it, and
// so many bytes of its own, its name included.
func (c *coster) newLabels(function string, series, copies float64, bytes int) error {
	c.selected += series * (copies + float64(bytes)/bytesOfSeries)
	if c.selected > maxSelected {
		return requestError("%s gives new labels to %.0f series, more than fit: aggregate first, use shorter names and texts, or select fewer series", function, series)
	}
	return nil
}

// checkWork returns how many samples of one series a function over ranges visits, and
// refuses more than it may before the context is looked at.
func checkWork(function string, n nodeCost, w timeWindow) (float64, error) {
	work := n.window * w.points()
	if function == "quantile_over_time" || function == "mad_over_time" {
		work *= sortingWork
	}
	if n.series > 0 && work > maxSeriesWork {
		return 0, requestError("%s looks at some %.0f samples at each of %.0f points, more than can be done in time: shorten its range, raise the step, or shorten the time range", function, n.window, w.points())
	}
	return work, nil
}

// matchesPatterns reports whether an expression has regular expressions that are
// matched with values: lists of literals are not.
func matchesPatterns(expr parser.Expr) (found bool) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			found = found || anyPattern(v.LabelMatchers)
		}
		return nil
	})
	return found
}

func anyPattern(matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		regexp := m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp
		if regexp && !history.IsList(m) && len(m.SetMatches()) == 0 {
			return true
		}
	}
	return false
}
