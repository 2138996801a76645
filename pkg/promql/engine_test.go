package promql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// filled is a store with an hour of 100 series "a" and one "b_total", a sample
// each 15 s.
func filled(t testing.TB) (m *memory.Store, start, end time.Time) {
	c := newClock()
	m = memory.New(memory.Options{Now: c.Now})
	refs := map[int]storage.SeriesRef{}
	for n := range 241 {
		b := m.Batch(context.Background())
		for i := range 101 {
			lset := func() labels.Labels {
				if i == 100 {
					return labels.FromStrings("__name__", "b_total")
				}
				return labels.FromStrings("__name__", "a", "i", fmt.Sprint(i), "half", fmt.Sprint(i%2))
			}
			var err error
			refs[i], err = b.Append(refs[i], lset, c.Now().UnixMilli(), float64(n*i))
			require.NoError(t, err)
		}
		require.NoError(t, b.Commit())
		c.Advance(15 * time.Second)
	}
	return m, t0, t0.Add(time.Hour)
}

func TestEngineAnswersEveryTypeOfExpression(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	ctx := context.Background()

	res, err := e.Instant(ctx, Request{Store: m, Expr: `sum by (half) (a)`, End: end})
	require.NoError(t, err)
	require.Equal(t, parser.ValueTypeVector, res.Type)
	require.Len(t, res.Vector, 2)
	require.Equal(t, float64(240*99*100/2), res.Vector[0].F+res.Vector[1].F)
	require.Equal(t, end.UnixMilli(), res.Vector[0].T)

	res, err = e.Range(ctx, Request{Store: m, Expr: `b_total`, Start: start, End: end, Step: 30 * time.Minute})
	require.NoError(t, err)
	require.Equal(t, parser.ValueTypeMatrix, res.Type)
	require.Len(t, res.Matrix, 1)
	require.Equal(t, "b_total", res.Matrix[0].Metric.Get("__name__"))
	require.Len(t, res.Matrix[0].Floats, 3)
	require.Equal(t, 12000.0, res.Matrix[0].Floats[1].F)

	res, err = e.Instant(ctx, Request{Store: m, Expr: `b_total[1m]`, End: end})
	require.NoError(t, err)
	require.Equal(t, parser.ValueTypeMatrix, res.Type)
	require.Len(t, res.Matrix[0].Floats, 4)

	res, err = e.Instant(ctx, Request{Store: m, Expr: `1 + 1`, End: end})
	require.NoError(t, err)
	require.Equal(t, 2.0, res.Scalar.V)

	res, err = e.Instant(ctx, Request{Store: m, Expr: `"text"`, End: end})
	require.NoError(t, err)
	require.Equal(t, "text", res.String.V)

	res, err = e.Range(ctx, Request{Store: m, Expr: `nothing`, Start: start, End: end, Step: time.Minute})
	require.NoError(t, err)
	require.Empty(t, res.Matrix)
}

func TestLookbackIsTheRequests(t *testing.T) {
	m, _, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	for lookback, found := range map[time.Duration]int{38 * time.Second: 0, 2 * time.Minute: 1, 0: 1} {
		res, err := e.Instant(context.Background(), Request{Store: m, Expr: `b_total`, End: end.Add(time.Minute), Lookback: lookback})
		require.NoError(t, err)
		require.Len(t, res.Vector, found, lookback)
	}
}

func TestResultsOutliveTheQuery(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	r := Request{Store: m, Expr: `a`, Start: start, End: end, Step: 15 * time.Second}
	first, err := e.Range(context.Background(), r)
	require.NoError(t, err)
	text := first.Matrix.String()
	for range 5 { // the engine reuses the points of queries that ended
		r.Expr = `a * -1`
		_, err = e.Range(context.Background(), r)
		require.NoError(t, err)
	}
	require.Equal(t, text, first.Matrix.String())
}

