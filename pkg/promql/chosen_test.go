package promql

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/memory"
)

// fleet is a store with agents of some racks for some polls: what each has, has allocated, and how often
// something ended there. Some of them come and go. No two have the same allocated: the engine chooses any of those.
func fleet(t testing.TB, agents, polls int) (m *memory.Store, start, end time.Time) {
	c := newClock()
	m = memory.New(memory.Options{Now: c.Now})
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	random := rand.New(rand.NewPCG(1, 2))
	type key struct{ agent, name int }
	refs, ended := map[key]storage.SeriesRef{}, map[int]float64{}
	for poll := range polls {
		b := m.Batch(context.Background())
		for a := range agents {
			if a%7 == 3 && poll*5/polls == a%5 {
				continue
			}
			ended[a] += random.Float64() * 3
			for n, v := range []float64{16, 16 * random.Float64(), ended[a]} {
				name := []string{"capacity", "allocated", "ended_total"}[n]
				var err error
				refs[key{a, n}], err = b.Append(refs[key{a, n}], func() labels.Labels {
					lset := labels.FromStrings("__name__", name, "agent", fmt.Sprintf("agent%05d.a+b", a), "agent_id", fmt.Sprint("S", a), "cluster", "c", "rack", fmt.Sprint("r", a%5))
					if a%11 == 4 {
						lset = labels.NewBuilder(lset).Del("rack").Labels()
					}
					return lset
				}, c.Now().UnixMilli(), v)
				require.NoError(t, err)
			}
		}
		require.NoError(t, b.Commit())
		c.Advance(15 * time.Second)
	}
	return m, t0, t0.Add(time.Duration(polls-1) * 15 * time.Second)
}

// Of a few series that are chosen of many the answer is that of Prometheus' engine, whether they are
// chosen first or not.
func TestAChoiceIsTheAnswerOfTheWholeExpression(t *testing.T) {
	m, start, end := fleet(t, 60, 240)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	top := func(k int, x string) string {
		return fmt.Sprintf("(%s) and topk(%d, avg_over_time((%s)[30m:1m] @ end()))", x, k, x)
	}
	const share = `sum by (agent) (allocated) / sum by (agent) (capacity)`
	noCounter := `sum by (agent) (rate(allocated[2m]))`
	for expr, first := range map[string]bool{
		top(10, share):   true,
		top(1, share):    true,
		top(0, share):    true,
		top(1000, share): false,
		strings.Replace(top(5, share), "topk", "bottomk", 1):         true,
		strings.Replace(top(5, share), "avg_over", "max_over", 1):    true,
		strings.Replace(top(5, share), "avg_over", "absent_over", 1): true,
		top(3, `allocated`):                                                                      true,
		top(3, `-allocated{rack=~"r[0-3]"}`):                                                     true,
		top(3, `sum by (rack) (allocated)`):                                                      true,
		top(7, `sum by (agent, rack) (rate(ended_total[2m])) * 60`):                              true,
		top(3, `max by (agent) (increase(ended_total[2m])) > 5`):                                 true,
		top(3, `sum by (agent, agent_id) (allocated) / on () group_left () (sum(capacity) > 0)`): true,
		top(3, `60 - avg by (agent) (allocated)`):                                                true,
		top(100, `avg by (agent) (allocated) - 1 > bool 3`):                                      true,
		top(30, `sum by (rack) (count_over_time(allocated[1m]))`):                                true,
		top(3, `sum by (agent) (max_over_time(allocated[5m:30s]))`):                              true,
		top(3, noCounter): true,
		// These are as long as an expression may be before limits to the chosen series are added.
		`sum by (agent) (allocated) < 1e300` + strings.Repeat(` - 1e300`, 60) + ` and topk(3, avg_over_time((allocated)[30m:1m] @ end()))`:          true,
		quotients(130, `agent, agent_id, cluster`) + ` and topk(1, avg_over_time((sum by (agent, agent_id, cluster) (allocated))[30m:1m] @ end()))`: true,
		top(3, `sum without (agent) (allocated)`):                                                            false,
		top(3, `sum(allocated)`):                                                                             false,
		top(3, `allocated / ignoring (x) capacity`):                                                          false,
		top(3, `allocated * on (agent_id) group_left (rack) (capacity * 0 + 1)`):                             false,
		top(3, `allocated or capacity`):                                                                      false,
		top(3, `topk(5, allocated)`):                                                                         false,
		top(3, `label_replace(allocated, "agent", "$1", "agent", "(agent0000.).*")`):                         false,
		top(3, `sum by (agent) (topk(20, allocated))`):                                                       false,
		`allocated and on (rack) topk(3, avg_over_time((allocated)[30m:1m] @ end()))`:                        false,
		`allocated and topk(3, avg_over_time((allocated)[30m:1m]))`:                                          false,
		`allocated and topk(3, avg_over_time((allocated)[30m:1m] @ start()))`:                                false,
		`allocated and topk(3, avg_over_time((allocated @ start())[30m:1m] @ end()))`:                        false,
		`allocated and topk by (rack) (3, avg_over_time((allocated)[30m:1m] @ end()))`:                       false,
		`allocated and topk(scalar(max(capacity)) - 13, avg_over_time((allocated)[30m:1m] @ end()))`:         false,
		`allocated or topk(3, avg_over_time((allocated)[30m:1m] @ end()))`:                                   false,
		`allocated unless topk(3, avg_over_time((allocated)[30m:1m] @ end()))`:                               false,
		`allocated and topk(3, quantile_over_time(0.5, (allocated)[30m:1m] @ end()))`:                        false,
		`allocated{rack="none"} and topk(3, avg_over_time((allocated)[30m:1m] @ end()))`:                     true,
		`allocated and topk(3, avg_over_time((allocated{rack="none"})[30m:1m] @ end()))`:                     true,
		`sum by (agent) (allocated) and topk(3, avg_over_time((sum by (rack) (allocated))[30m:1m] @ end()))`: true,
		`sum by (rack) (allocated) and topk(30, avg_over_time((sum by (rack) (allocated))[30m:1m] @ end()))`: true,
	} {
		t.Run(expr, func(t *testing.T) {
			for _, step := range []time.Duration{time.Minute, 7 * time.Minute} {
				r := Request{Store: m, Expr: expr, Start: start.Add(5 * time.Minute), End: end, Step: step, Lookback: 40 * time.Second}
				parsed, err := ParseExpr(expr)
				require.NoError(t, err)
				_, chooses := choiceOf(parsed, r)
				require.Equal(t, first, chooses)
				want, err := e.evaluate(context.Background(), r, func(ctx context.Context, r Request, opts prom.QueryOpts) (prom.Query, error) {
					return e.engine.NewRangeQuery(ctx, exactly(r.Store), opts, r.Expr, r.Start, r.End, r.Step)
				})
				require.NoError(t, err)
				got, err := e.Range(context.Background(), r)
				require.NoError(t, err)
				require.Equal(t, want.Type, got.Type)
				if first { // its parts have other positions
					want.Warnings, want.Infos = withoutPositions(want.Warnings), withoutPositions(want.Infos)
				}
				require.ElementsMatch(t, want.Warnings, got.Warnings)
				require.ElementsMatch(t, want.Infos, got.Infos)
				require.Equal(t, len(want.Matrix), len(got.Matrix))
				for i, s := range want.Matrix {
					require.Equal(t, s.Metric.String(), got.Matrix[i].Metric.String())
					require.Equal(t, s.Floats, got.Matrix[i].Floats)
				}
			}
		})
	}
}

