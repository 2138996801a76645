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
func EventValues(ctx context.Context, src Source, field string, l LookUp) (values, warnings []string, err error) {
	if src.Events == nil {
		return nil, nil, errNoEvents
	}
	if err := checkEventLabel("field", field); err != nil {
		return nil, nil, err
	}
	if err := checkStrings(bounded{"search", l.Search, maxName}); err != nil {
		return nil, nil, err
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
	err = src.Engine.Read(ctx, cost, func(ctx context.Context) error {
		if events.Field(field) != events.FieldCluster {
			changed, err := src.clusterChanged(ctx)
			if err != nil {
				return err
			}
			if !changed.IsZero() {
				f.From = later(f.From, changed.Add(afterChange))
			}
		}
		values, err = src.Events.Values(ctx, f, events.Field(field), limit+1)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if len(values) > limit {
		return values[:limit], []string{fmt.Sprintf("Only %d are listed, and there are more: type a part of the value.", limit)}, nil
	}
	return values, nil, nil
}
