// Package dimension finds what the values of a PromQL expression are of (bytes, seconds, a
// ratio) from the units of the series that it reads, through its syntax tree, so that code
// has the axis of the builder. A dimension is given only where it is certain: what bytes
// become by a multiplication with 8 is for the user to say.
package dimension

import (
	"iter"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
)

// A Dimension is what numbers are of: a unit of the catalogue, or one of those below.
type Dimension string

// The dimensions that the catalogue does not have.
const (
	Unknown   Dimension = ""
	Number    Dimension = "number"           // written in the expression
	Members   Dimension = "members"          // series or samples: what count() returns
	PerSecond Dimension = "count per second" // what rate() of a count returns
	PerMinute Dimension = "count per minute"
	Percent   Dimension = "percent"     // 100 times a ratio
	CPUTime   Dimension = "cpu seconds" // seconds that CPUs were used for
)

const (
	cpus           = Dimension(catalogue.CPUs)
	gpus           = Dimension(catalogue.GPUs)
	bytes          = Dimension(catalogue.Bytes)
	seconds        = Dimension(catalogue.Seconds)
	ratio          = Dimension(catalogue.Ratio)
	count          = Dimension(catalogue.Count)
	boolean        = Dimension(catalogue.Bool)
	unixTime       = Dimension(catalogue.Time)
	bytesPerSecond = Dimension(catalogue.BytesPS)
)

// perSecond holds the Dimension of what changes per second.
var perSecond = map[Dimension]Dimension{
	count: PerSecond, Members: PerSecond, bytes: bytesPerSecond,
	seconds: ratio, // of the time
	CPUTime: cpus,
}

// Rate returns the dimension of what changes per second.
func (d Dimension) Rate() Dimension { return perSecond[d] }

// cpuTime are the counters of seconds that several CPUs add to.
var cpuTime = []string{"mesos_executor_cpu_seconds_total"}

// OfSeries returns the dimension of a series of the catalogue.
func OfSeries(s catalogue.Series) Dimension {
	if slices.Contains(cpuTime, s.Name) {
		return CPUTime
	}
	return Dimension(s.Unit)
}

// Of returns the dimension of an expression. matching returns the series of the catalogue
// that matchers without a fixed name may select.
func Of(parsed parser.Expr, matching func([]*labels.Matcher) iter.Seq[catalogue.Series]) Dimension {
	return inference{matching}.of(parsed).Dimension
}

// A quantity is what the values of a part of an expression are.
type quantity struct {
	Dimension
	value float64 // of a number; NaN where it is not known
	// metric is the one that the values are of; "" where they are of several, or of none.
	metric string
}

var unknown = quantity{value: math.NaN()}

func constant(value float64) quantity { return quantity{Dimension: Number, value: value} }

// as returns what a quantity becomes.
func (q quantity) as(d Dimension) quantity { return quantity{d, math.NaN(), q.metric} }

// with returns q as what came of it and another one.
func (q quantity) with(other quantity) quantity {
	if q.metric != other.metric && other.Dimension != Number {
		q.metric = ""
	}
	return q
}

type inference struct {
	matching func([]*labels.Matcher) iter.Seq[catalogue.Series]
}

func (in inference) of(node parser.Expr) quantity {
	switch n := node.(type) {
	case *parser.NumberLiteral:
		return constant(n.Val)
	case *parser.ParenExpr:
		return in.of(n.Expr)
	case *parser.StepInvariantExpr:
		return in.of(n.Expr)
	case *parser.SubqueryExpr:
		return in.of(n.Expr)
	case *parser.MatrixSelector:
		return in.of(n.VectorSelector)
	case *parser.VectorSelector:
		return in.ofSelector(n)
	case *parser.UnaryExpr:
		q := in.of(n.Expr)
		if n.Op == parser.SUB {
			q.value = -q.value
		}
		return q
	case *parser.AggregateExpr:
		if result, ok := aggregations[n.Op]; ok {
			q := in.of(n.Expr)
			return q.as(result(q.Dimension))
		}
	case *parser.Call:
		return in.ofCall(n)
	case *parser.BinaryExpr:
		return in.ofBinary(n)
	}
	return unknown
}

