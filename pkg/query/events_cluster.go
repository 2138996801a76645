package query

import (
	"context"
	"regexp"
	"slices"
	"time"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
)

// This file keeps the events of a cluster that was watched before from answers about the
// one that is watched now.

// ofOneCluster begins the range where the cluster of now was first watched, unless a filter
// chooses clusters. wrong is the error of a rule over a range before that.
func (r *eventsReader) ofOneCluster(ctx context.Context) (wrong, err error) {
	r.changed, err = r.src.clusterChanged(ctx)
	if err != nil || r.changed.IsZero() {
		return nil, err
	}
	if slices.ContainsFunc(r.filter.Where, onCluster) {
		return nil, nil
	}
	r.since = r.changed.Add(afterChange)
	if !r.from.Before(r.since) {
		return nil, nil
	}
	if r.evaluated && r.from.Before(r.changed) {
		return r.lacks(gaps{}), nil
	}
	r.notices = append(r.notices, info("Another cluster was watched before %s, and its events are left out: a filter on cluster shows them.", display.Time(r.changed)))
	r.filter.From, r.wide.From = r.since, r.since
	return nil, nil
}

// afterChange is how long after a change of the cluster its own events begin: what the
// change ended lasted until then.
const afterChange = time.Microsecond

// clusterChanged returns when the event log last went over to another cluster, zero for
// never.
func (s Source) clusterChanged(ctx context.Context) (time.Time, error) {
	changes, _, err := s.Events.Select(ctx, events.Filter{
		To: s.now(), Kinds: []events.Kind{events.KindCollection}, Limit: 1,
		Where: []events.Condition{{Field: events.FieldEvent, Values: []string{string(events.OtherCluster)}}},
	})
	if err != nil || len(changes) == 0 {
		return time.Time{}, err
	}
	return changes[0].Time, nil
}

func onCluster(c events.Condition) bool { return c.Field == events.FieldCluster }

// current reports whether the filters let events of the cluster of now pass.
func (r *eventsReader) current() bool {
	name := r.src.Status().Cluster
	return name == "" || !slices.ContainsFunc(r.filter.Where, func(c events.Condition) bool {
		has := slices.ContainsFunc(c.Values, func(value string) bool {
			if !c.Pattern {
				return value == name
			}
			pattern, err := regexp.Compile("^(?s:" + value + ")$")
			return err == nil && pattern.MatchString(name)
		})
		return onCluster(c) && has == c.Not
	})
}
