package promql

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"community-mesos-datasource/pkg/history"

	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"go.opentelemetry.io/otel/trace"
)

const (
	// MaxPoints is how many points a series of a range query may have,
	// Prometheus' own limit (web/api/v1: "maximum resolution of 11,000 points").
	MaxPoints = 11_000

	// defaultLookback is Prometheus' own; callers know their polls and say better.
	defaultLookback = 5 * time.Minute

	// maxNotices is how many warnings and how many infos one result carries.
	maxNotices = 10
)

// EngineOptions bounds an Engine. What is 0 has the default named.
type EngineOptions struct {
	MaxSamples int           // samples one query may hold at once; 5 million, some 105 MB
	Timeout    time.Duration // of a query or a look-up, waiting included; 25 s (alert rules have 30 s)
}

// An Engine runs PromQL over stores. It is Prometheus' engine with bounds: on
// samples, time, points, the length of an expression, and what runs at once (see
// admission.go). It has no goroutines of its own.
type Engine struct {
	opts   EngineOptions
	engine *prom.Engine
	people *gate
	rules  *gate
	held   atomic.Int64 // points of answers that are being built: see Answers

	mu      sync.Mutex
	closed  bool
	cancels map[*context.CancelFunc]struct{} // of the running queries
	running sync.WaitGroup
}

// NewEngine returns an engine.
func NewEngine(o EngineOptions) *Engine {
	if o.MaxSamples <= 0 {
		o.MaxSamples = 5_000_000
	}
	if o.Timeout <= 0 {
		o.Timeout = 25 * time.Second
	}
	return &Engine{
		opts: o,
		engine: prom.NewEngine(prom.EngineOpts{
			MaxSamples:               o.MaxSamples,
			Timeout:                  o.Timeout,
			LookbackDelta:            defaultLookback,
			NoStepSubqueryIntervalFn: func(int64) int64 { return history.SubqueryStep.Milliseconds() },
			EnableAtModifier:         true,
			EnableNegativeOffset:     true,
			Parser:                   promQL,
		}),
		people:  newGate(""),
		rules:   newGate(" of alert rules"),
		cancels: map[*context.CancelFunc]struct{}{},
	}
}

// Close cancels the running queries and waits for their end; later ones are
// refused. Stores may be closed after it.
func (e *Engine) Close() {
	e.mu.Lock()
	e.closed = true
	for cancel := range e.cancels {
		(*cancel)()
	}
	e.mu.Unlock()
	e.running.Wait()
}

// A Request is one PromQL query.
type Request struct {
	Store storage.Queryable
	Expr  string
	// Start and End bound a range, both included; an instant query is evaluated
	// at End. Both are taken to the millisecond.
	Start, End time.Time
	Step       time.Duration // between the points of a range; at least 1 ms
	// Lookback is how old a sample may be to count for a moment: 2.5 times the
	// longest poll interval of the metrics in Expr. 0: Prometheus' 5 minutes.
	Lookback time.Duration
	// Alert reports whether an alert rule asks: it never waits for people's queries.
	Alert bool
	// Hold keeps the query's room after it has ended, until Release; nil where the
	// room is given back at once.
	Hold *Hold

	// isPart reports whether Expr is made of a part of what the caller asked: then a position in
	// it is none in the caller's expression, and warnings have none.
	isPart bool
}

// A Result is the answer to a Request. It is the caller's: nothing in it is
// used again by the engine.
type Result struct {
	Type parser.ValueType // which of the following is set

	Vector prom.Vector // instant: one sample per series, at End
	Matrix prom.Matrix // range, or instant for an expression like x[5m]; sorted by labels
	Scalar prom.Scalar // instant, for an expression like 1 + 1
	String prom.String // instant, for an expression like "text"

	// Warnings say what may be wrong with the answer, Infos what may be wrong
	// with the query (as rate() of what is no counter by its name).
	Warnings, Infos []string

	// Samples is how many samples were read, each as often as a step reads it.
	Samples int64
}

// Instant evaluates r.Expr at r.End. Its errors are of type *Error.
func (e *Engine) Instant(ctx context.Context, r Request) (Result, error) {
	r.Start, r.Step = r.End, 0
	return e.run(ctx, r, func(ctx context.Context, r Request, opts prom.QueryOpts) (prom.Query, error) {
		return e.engine.NewInstantQuery(ctx, exactly(r.Store), opts, r.Expr, r.End)
	})
}