// ofSelector returns what all the series of a selector are.
func (in inference) ofSelector(selector *parser.VectorSelector) quantity {
	names, others := promql.MetricNames(selector)
	if others {
		return common(in.matching(selector.LabelMatchers))
	}
	var all []catalogue.Series
	for _, name := range names {
		s, ok := catalogue.Lookup(name)
		if !ok {
			return unknown
		}
		all = append(all, *s)
	}
	return common(slices.Values(all))
}

// common returns what all of some series are.
func common(all iter.Seq[catalogue.Series]) quantity {
	q, found := unknown, false
	for s := range all {
		switch {
		case !found:
			q, found = quantity{OfSeries(s), math.NaN(), s.Name}, true
		case OfSeries(s) != q.Dimension:
			return unknown
		default:
			q.metric = ""
		}
	}
	return q
}

func keep(d Dimension) Dimension { return d }

func always(d Dimension) func(Dimension) Dimension {
	return func(Dimension) Dimension { return d }
}

// total is what a sum is of.
func total(d Dimension) Dimension {
	switch d {
	case boolean:
		return Members // those that are 1
	case unixTime:
		return Unknown
	default:
		return d
	}
}

// spread is what a difference of two values is of.
func spread(d Dimension) Dimension {
	if d == unixTime {
		return seconds
	}
	return d
}

// aggregations hold what aggregations return for what they are given; of others it is
// unknown.
var aggregations = map[parser.ItemType]func(Dimension) Dimension{
	parser.SUM: total, parser.AVG: keep, parser.MIN: keep, parser.MAX: keep,
	parser.TOPK: keep, parser.BOTTOMK: keep, parser.QUANTILE: keep, parser.STDDEV: spread,
	parser.COUNT: always(Members), parser.COUNT_VALUES: always(Members), parser.GROUP: always(boolean),
}

// A function is what a function of PromQL returns for one of its arguments.
type function struct {
	arg    int
	result func(Dimension) Dimension
}

// functions hold what functions return; of others it is unknown.
var functions = map[string]function{
	"abs": {0, spread}, "ceil": {0, keep}, "floor": {0, keep}, "round": {0, keep},
	"clamp": {0, keep}, "clamp_max": {0, keep}, "clamp_min": {0, keep},
	"scalar": {0, keep}, "sort": {0, keep}, "sort_desc": {0, keep},
	"label_replace": {0, keep}, "label_join": {0, keep},

	"avg_over_time": {0, keep}, "min_over_time": {0, keep}, "max_over_time": {0, keep}, "last_over_time": {0, keep},
	"quantile_over_time": {1, keep}, "stddev_over_time": {0, spread}, "sum_over_time": {0, total},
	"predict_linear": {0, keep}, "increase": {0, spread}, "delta": {0, spread}, "idelta": {0, spread},
	"rate": {0, Dimension.Rate}, "irate": {0, Dimension.Rate}, "deriv": {0, Dimension.Rate},

	"count_over_time": {0, always(Members)}, "changes": {0, always(Members)}, "resets": {0, always(Members)},
	"absent": {0, always(boolean)}, "absent_over_time": {0, always(boolean)}, "present_over_time": {0, always(boolean)},
	"timestamp": {0, always(unixTime)},
}

func (in inference) ofCall(call *parser.Call) quantity {
	switch call.Func.Name {
	case "time":
		return unknown.as(unixTime)
	case "vector":
		return in.of(call.Args[0])
	}
	f, ok := functions[call.Func.Name]
	if !ok || f.arg >= len(call.Args) {
		return unknown
	}
	q := in.of(call.Args[f.arg])
	return q.as(f.result(q.Dimension))
}

