package query

import (
	"context"
	"fmt"
	"regexp"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/promql"
)

// maxCountedValues is how many values of a field of events are counted at most.
const maxCountedValues = 20_000

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
	asked, err := l.filters(map[string]any{"queryType": QueryTypeEvents})
	if err != nil {
		return List{}, err
	}
	f := events.Filter{From: l.From, To: l.To}
	for _, filter := range asked.events.Filters {
		c, err := eventCondition(events.Field(filter.Label), filter.Operator, filter.Value.List)
		if err != nil {
			return List{}, err // parse has found none
		}
		f.Where = append(f.Where, c)
	}
	if l.Search != "" {
		f.Where = append(f.Where, events.Condition{Field: events.Field(field), Values: []string{"(?i).*" + regexp.QuoteMeta(l.Search) + ".*"}, Pattern: true})
	}
	cost := promql.Reading{Weight: maxCountedValues, Work: float64(src.Events.Stats().Events)}
	var values []string
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
		var err error
		values, err = src.Events.Values(ctx, f, events.Field(field), maxCountedValues+1)
		return err
	})
	if err != nil {
		return List{}, err
	}
	list := List{Values: values[:min(len(values), limit)]}
	if len(values) <= maxCountedValues {
		list.Total = len(values)
	}
	switch {
	case list.Total > limit:
		list.Warnings = []string{fmt.Sprintf("%d of %d values are listed: type a part of the value.", limit, list.Total)}
	case list.Total == 0 && len(values) > 0:
		list.Warnings = []string{fmt.Sprintf("Only %d are listed, and there are more: type a part of the value.", limit)}
	}
	return list, nil
}