// Range evaluates r.Expr at r.Start and every r.Step after it until r.End. Its
// errors are of type *Error.
func (e *Engine) Range(ctx context.Context, r Request) (Result, error) {
	r.Step = r.Step.Truncate(time.Millisecond) // the engine's resolution
	switch {
	case r.Step <= 0:
		return Result{}, requestError("A range query needs a step of at least 1 ms")
	case r.End.Before(r.Start):
		return Result{}, requestError("The end of the range, %s, lies before its start, %s", r.End.UTC().Format(time.RFC3339), r.Start.UTC().Format(time.RFC3339))
	}
	if points := int64(r.End.Sub(r.Start)/r.Step) + 1; points > MaxPoints {
		return Result{}, requestError("The query has %d points per series and may have %d at most: raise the step or shorten the time range", points, MaxPoints)
	}
	return e.run(ctx, r, func(ctx context.Context, r Request, opts prom.QueryOpts) (prom.Query, error) {
		return e.engine.NewRangeQuery(ctx, exactly(r.Store), opts, r.Expr, r.Start, r.End, r.Step)
	})
}

type newQuery func(context.Context, Request, prom.QueryOpts) (prom.Query, error)

// run is a query from parsing to the copied result.
func (e *Engine) run(ctx context.Context, r Request, prepare newQuery) (res Result, err error) {
	ctx, end, err := e.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	defer end()
	expr, err := e.parse(ctx, r)
	if err != nil {
		return Result{}, err
	}
	if r.Step > 0 && expr.Type() != parser.ValueTypeVector && expr.Type() != parser.ValueTypeScalar {
		return Result{}, requestError("A range query needs an expression with one value per series and moment, and this one is a %s: query it as instant, or use a function such as rate() or last_over_time()",
			parser.DocumentedType(expr.Type()))
	}
	if err := guard(expr, r.End.Sub(r.Start)); err != nil {
		return Result{}, err
	}
	if r.Lookback <= 0 {
		r.Lookback = defaultLookback
	}
	defer func() {
		if p := recover(); p != nil {
			res, err = Result{}, panicError(fmt.Errorf("panic while evaluating: %v\n%s", p, debug.Stack()))
		}
	}()
	leave, far, err := e.enter(ctx, expr, r)
	if err != nil {
		return Result{}, err
	}
	defer func() {
		if err != nil {
			leave()
		}
	}()
	if far != nil {
		if res, err = e.evaluateElsewhere(ctx, far, expr, r); err == nil && r.Hold == nil {
			leave()
		}
		return res, err
	}
	settler, past := settlerFor(expr, r)
	chosen, chooses := choiceOf(expr, r)
	expr = nil // its tree may be large, and the engine makes its own
	switch {
	case settler != nil:
		res, err = e.rangeOf(ctx, r, past, settler, prepare)
	case chooses:
		res, err = e.evaluateChoice(ctx, chosen, r, prepare)
	default:
		res, err = e.evaluate(ctx, r, prepare)
	}
	if err == nil && r.Hold == nil {
		leave()
	}
	return res, err
}

// evaluate has Prometheus' engine evaluate a request.
func (e *Engine) evaluate(ctx context.Context, r Request, prepare newQuery) (Result, error) {
	q, err := prepare(ctx, r, prom.NewPrometheusQueryOpts(false, r.Lookback, nil))
	if err != nil {
		return Result{}, e.evalError(ctx, err)
	}
	defer q.Close() // takes the points back: they are copied before
	// The engine writes the text of the query, which may be long, into the span that it
	// finds: it finds one that takes nothing, and its own spans keep their parent.
	answer := q.Exec(trace.ContextWithSpanContext(ctx, trace.SpanContextFromContext(ctx)))
	if answer.Err != nil {
		return Result{}, e.evalError(ctx, answer.Err)
	}
	text := r.Expr
	if r.isPart {
		text = ""
	}
	res := copied(answer, text)
	if stats := q.Stats(); stats != nil && stats.Samples != nil {
		res.Samples = stats.Samples.TotalSamples
	}
	return res, nil
}

// parse parses the expression of a request, once there is room for its length.
func (e *Engine) parse(ctx context.Context, r Request) (parser.Expr, error) {
	leave, err := e.gate(r.Alert).parse(ctx, len(r.Expr))
	if err != nil {
		return nil, e.evalError(ctx, err)
	}
	defer leave()
	return ParseExpr(r.Expr)
}

