package query

import (
	"context"
	"fmt"
	"regexp"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/promql"
)

// EventValues lists the values that a field of events has, as Labels does: those of the
// cluster that is watched now, and the names of all clusters.
func EventValues(ctx context.Context, src Source, field string, l LookUp) (List, error) {
	if src.Events == nil {
		return List{}, errNoEvents
	}
	if err := checkEventLabel("field", field); err != nil {
		return List{}, err
	}
	if err := checkStrings(bounded{"search", l.Search, maxName}); err != nil {
		return List{}, err
	}
	limit := l.Limit
	if limit <= 0 || limit > MaxLabelValues {
		limit = MaxLabelValues
	}
	f := events.Filter{From: l.From, To: l.To}
	if l.Search != "" {
		f.Where = []events.Condition{{Field: events.Field(field), Values: []string{"(?i).*" + regexp.QuoteMeta(l.Search) + ".*"}, Pattern: true}}
	}
	cost := promql.Reading{Weight: int64(limit), Work: float64(src.Events.Stats().Events)}
	var values []string
	err := src.Engine.Read(ctx, cost, func(ctx context.Context) error {
		if events.Field(field) != events.FieldCluster {
			changed, err := src.clusterChanged(ctx)
			if err != nil {
				return err
			}
			if !changed.IsZero() {
				f.From = later(f.From, changed.Add(afterChange))
			}
		}
		var err error
		values, err = src.Events.Values(ctx, f, events.Field(field), limit+1)
		return err
	})
	if err != nil {
		return List{}, err
	}
	if len(values) > limit {
		return List{Values: values[:limit], Warnings: []string{fmt.Sprintf("Only %d are listed, and there are more: type a part of the value.", limit)}}, nil
	}
	return List{Values: values, Total: len(values)}, nil
}