func TestWarningsAndInfosAreStrings(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	res, err := e.Range(context.Background(), Request{Store: m, Expr: `rate(a[5m])`, Start: start, End: end, Step: time.Minute})
	require.NoError(t, err)
	require.Len(t, res.Infos, 1)
	require.Contains(t, res.Infos[0], `metric might not be a counter`)
	require.Empty(t, res.Warnings)
	res, err = e.Instant(context.Background(), Request{Store: m, Expr: `quantile(2, a)`, End: end})
	require.NoError(t, err)
	require.Len(t, res.Warnings, 1)
	require.Contains(t, res.Warnings[0], `quantile value should be between 0 and 1`)
}

func TestEngineRefusesWithASentence(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{MaxSamples: 5000})
	defer e.Close()
	closed := memory.New(memory.Options{})
	require.NoError(t, closed.Close())
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, test := range []struct {
		what string
		ctx  context.Context
		r    Request
		kind ErrorKind
		part string
	}{
		{"not PromQL", nil, Request{Expr: `sum(`, Step: time.Minute}, ErrorParse, "line 1, column 5"},
		{"too long", nil, Request{Expr: strings.Repeat("1+", MaxExpression) + "1", Step: time.Minute}, ErrorRequest, "32769 bytes"},
		{"no step", nil, Request{Expr: `a`}, ErrorRequest, "step of at least 1 ms"},
		{"a step below the resolution", nil, Request{Expr: `a`, Step: time.Microsecond}, ErrorRequest, "step of at least 1 ms"},
		{"a range of no time", nil, Request{Expr: `a`, Start: end, End: start, Step: time.Second}, ErrorRequest, "lies before its start"},
		{"too many points", nil, Request{Expr: `a`, End: start.Add(11_000 * time.Second), Step: time.Second}, ErrorRequest, "has 11001 points per series and may have 11000 at most"},
		{"a range vector over a range", nil, Request{Expr: `a[5m]`, Step: time.Minute}, ErrorRequest, "is a range vector: query it as instant"},
		{"a string over a range", nil, Request{Expr: `"a"`, Step: time.Minute}, ErrorRequest, "is a string"},
		{"too many samples", nil, Request{Expr: `a`, Step: time.Minute}, ErrorSamples, "more than 5000 samples at once"},
		{"too many samples of a subquery", nil, Request{Expr: `max_over_time(b_total[5h:1s])`, Step: time.Minute}, ErrorSamples, "raise the step"},
		{"many to many", nil, Request{Expr: `a + on (half) a`, Step: 30 * time.Minute}, ErrorEval, "many-to-many matching not allowed"},
		{"a closed store", nil, Request{Store: closed, Expr: `a`, Step: time.Minute}, ErrorEval, "the history is closed"},
		{"nobody waits", cancelled, Request{Expr: `a`, Step: time.Minute}, ErrorCancel, "cancelled"},
	} {
		t.Run(test.what, func(t *testing.T) {
			if test.ctx == nil {
				test.ctx = context.Background()
			}
			if test.r.Store == nil {
				test.r.Store = m
			}
			if test.r.Start.IsZero() {
				test.r.Start = start
			}
			if test.r.End.IsZero() {
				test.r.End = end
			}
			_, err := e.Range(test.ctx, test.r)
			require.Error(t, err)
			require.Equal(t, test.kind, KindOf(err), "%v", err)
			require.ErrorContains(t, err, test.part)
		})
	}
	require.Empty(t, KindOf(errors.New("another")))
}

// A slowStore lets a query wait within it until its context ends, or until
// release is closed, and tells of each that has begun.
type slowStore struct {
	*memory.Store
	begun   chan struct{}
	release chan struct{}
	panics  any
}

func (s slowStore) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := s.Store.Querier(mint, maxt)
	return slowQuerier{q, s}, err
}

type slowQuerier struct {
	storage.Querier
	s slowStore
}

