package promql

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
)

// Random choices of random series have the answer of the whole expression.
func TestRandomChoicesAreAnswersOfTheWholeExpression(t *testing.T) {
	e := NewEngine(EngineOptions{})
	defer e.Close()
	choices, answers := 0, 0
	for seed := range uint64(20) {
		random := expressions{rand.New(rand.NewPCG(1, seed))}
		m, start, end := oddFleet(t, random)
		for range 40 {
			r := Request{
				Store: m, Expr: random.choice(), Lookback: 40 * time.Second, Step: time.Duration(1+random.IntN(100)) * time.Second,
				Start: start.Add(time.Duration(random.IntN(300)) * time.Second), End: end.Add(time.Duration(random.IntN(60)-20) * time.Second),
			}
			parsed, err := ParseExpr(r.Expr)
			require.NoError(t, err)
			if _, chooses := choiceOf(parsed, r); !chooses {
				continue
			}
			choices++
			want, err := e.wholeRange(r)
			if err != nil { // that of series which are not chosen may be missing
				continue
			}
			got, err := e.Range(context.Background(), r)
			require.NoError(t, err, "%d: %s", seed, r.Expr)
			if len(got.Matrix) > 0 {
				answers++
			}
			if !alike(want.Matrix, got.Matrix) { // of series with the same value the engine chooses any
				requireChosen(t, e, r, got.Matrix)
			}
		}
	}
	require.Greater(t, choices, 250)
	require.Greater(t, answers, 75)
}

func (e *Engine) wholeRange(r Request) (Result, error) {
	return e.evaluate(context.Background(), r, func(ctx context.Context, r Request, opts prom.QueryOpts) (prom.Query, error) {
		return e.engine.NewRangeQuery(ctx, exactly(r.Store), opts, r.Expr, r.Start, r.End, r.Step)
	})
}

// alike reports whether two answers are the same, but for the order in which the engine adds up numbers.
func alike(want, got prom.Matrix) bool {
	return slices.EqualFunc(want, got, func(a, b prom.Series) bool {
		return labels.Equal(a.Metric, b.Metric) && slices.EqualFunc(a.Floats, b.Floats, func(a, b prom.FPoint) bool {
			return a.T == b.T && (a.F == b.F || math.IsNaN(a.F) && math.IsNaN(b.F) || math.Abs(a.F-b.F) < 1e-9*math.Abs(a.F))
		})
	})
}

// requireChosen requires that an answer has the points of series that may be chosen, and lacks none of those that must be.
func requireChosen(t *testing.T, e *Engine, r Request, got prom.Matrix) {
	t.Helper()
	parsed, err := ParseExpr(r.Expr)
	require.NoError(t, err)
	both := history.Unwrap(parsed).(*parser.BinaryExpr)
	top := both.RHS.(*parser.AggregateExpr)
	all, values := r, r
	all.Expr, values.Expr, values.Step = both.LHS.String(), top.Expr.String(), 0
	of, err := e.wholeRange(all)
	require.NoError(t, err)
	ranked, err := e.Instant(context.Background(), values)
	require.NoError(t, err)

	better := func(a, b float64) bool {
		switch {
		case math.IsNaN(a) || math.IsNaN(b):
			return !math.IsNaN(a)
		case math.Abs(a-b) < 1e-9*math.Abs(a):
			return false
		}
		return (a > b) == (top.Op == parser.TOPK) && a != b
	}
	k := int(top.Param.(*parser.NumberLiteral).Val)
	may, must := map[string]bool{}, map[string]bool{}
	for _, s := range ranked.Vector {
		isBetter, isAsGood := 0, 0
		for _, other := range ranked.Vector {
			if better(other.F, s.F) {
				isBetter++
			} else if !better(s.F, other.F) {
				isAsGood++
			}
		}
		may[withoutName(s.Metric)] = isBetter < k
		must[withoutName(s.Metric)] = isBetter+isAsGood <= k
	}
	has := map[string]bool{}
	for _, s := range got {
		require.True(t, may[withoutName(s.Metric)], "%s has %s", r.Expr, s.Metric)
		has[withoutName(s.Metric)] = true
	}
	require.LessOrEqual(t, len(has), max(k, 0))
	var expected prom.Matrix
	for _, s := range of.Matrix {
		require.True(t, has[withoutName(s.Metric)] || !must[withoutName(s.Metric)], "%s lacks %s", r.Expr, s.Metric)
		if has[withoutName(s.Metric)] {
			expected = append(expected, s)
		}
	}
	require.True(t, alike(expected, got), "%s\n%s\n%s", r.Expr, expected, got)
}

