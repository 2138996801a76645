package query

import (
	"context"
	"errors"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
)

// This file counts queries by kind and outcome, and traces them. The text of a query is in
// neither, because it may hold anything.

// Answered is a query that was answered or refused.
type Answered struct {
	Kind    QueryType // "" where the query could not be read
	Asker   string    // rule, expression, live or people
	Outcome string    // OutcomeOK or one of the others
	Took    time.Duration
}

// The outcomes of a query, beside the kinds of errors of PromQL (promql.ErrorKind).
const (
	OutcomeOK       = "ok"
	OutcomeInvalid  = "invalid"  // the query is wrong
	OutcomeRefused  = "refused"  // who asks may not have the answer
	OutcomeCluster  = "cluster"  // there is no history yet, and the cluster does not answer
	OutcomeInternal = "internal" // a fault of the plugin
)

// answering is a query that is being answered.
type answering struct {
	kind  QueryType
	began time.Time
}

// kind returns the type of a query that was read.
func (p parsed) kind() QueryType {
	switch {
	case p.promql != nil:
		return QueryTypePromQL
	case p.events != nil:
		return QueryTypeEvents
	case p.table != nil:
		return QueryTypeTable
	case p.sql != nil:
		return QueryTypeSQL
	case p.logs != nil:
		return QueryTypeLogs
	case p.topology != nil:
		return QueryTypeTopology
	case p.variable != nil:
		return QueryTypeVariable
	default:
		return QueryTypeMetrics
	}
}

// trace begins the trace of a query, and returns what ends it.
func (a *answering) trace(ctx context.Context, src Source, q backend.DataQuery, o Options) (context.Context, func(backend.DataResponse)) {
	ctx, span := tracing.DefaultTracer().Start(ctx, "mesos.query", trace.WithAttributes(
		attribute.String("mesos.datasource", src.UID),
		attribute.String("mesos.query.ref_id", cut(q.RefID)),
		attribute.String("mesos.query.asker", o.asker()),
		attribute.Float64("mesos.query.range_seconds", q.TimeRange.To.Sub(q.TimeRange.From).Seconds()),
	))
	return ctx, func(response backend.DataResponse) {
		done := a.answered(o, response)
		rows := 0
		for _, frame := range response.Frames {
			rows += frame.Rows()
		}
		span.SetAttributes(
			attribute.String("mesos.query.kind", string(done.Kind)),
			attribute.String("mesos.query.outcome", done.Outcome),
			attribute.Int("mesos.query.frames", len(response.Frames)),
			attribute.Int("mesos.query.rows", rows),
		)
		if done.Outcome != OutcomeOK {
			span.SetStatus(codes.Error, done.Outcome)
		}
		span.End()
	}
}

// answered returns how a query went.
func (a *answering) answered(o Options, response backend.DataResponse) Answered {
	return Answered{Kind: a.kind, Asker: o.asker(), Outcome: outcomeOf(response.Error), Took: time.Since(a.began)}
}

// asker returns who asks.
func (o Options) asker() string {
	switch {
	case o.channel != nil:
		return "live"
	case o.ofRule():
		return "rule"
	case o.Expression:
		return "expression"
	default:
		return "people"
	}
}

func outcomeOf(err error) string {
	if err == nil {
		return OutcomeOK
	}
	if _, ok := errors.AsType[*InvalidError](err); ok {
		return OutcomeInvalid
	}
	if _, ok := errors.AsType[*RefusedError](err); ok {
		return OutcomeRefused
	}
	if kind := promql.KindOf(err); kind != "" {
		return string(kind)
	}
	if _, ok := errors.AsType[*unreadyError](err); ok || mesos.CategoryOf(err) != "" {
		return OutcomeCluster
	}
	return OutcomeInternal
}