func (q slowQuerier) Select(ctx context.Context, sorted bool, h *storage.SelectHints, m ...*labels.Matcher) storage.SeriesSet {
	if q.s.panics != nil {
		panic(q.s.panics)
	}
	if q.s.begun != nil {
		q.s.begun <- struct{}{}
	}
	select {
	case <-q.s.release:
		return q.Querier.Select(ctx, sorted, h, m...)
	case <-ctx.Done():
		return storage.ErrSeriesSet(ctx.Err())
	}
}

func TestQueriesThatTakeTooLongAreStopped(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{Timeout: 30 * time.Millisecond})
	defer e.Close()
	_, err := e.Range(context.Background(), Request{Store: slowStore{Store: m}, Expr: `a`, Start: start, End: end, Step: time.Minute})
	require.Equal(t, ErrorTimeout, KindOf(err), "%v", err)
	require.ErrorContains(t, err, "longer than it may (at most 30ms): shorten the time range")
	require.Zero(t, m.OpenQueriers())
}

func TestCloseCancelsAndWaits(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	slow := slowStore{Store: m, begun: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		_, err := e.Range(context.Background(), Request{Store: slow, Expr: `a`, Start: start, End: end, Step: time.Minute})
		done <- err
	}()
	<-slow.begun
	e.Close()
	require.Equal(t, ErrorCancel, KindOf(<-done))
	_, err := e.Instant(context.Background(), Request{Store: m, Expr: `a`, End: end})
	require.Equal(t, ErrorCancel, KindOf(err))
	require.ErrorIs(t, err, history.ErrClosed)
	e.Close()
}

func TestPanicsBecomeErrors(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	var list []int
	for what, cause := range map[string]any{"a text": "store broken", "a runtime error": indexError(list)} {
		for _, store := range []storage.Queryable{
			slowStore{Store: m, panics: cause},
			storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { panic(cause) }),
		} {
			_, err := e.Range(context.Background(), Request{Store: store, Expr: `a`, Start: start, End: end, Step: time.Minute})
			require.Equal(t, ErrorPanic, KindOf(err), "%s: %v", what, err)
			require.ErrorContains(t, err, "a fault in the data source")
			require.NotContains(t, err.Error(), "broken", "the cause is for the log")
			require.ErrorContains(t, errors.Unwrap(err), fmt.Sprint(cause))
		}
	}
	require.Zero(t, m.OpenQueriers())
	_, err := e.Instant(context.Background(), Request{Store: m, Expr: `a`, End: end})
	require.NoError(t, err)
}

func indexError(list []int) (err any) {
	defer func() { err = recover() }()
	_ = list[len(list)]
	return nil
}

// What the engine's own limit on samples does not catch, and what nothing could
// recover from: memory that is not there, an exhausted stack.
func TestExpressionsThatCouldEndTheProcessAreRefused(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	grow := func(call string, times int) string {
		return strings.Repeat(call+"(", times) + "a" + strings.Repeat(`,"x","","i","i")`, times)
	}
	for what, test := range map[string]struct{ expr, part string }{
		"a subquery of many points": {`max_over_time(b_total[200y:1s])`, "some 6307203601 points and may have 500000 at most"},
		"without series":            {`max_over_time(nothing[200y:1ms])`, "raise its step"},
		"with @":                    {`max_over_time(a[1y:1s] @ end())`, "raise its step"},
		"one within another":        {`max_over_time(max_over_time(a[1h:1s])[200d:10m])`, "raise its step"},
		"parentheses":               {strings.Repeat("(", 8000) + "a" + strings.Repeat(")", 8000), "nests more than 500 levels"},
		"negation":                  {strings.Repeat("-", 16000) + "a", "nests more than 500 levels"},
		"sums":                      {"b_total" + strings.Repeat("+1", 8000), "nests more than 500 levels"},
		"functions":                 {strings.Repeat("abs(", 3000) + "a" + strings.Repeat(")", 3000), "nests more than 500 levels"},
		"labels that double":        {grow("label_join", 40), "times longer"},
		"labels that double again":  {strings.Repeat("label_replace(", 40) + "a" + strings.Repeat(`,"i","$1$1","i","(.*)")`, 40), "times longer"},
		"long texts":                {`label_replace(a,"x","` + strings.Repeat("x", 3000) + `","","")`, "more than 2048 bytes"},
	} {
		_, err := e.Range(context.Background(), Request{Store: m, Expr: test.expr, Start: start, End: end, Step: 20 * time.Minute})
		require.Equal(t, ErrorRequest, KindOf(err), "%s: %v", what, err)
		require.ErrorContains(t, err, test.part, what)
	}
	for what, expr := range map[string]string{
		"15 days by 15 s":    `max_over_time(b_total[15d:15s])`,
		"as deep as allowed": strings.Repeat("abs(", 240) + "a" + strings.Repeat(")", 240),
		"as many sums":       "b_total" + strings.Repeat("+1", 490),
		"labels":             `label_join(label_replace(a,"j","$1-$1","i","(.*)"),"x","-","i","j","half")`,
	} {
		_, err := e.Range(context.Background(), Request{Store: m, Expr: expr, Start: start, End: end, Step: 20 * time.Minute})
		require.NoError(t, err, what)
	}
}