// oddFleet is a store whose series come and go, share values, and have values that are no numbers.
func oddFleet(t *testing.T, random expressions) (m *memory.Store, start, end time.Time) {
	c := newClock()
	m = memory.New(memory.Options{Now: c.Now})
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	values := []float64{0, 1, 1, 2, 2, 3, 7.5, -4, 0.1, 0.2, 0.3, math.Copysign(0, -1), 1e6, math.NaN(), math.Inf(1), math.Inf(-1)}
	values = values[:12+4*random.IntN(2)]
	racks := []string{"r1", "r.2", "r|3", `r\4"`, "r5)", "", "é\n"}
	refs := map[string]storage.SeriesRef{}
	agents, polls := 3+random.IntN(20), 40+random.IntN(60)
	for poll := range polls {
		b := m.Batch(context.Background())
		for a := range agents {
			if (poll/7+a)%(2+a%9) == 0 {
				continue
			}
			for n, v := range []float64{values[random.IntN(len(values))], values[random.IntN(len(values))], float64(poll % 17 * a)} {
				if (a+n)%6 == 5 {
					continue
				}
				name, agent := []string{"x", "y", "z_total"}[n], fmt.Sprint("a", a)
				var err error
				refs[name+agent], err = b.Append(refs[name+agent], func() labels.Labels {
					lset := labels.FromStrings("__name__", name, "agent", agent, "rack", racks[a%len(racks)], "half", fmt.Sprint(a%2), "c", "one")
					return labels.NewBuilder(lset).Labels() // without what is empty
				}, c.Now().UnixMilli(), v)
				require.NoError(t, err)
			}
		}
		require.NoError(t, b.Commit())
		c.Advance(15 * time.Second)
	}
	return m, t0, t0.Add(time.Duration(polls-1) * 15 * time.Second)
}

// expressions makes expressions.
type expressions struct{ *rand.Rand }

func (e expressions) one(of ...string) string { return of[e.IntN(len(of))] }

// choice returns an expression of which choiceOf takes many.
func (e expressions) choice() string {
	x := e.vector(e.IntN(4))
	of := x
	switch e.IntN(4) {
	case 0:
		of = e.vector(e.IntN(3))
	case 1: // not in the subquery, where the engine takes another time for @ if that begins with the range
		x = "(" + x + ") * on () group_left () (count(x @ end()) * 0 + 2)"
	}
	return fmt.Sprintf("(%s) and %s(%s, %s_over_time((%s)[%s:%s] @ end()%s))", x, e.one("topk", "bottomk"), e.one("1", "2", "3", "5", "0", "0.5", "2.7", "-1", "100"),
		e.one("avg", "avg", "max", "last", "min", "sum", "stddev", "absent"), of, e.one("10m", "3m", "30s"), e.one("1m", "15s", "37s"), e.one("", "", " offset 2m", " offset -30s"))
}

func (e expressions) selector() string {
	own := e.one("", "", "", `rack=~"r.*"`, `agent!="a1"`, `rack=""`, `half="1"`, `agent=~"a1|a2|a3|a4|a5"`)
	return e.one("x{", "y{", "z_total{", "x{", "y{", "z_total{", `{__name__=~"x|y",`) + own + "}"
}

func (e expressions) by() string {
	return "by (" + e.one("agent", "agent", "rack", "agent, rack", "half, rack", "half", "c", "agent, c", "nothing, agent", "nothing", "") + ")"
}

func (e expressions) vector(depth int) string {
	if depth--; depth < 0 {
		return e.selector() + e.one("", "", "", " offset 1m", " offset -1m")
	}
	inner := func() string { return "(" + e.vector(depth) + ")" }
	groups := func(by string) string {
		return e.one("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar") + " " + by + " " + inner()
	}
	switch e.IntN(16) {
	case 0:
		return e.selector()
	case 1, 2:
		f := e.one("rate", "increase", "irate", "delta", "idelta", "deriv", "avg_over_time", "last_over_time", "count_over_time", "absent_over_time", "changes")
		return f + "(" + e.selector() + e.one("[1m]", "[2m]", "[50s]") + e.one("", " offset 1m") + ")"
	case 3:
		return e.one("max_over_time", "last_over_time", "rate") + "(" + inner() + e.one("[3m:1m]", "[3m:20s]", "[3m:]") + ")"
	case 4, 5, 6, 7:
		return groups(e.by())
	case 8:
		return groups(strings.Replace(e.by(), "by", "without", 1))
	case 9:
		return inner() + e.one(" + ", " - ", " * ", " / ", " > ", " > bool ", " == ", " % ", " ^ ") + e.one("2", "0.5", "(1 - 2)", "scalar(sum(x))", "scalar(count(y))")
	case 10:
		return e.one("2", "0.5", "scalar(max(y))") + e.one(" + ", " - ", " * ", " / ", " < ", " < bool ", " != ") + inner()
	case 11, 12:
		by := e.by()
		return groups(by) + e.one(" + ", " - ", " / ", " > ", " >= bool ") + groups(e.one(by, by, e.by()))
	case 13:
		return inner() + e.one(" / ", " * ", " > ") + "on () group_left () " + e.one("sum(y)", "(max(x) > 2)", "sum by (c) (y)", inner())
	case 14:
		return e.one("-", "abs", "ceil", "sort") + inner()
	default:
		return strings.Replace(e.one(`topk(2, x)`, `bottomk by (half) (1, x)`, `quantile(0.5, x)`, `(x or y)`, `(y and x)`, `(y unless on (agent) x)`,
			`label_replace(x, "agent", "$1", "agent", "(a.).*")`, `label_replace(x, "rack", "a$1", "half", "(.*)")`, `clamp_min(x, 1)`), "x", inner(), 1)
	}
}
