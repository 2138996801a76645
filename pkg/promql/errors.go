package promql

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/history"

	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"
)

// ErrorKind is the kind of a query's error.
type ErrorKind string

// The kinds of errors. The first three are for the caller to fix.
const (
	ErrorParse   ErrorKind = "parse"            // the expression is not PromQL
	ErrorRequest ErrorKind = "request"          // too long, too many points, an end before its start
	ErrorSamples ErrorKind = "too_many_samples" // more samples than the engine holds for one query
	ErrorTimeout ErrorKind = "timeout"          // it took too long
	ErrorBusy    ErrorKind = "busy"             // no slot for a heavy query became free in time
	ErrorCancel  ErrorKind = "cancelled"        // the caller, or Close, ended it
	ErrorEval    ErrorKind = "evaluation"       // PromQL refused while it computed, as for many-to-many matching
	ErrorRemote  ErrorKind = "remote"           // the engine that has the samples does not answer
	ErrorPanic   ErrorKind = "panic"            // a fault in the engine or the store
)

// An Error is why a query has no answer. Sentence is for who wrote the query:
// it names the limit and what can be done.
type Error struct {
	Kind     ErrorKind
	Sentence string
	Err      error // the cause, for the log; may be nil

	// Line and Column of a parse error count from 1; 0 for other errors.
	Line, Column int
}

func (e *Error) Error() string { return e.Sentence }
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error from this package, "" for others.
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// requestError is for what the caller asked wrongly.
func requestError(format string, args ...any) *Error {
	return &Error{Kind: ErrorRequest, Sentence: fmt.Sprintf(format, args...)}
}

// parseError returns where an expression stops being PromQL, in the parser's own
// words, which users know from Prometheus. original returns the position in expr of
// one in the text that was parsed.
func parseError(expr string, err error, original func(posrange.Pos) int) *Error {
	e := &Error{Kind: ErrorParse, Err: err, Sentence: "The expression is not valid PromQL: " + err.Error()}
	list, ok := errors.AsType[parser.ParseErrors](err)
	if !ok || len(list) == 0 {
		return e
	}
	e.Line, e.Column = 1, 1
	start := original(list[0].PositionRange.Start)
	for i, c := range expr {
		if i >= start {
			break
		}
		if e.Column++; c == '\n' {
			e.Line, e.Column = e.Line+1, 1
		}
	}
	e.Sentence = fmt.Sprintf("The expression is not valid PromQL: line %d, column %d: %s", e.Line, e.Column, withFunction(list[0].Err.Error()))
	return e
}

// noFunction is the parser's message about a function that it does not know.
var noFunction = regexp.MustCompile(`^unknown function with name "(\w+)"$`)

// withFunction adds to such a message the function or aggregation that was probably meant.
func withFunction(message string) string {
	found := noFunction.FindStringSubmatch(message)
	if found == nil {
		return message
	}
	return message + display.DidYouMean(found[1], functions())
}

// functions returns the names of PromQL's functions and aggregations.
var functions = sync.OnceValue(func() []string {
	var names []string
	for name, f := range parser.Functions {
		if !f.Experimental {
			names = append(names, name)
		}
	}
	for token, name := range parser.ItemTypeStr {
		if token.IsAggregator() && !token.IsExperimentalAggregator() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
})

// evalError returns the engine's error as an Error.
func (e *Engine) evalError(ctx context.Context, err error) *Error {
	if failed, ok := errors.AsType[prom.ErrStorage](err); ok {
		err = failed.Err // it has no Unwrap
	}
	var (
		fault    runtime.Error
		tooMany  prom.ErrTooManySamples
		timeout  prom.ErrQueryTimeout
		canceled prom.ErrQueryCanceled
	)
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	switch {
	case errors.As(err, &fault): // recovered by the engine
		return panicError(err)
	case errors.As(err, &tooMany):
		return &Error{Kind: ErrorSamples, Err: err, Sentence: fmt.Sprintf(
			"The query needs more than %d samples at once, the limit for one query: shorten the time range, raise the step or the minimal interval, or select fewer series",
			e.opts.MaxSamples)}
	case errors.As(err, &timeout), errors.As(err, &canceled),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return e.contextError(ctx, err)
	case errors.Is(err, history.ErrDamaged):
		return &Error{Kind: ErrorEval, Err: err, Sentence: fmt.Sprintf("The query met damaged samples on disk; from now on they are left out, so ask again (Save & test says what is missing): %v", err)}
	case isElsewhere(err):
		return &Error{Kind: ErrorRemote, Err: err, Sentence: fmt.Sprintf("The query is not answered from what this Grafana keeps, since it reaches further back or another Grafana polls, and %v", err)}
	default:
		return &Error{Kind: ErrorEval, Err: err, Sentence: fmt.Sprintf("The query cannot be evaluated: %v", err)}
	}
}

// panicError is for a fault in the engine or the store. The cause is for the log.
func panicError(cause error) *Error {
	return &Error{Kind: ErrorPanic, Err: cause, Sentence: "The query failed because of a fault in the data source, not in the query; the plugin's log has the details"}
}

// contextError distinguishes a query that took too long from one that was canceled.
func (e *Engine) contextError(ctx context.Context, err error) *Error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return &Error{Kind: ErrorCancel, Err: err, Sentence: "The query was cancelled"}
	}
	return &Error{Kind: ErrorTimeout, Err: err, Sentence: fmt.Sprintf(
		"The query was stopped because it took longer than it may (at most %s): shorten the time range, raise the step, or select fewer series",
		e.opts.Timeout)}
}

// busyError is for a query that waited in vain for room in its lane.
func busyError(waited time.Duration, lane, whose string, err error) *Error {
	return &Error{Kind: ErrorBusy, Err: err, Sentence: fmt.Sprintf(
		"The query waited %s because as many %s queries%s as may run at once were running: try again, shorten the time range, raise the step, or select fewer series",
		waited.Round(100*time.Millisecond), lane, whose)}
}

// queueError is for a query that may not even wait.
func queueError(lane, whose string) *Error {
	return &Error{Kind: ErrorBusy, Sentence: fmt.Sprintf(
		"The query was refused because %d %s queries%s are waiting already, the most that may: try again, refresh less often, or show fewer panels at once",
		mostWaiting, lane, whose)}
}