func (in inference) ofBinary(n *parser.BinaryExpr) quantity {
	a, b := in.of(n.LHS), in.of(n.RHS)
	switch {
	case n.Op.IsComparisonOperator() && n.ReturnBool:
		return a.as(boolean).with(b)
	case n.Op.IsComparisonOperator() && n.LHS.Type() == parser.ValueTypeScalar:
		return b // what is left of a vector
	case n.Op.IsComparisonOperator(), n.Op == parser.LAND, n.Op == parser.LUNLESS:
		return a
	case a.Dimension == Unknown || b.Dimension == Unknown:
		return unknown
	}
	switch n.Op {
	case parser.LOR:
		return either(a, b)
	case parser.ADD, parser.SUB, parser.MOD:
		return sum(n.Op, a, b)
	case parser.MUL:
		return product(a, b)
	case parser.DIV:
		return quotient(a, b)
	}
	return unknown
}

// either returns what values of two kinds are together: x or vector(0) is x.
func either(a, b quantity) quantity {
	switch {
	case a.Dimension == b.Dimension:
		return a.as(a.Dimension).with(b)
	case b.Dimension == Number:
		return a
	case a.Dimension == Number:
		return b
	case a.counts() && b.counts():
		return a.as(count).with(b)
	default:
		return unknown
	}
}

// counts reports whether a quantity is a number of things.
func (q quantity) counts() bool { return q.Dimension == count || q.Dimension == Members }

// sum returns what a + b, a - b and a % b are.
func sum(op parser.ItemType, a, b quantity) quantity {
	switch {
	case a.Dimension == unixTime && b.Dimension == unixTime && op == parser.SUB:
		return a.as(seconds).with(b)
	case a.Dimension == unixTime && b.Dimension == seconds && op != parser.MOD:
		return a.with(b)
	case b.Dimension == unixTime && (a.Dimension == unixTime || op == parser.SUB):
		return unknown
	case a.Dimension == boolean && b.Dimension == boolean && op == parser.ADD:
		return a.as(Members).with(b)
	}
	return either(a, b)
}

// scales are the products with a number whose dimension is certain.
var scales = []struct {
	of    Dimension
	times float64
	is    Dimension
}{
	{PerSecond, 60, PerMinute},
	{ratio, 100, Percent},
}

// product returns what a * b is.
func product(a, b quantity) quantity {
	if a.weight() > b.weight() {
		a, b = b, a
	}
	switch {
	case a.Dimension == Number: // both are
		return constant(math.NaN())
	case b.Dimension == Number && b.value == 1:
		return a
	case b.Dimension == Number:
		for _, s := range scales {
			if s.of == a.Dimension && s.times == b.value {
				return a.as(s.is)
			}
		}
	case b.weight() > 0 && a.Dimension != unixTime:
		return a
	}
	return unknown
}

// weight is above 0 where a product with a quantity has the unit of the other factor, or of
// the one with the lower weight: a part of it, itself or none of it (mesos_agent_info), or
// a number times it.
func (q quantity) weight() int {
	return map[Dimension]int{ratio: 1, boolean: 2, Number: 3}[q.Dimension]
}

// amounts are dimensions whose quotients are ratios, whatever they are amounts of, and
// that have their unit also per thing.
var amounts = []Dimension{cpus, gpus, bytes, bytesPerSecond, seconds, CPUTime}

// quotient returns what a / b is. Counts make a ratio only where both are of the same
// metric: tasks by agents are tasks.
func quotient(a, b quantity) quantity {
	alike, amount := a.Dimension == b.Dimension, slices.Contains(amounts, a.Dimension)
	counted := a.counts() || a.Dimension == PerSecond || a.Dimension == PerMinute
	switch {
	case a.Dimension == Number && b.Dimension == Number:
		return constant(math.NaN())
	case b.Dimension == Number && b.value == 1:
		return a
	case b.Dimension == Number:
		for _, s := range scales {
			if s.is == a.Dimension && s.times == b.value {
				return a.as(s.of)
			}
		}
	case alike && (amount || a.Dimension == ratio), alike && counted && a.metric == b.metric && a.metric != "":
		return a.as(ratio).with(b)
	case amount && (b.counts() || b.Dimension == ratio):
		return a.with(b)
	case b.Dimension == Members && (a.Dimension == count || a.Dimension == ratio): // an average
		return a.with(b)
	}
	return unknown
}