// Parsing waits until a text of so many bytes, as a query's JSON, may be parsed. The
// caller calls leave when all that was made of it has been sent. Its errors are of type *Error.
func (e *Engine) Parsing(ctx context.Context, bytes int) (leave func(), err error) {
	ctx, end, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	if leave, err = e.people.parse(ctx, bytes); err != nil {
		return nil, e.evalError(ctx, err)
	}
	return leave, nil
}

// A Reading is a read of something else than samples, such as a log of events.
type Reading struct {
	// Weight and Work are in samples held at once and samples looked at.
	Weight int64
	Work   float64
	// Alert reports whether an alert rule asks.
	Alert bool
}

// Read calls read once a query of this weight and work may run. It is timed out, and
// ended by Close, as queries are. Its errors are of type *Error.
func (e *Engine) Read(ctx context.Context, r Reading, read func(context.Context) error) (err error) {
	ctx, end, err := e.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	defer func() {
		if p := recover(); p != nil {
			err = panicError(fmt.Errorf("panic while reading: %v\n%s", p, debug.Stack()))
		}
	}()
	leave, err := e.gate(r.Alert).enter(ctx, min(r.Weight, int64(e.opts.MaxSamples)), r.Work)
	if err != nil {
		return e.evalError(ctx, err)
	}
	defer leave()
	if err = read(ctx); err != nil {
		return e.evalError(ctx, err)
	}
	return nil
}

// begin gives a query its time-out and lets Close cancel it.
func (e *Engine) begin(ctx context.Context) (context.Context, func(), error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, nil, &Error{Kind: ErrorCancel, Err: history.ErrClosed, Sentence: "The query was cancelled: the data source is shutting down"}
	}
	ctx, cancel := context.WithTimeout(ctx, e.opts.Timeout)
	e.cancels[&cancel] = struct{}{}
	e.running.Add(1)
	return ctx, func() {
		cancel()
		e.mu.Lock()
		delete(e.cancels, &cancel)
		e.mu.Unlock()
		e.running.Done()
	}, nil
}

// enter waits until a query may run, as long as its context allows. far is the engine that
// evaluates it, nil for this one.
func (e *Engine) enter(ctx context.Context, expr parser.Expr, r Request) (leave func(), far history.Evaluator, err error) {
	if r.Hold != nil && r.Hold.leave != nil { // on behalf of an admitted query
		if far, err = elsewhere(expr, r); err != nil {
			return nil, nil, e.evalError(ctx, err)
		}
		return func() {}, far, nil
	}
	gate := e.gate(r.Alert)
	cost, err := e.cost(ctx, gate, expr, r)
	if err == nil {
		far, err = elsewhere(expr, r) // which changes the expression
	}
	if err == nil {
		weight, work := cost.weight(e.opts.MaxSamples), cost.Work
		if far != nil {
			weight, work = max(weight, weightElsewhere), math.MaxFloat64
		}
		leave, err = gate.enter(ctx, weight, work)
	}
	if err != nil {
		return nil, nil, e.evalError(ctx, err)
	}
	if r.Hold != nil {
		r.Hold.leave = leave
		leave = r.Hold.Release
	}
	return leave, far, nil
}

func (e *Engine) gate(alert bool) *gate {
	if alert {
		return e.rules
	}
	return e.people
}

// cost counts the series of a query; how many are counted at once is bounded, too.
func (e *Engine) cost(ctx context.Context, gate *gate, expr parser.Expr, r Request) (Cost, error) {
	leave, err := gate.count(ctx, matchesPatterns(expr))
	if err != nil {
		return Cost{}, err
	}
	defer leave()
	return costOf(ctx, expr, r)
}

// copied returns a Result that outlives the query. Its warnings have positions in expr, unless that is empty.
func copied(answer *prom.Result, expr string) Result {
	res := Result{Type: answer.Value.Type()}
	switch v := answer.Value.(type) {
	case prom.Vector:
		res.Vector = slices.Clone(v)
	case prom.Matrix:
		res.Matrix = make(prom.Matrix, len(v))
		for i, s := range v {
			res.Matrix[i] = prom.Series{Metric: s.Metric, Floats: slices.Clone(s.Floats)}
		}
	case prom.Scalar:
		res.Scalar = v
	case prom.String:
		res.String = v
	}
	res.Warnings, res.Infos = answer.Warnings.AsStrings(expr, maxNotices, maxNotices)
	slices.Sort(res.Warnings) // they come from a map
	slices.Sort(res.Infos)
	return res
}
