package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/promql"
)

// This file finds comparisons that leave nothing out, because no series has their label:
// attr_rak!="r1" holds for all. Of labels that the catalogue lists absentLabels and the
// compiler say so; which attributes and labels of tasks there are, history knows.

// idle returns a sentence for each comparison of a query that leaves nothing out.
func (src Source) idle(ctx context.Context, b built, request promql.Request) (sentences []string) {
	idle := slices.DeleteFunc(slices.Clone(b.plan.conditions), func(c condition) bool { return !c.mayBeIdle() })
	if len(idle) == 0 {
		return nil
	}
	found := src.labelsRead(ctx, b, request)
	if len(found) == 0 {
		return nil // then it is not known
	}
	for _, c := range idle {
		if !slices.Contains(found, c.label) {
			sentences = append(sentences, fmt.Sprintf("%s leaves nothing out: no series has the label %q in the time range%s.", c.written, cut(c.label), likeLabel(c.label, found)))
		}
	}
	return unique(sentences)
}

// labelsRead returns the labels of the series that a query reads, none where they are not known.
func (src Source) labelsRead(ctx context.Context, b built, request promql.Request) []string {
	if b.reads.any || len(b.reads.names) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, emptyTimeout)
	defer cancel()
	in := promql.LookUp{Store: request.Store, Start: request.Start.Add(-max(b.reads.reach, 0) - request.Lookback), End: request.End, Limit: MaxLabelValues}
	for _, name := range b.reads.names {
		in.Match = append(in.Match, []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, name)})
	}
	found, err := src.Engine.LabelNames(ctx, in)
	if err != nil || len(found.Values) >= MaxLabelValues {
		return nil
	}
	return found.Values
}

// mayBeIdle reports whether a comparison is made to leave series out, by a label that not
// every cluster has.
func (c condition) mayBeIdle() bool {
	if !leavesOut(c.kind) || !strings.HasPrefix(c.label, "attr_") && !strings.HasPrefix(c.label, "label_") {
		return false
	}
	return !slices.ContainsFunc(c.values, func(value string) bool { return value == "" || len(c.variables(value)) > 0 })
}