// quotients returns an expression that is so many levels deep, each of which reads two selectors.
func quotients(levels int, by string) string {
	x := "sum by (" + by + ") (allocated)"
	for range levels {
		x = "sum by (" + by + ") (" + x + " / sum by (" + by + ") (capacity))"
	}
	return x
}

var position = regexp.MustCompile(` \(\d+:\d+\)$`)

func withoutPositions(texts []string) (all []string) {
	for _, text := range texts {
		all = append(all, position.ReplaceAllString(text, ""))
	}
	return all
}

// Nothing cancels the look at an expression: each level must not double what it takes.
func TestADeepExpressionIsLookedAtOnce(t *testing.T) {
	m, start, end := fleet(t, 3, 40)
	e := NewEngine(EngineOptions{})
	r := Request{Store: m, Start: start.Add(5 * time.Minute), End: end, Step: time.Minute}
	r.Expr = quotients(200, "agent") + ` and topk(2, avg_over_time((allocated)[5m:1m] @ end()))`
	answered := make(chan error, 1)
	go func() {
		_, err := e.Range(context.Background(), r)
		answered <- err
	}()
	select {
	case err := <-answered:
		require.NoError(t, err)
		e.Close()
	case <-time.After(10 * time.Second):
		t.Fatal("no answer within 10 s")
	}
}

// BenchmarkChoice chooses ten of 35,000 agents over a day, of which there are three polls.
func BenchmarkChoice(b *testing.B) {
	m, _, end := fleet(b, 35_000, 3)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	const share = `sum by (agent) (allocated) / sum by (agent) (capacity)`
	r := Request{
		Store: m, Start: end.Add(-24 * time.Hour), End: end, Step: 16 * time.Minute, Lookback: 40 * time.Minute,
		Expr: fmt.Sprintf("(%s) and topk(10, avg_over_time((%s)[1d:16m] @ end()))", share, share),
	}
	prepare := func(ctx context.Context, r Request, opts prom.QueryOpts) (prom.Query, error) {
		return e.engine.NewRangeQuery(ctx, exactly(r.Store), opts, r.Expr, r.Start, r.End, r.Step)
	}
	b.Run("whole", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			res, err := e.evaluate(context.Background(), r, prepare)
			require.NoError(b, err)
			require.Len(b, res.Matrix, 10)
		}
	})
	b.Run("first the ten", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			res, err := e.Range(context.Background(), r)
			require.NoError(b, err)
			require.Len(b, res.Matrix, 10)
		}
	})
}
