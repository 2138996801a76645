package history

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// An Evaluator is a store part of whose samples are in another engine, which evaluates
// expressions that reach them.
type Evaluator interface {
	// Holds reports whether every sample from mint on (Unix milliseconds) is in this
	// process.
	Holds(mint int64) bool
	// Evaluate has the other engine evaluate an expression. It may change the expression.
	// Errors are sentences; ErrElsewhere is among their causes where the engine is to blame.
	Evaluate(ctx context.Context, e Evaluation) (Evaluated, error)
}

// SubqueryStep is the step of a subquery that names none, as [5m:], here and elsewhere:
// Prometheus' default evaluation interval.
const SubqueryStep = time.Minute

// Unwrap returns the expression without the parentheses and the step-invariant nodes around
// it, which the parser and the engine add and which change no value.
func Unwrap(expr parser.Expr) parser.Expr {
	for {
		switch n := expr.(type) {
		case *parser.ParenExpr:
			expr = n.Expr
		case *parser.StepInvariantExpr:
			expr = n.Expr
		default:
			return expr
		}
	}
}

// ErrElsewhere is the cause of an error when the other engine does not answer.
var ErrElsewhere = errors.New("the remote engine does not answer")

// An Evaluation is an expression and when it is evaluated.
type Evaluation struct {
	Expr       parser.Expr
	Start, End time.Time     // both included; an instant query is evaluated at End
	Step       time.Duration // 0 for an instant query
	Lookback   time.Duration
	MaxSamples int // the most points of the answer
	// Whole: an answer that lacks a part of the series is an error, as for alert rules, which show no
	// warnings.
	Whole bool
}

// An Evaluated is the answer to an Evaluation.
type Evaluated struct {
	Type            parser.ValueType // which of the following is set
	Vector          promql.Vector
	Matrix          promql.Matrix
	Scalar          promql.Scalar
	String          promql.String
	Warnings, Infos []string
}