func TestReadsAreAdmittedAndEndAsQueriesDo(t *testing.T) {
	e := NewEngine(EngineOptions{Timeout: 50 * time.Millisecond})
	fail := errors.New("no such table")
	require.NoError(t, e.Read(context.Background(), Reading{Weight: 1}, func(ctx context.Context) error {
		_, bounded := ctx.Deadline()
		require.True(t, bounded)
		return nil
	}))
	require.ErrorIs(t, e.Read(context.Background(), Reading{}, func(context.Context) error { return fail }), fail)
	err := e.Read(context.Background(), Reading{}, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	require.Equal(t, ErrorTimeout, KindOf(err))
	err = e.Read(context.Background(), Reading{}, func(context.Context) error { panic("broken") })
	require.Equal(t, ErrorPanic, KindOf(err))

	// Two large reads take the room of their lane: a third waits in vain, and a rule does not.
	large := Reading{Weight: 4_000_000}
	require.NoError(t, e.Read(context.Background(), large, func(ctx context.Context) error {
		return e.Read(ctx, Reading{Weight: 4_000_000, Alert: true}, func(context.Context) error {
			require.Equal(t, ErrorBusy, KindOf(e.Read(ctx, large, func(context.Context) error { return nil })))
			return nil
		})
	}))
	e.Close()
	require.Equal(t, ErrorCancel, KindOf(e.Read(context.Background(), Reading{}, func(context.Context) error { return nil })))
}

// Metrics that a function makes the same by leaving out their names may follow each
// other; they may not have values at the same time.
func TestRangeFunctionsOverMetricsThatFollowEachOther(t *testing.T) {
	c := newClock()
	m := memory.New(memory.Options{Now: c.Now})
	for n := range 240 {
		name := "before"
		if n >= 120 {
			name = "after"
		}
		var points []point
		if n < 80 || n >= 120 {
			points = append(points, sample(c.Now(), 1, "__name__", name, "i", "1"))
		}
		commit(t, m, append(points, sample(c.Now(), 2, "__name__", "always", "i", "1"))...)
		c.Advance(15 * time.Second)
	}
	e := NewEngine(EngineOptions{})
	defer e.Close()
	r := Request{Store: m, Expr: `avg_over_time({__name__=~"before|after"}[5m])`, Start: t0, End: t0.Add(time.Hour), Step: time.Minute}
	res, err := e.Range(context.Background(), r)
	require.NoError(t, err)
	require.Len(t, res.Matrix, 1)
	require.Equal(t, labels.FromStrings("i", "1"), res.Matrix[0].Metric)
	r.Expr = `avg_over_time({__name__=~"before|always"}[5m])`
	_, err = e.Range(context.Background(), r)
	require.Equal(t, ErrorEval, KindOf(err))
	require.ErrorContains(t, err, "same labelset")
}
