package query

import (
	"context"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/series"
)

// This file is format count of events: how many happened in the time range; what lasts
// counts where it began. A 0 is told where the log has every event of the range, and
// nowhere else.

// count returns a number per group. Where no event matches, that is one 0 without labels.
func (r *eventsReader) count(ctx context.Context) (frames data.Frames, wrong, err error) {
	gaps, err := r.gaps(ctx)
	if err != nil {
		return nil, nil, err
	}
	lacks := r.lacks(gaps)
	if lacks != nil && r.evaluated {
		return nil, lacks, nil
	}
	r.notices = append(r.notices, gaps.notices()...)

	var by []events.Field
	if r.query.GroupBy != nil {
		for _, label := range *r.query.GroupBy {
			by = append(by, events.Field(label))
		}
	}
	limit := r.query.Limit
	if r.evaluated {
		limit = maxEvaluated
	}
	groups, err := r.src.Events.Count(ctx, r.filter, by, limit+1)
	if err != nil {
		return nil, nil, err
	}
	if len(groups) > limit {
		if r.evaluated {
			return nil, bad("groupBy", "the answer has more than %d groups, and rules and expressions are given %d at most: add filters, or group by fewer fields", limit, limit), nil
		}
		groups = groups[:limit]
		r.notices = append(r.notices, warning("The %d largest groups are shown: there are more. Use filters, or group by fewer fields.", limit))
	}
	var all []answerSeries
	total := 0
	for _, group := range groups {
		named := labels.NewBuilder(labels.EmptyLabels())
		for i, label := range by {
			named.Set(string(label), group.Values[i]) // "" is no label
		}
		total += group.Count
		all = append(all, answerSeries{labels: named.Labels(), points: []prom.FPoint{{F: float64(group.Count)}}})
	}
	r.none = total == 0
	if total == 0 && lacks != nil {
		all = nil // not known to be 0
	} else if total == 0 {
		all = []answerSeries{{labels: labels.EmptyLabels(), points: []prom.FPoint{{F: 0}}}}
	}
	return r.numbers(all), nil, nil
}

// titleOfEvents names a number of events.
const titleOfEvents = "Events"

// numbers returns the frame of numbers.
func (r *eventsReader) numbers(all []answerSeries) data.Frames {
	var groupBy []string
	if r.query.GroupBy != nil {
		groupBy = *r.query.GroupBy
	}
	return framer{
		legend: legend{format: r.legend, plan: plan{groupBy: groupBy, title: titleOfEvents}},
		unit:   unitCount, about: "Events in the time range.", computed: r.evaluated,
	}.frames(all, data.FrameTypeNumericWide)
}

// lacks returns why the log cannot tell the number of events in the range, nil where it
// can: the range begins before the log, its end lies in a gap, or half of it lies in gaps
// or after the cluster was looked at last. What differs after a gap is found by comparison.
func (r *eventsReader) lacks(gaps gaps) error {
	since := r.stats.Since
	last, late := r.unwatched()
	ahead := r.ahead(last)
	switch {
	case since.IsZero():
		return bad("", "the number of events is not known: the event log begins with the first poll")
	case r.from.Before(r.changed):
		return bad("", "the number of events is not known: the time range begins at %s, and another cluster was watched before %s. Shorten the time range, or wait", display.Time(r.from), display.Time(r.changed))
	case !r.current():
		return bad("filters", "the number of events is not known: the filter on cluster leaves out %s, which is watched", r.src.Status().Cluster)
	case r.from.Before(since):
		return bad("", "the number of events is not known: the time range begins at %s, and the event log at %s. Shorten the time range, or wait", display.Time(r.from), display.Time(since))
	case late && r.to.After(last):
		return bad("", "the number of events is not known: the cluster has not been watched since %s. Save & test says why", sinceWhen(last))
	case gaps.atEnd:
		return bad("", "the number of events is not known: the cluster is not watched at the end of the time range, %s", display.Time(r.to))
	case gaps.covered > 0 && 2*gaps.covered >= r.to.Sub(r.from):
		return bad("", "the number of events is not known: the cluster was not watched for %s of the time range", gaps.covered.Round(time.Second))
	case ahead > 0 && 2*(gaps.covered+ahead) >= r.to.Sub(r.from):
		return bad("", "the number of events is not known: the cluster was last looked at %s, and half of the time range is after that or in gaps. Lengthen the time range to three intervals of /state or more: one is %s now", display.Time(last), r.src.Interval(series.PollState).Round(time.Second))
	default:
		return r.hidden()
	}
}

// hidden returns why some of the events that are asked for are known to nobody here: what the
// principal does not see, and maintenance where its schedule cannot be read.
func (r *eventsReader) hidden() error {
	if r.src.View == nil {
		return nil
	}
	view := r.src.View()
	if view == nil {
		return nil
	}
	asked := func(kind events.Kind) bool { return len(r.filter.Kinds) == 0 || slices.Contains(r.filter.Kinds, kind) }
	switch {
	case asked(events.KindTask) && view.Cluster.TasksUnknown && !r.seen(view.Cluster):
		return bad("", "the number of events is not known: the data source's principal sees a part of the tasks only. Filter by framework, one that it sees, or let it see all of them")
	case asked(events.KindFramework) && view.Cluster.FrameworksUnknown:
		return bad("", "the number of events is not known: the data source's principal sees a part of the frameworks only. Choose other kinds, or let it see all of them")
	case r.maintenanceUnknown():
		return bad("kinds", "the number of events of maintenance is not known: the maintenance schedule of the masters has not been read, or cannot be")
	}
	return nil
}

// maintenanceUnknown reports whether events of maintenance are asked for by their kind, and the
// schedule is not known.
func (r *eventsReader) maintenanceUnknown() bool {
	if r.src.View == nil || !slices.Contains(r.filter.Kinds, events.KindMaintenance) {
		return false
	}
	view := r.src.View()
	return view != nil && view.Maintenance == nil
}

// seen reports whether the filters choose frameworks whose tasks the principal sees.
func (r *eventsReader) seen(c *cluster.Cluster) bool {
	return slices.ContainsFunc(r.filter.Where, func(where events.Condition) bool {
		if where.Not || where.Pattern || where.Field != events.FieldFramework && where.Field != events.FieldFrameworkID {
			return false
		}
		for _, value := range where.Values {
			found := false
			for _, f := range c.Frameworks {
				if value == f.Name && where.Field == events.FieldFramework || value == f.ID && where.Field == events.FieldFrameworkID {
					if found = !f.TasksUnknown; !found {
						return false
					}
				}
			}
			if !found {
				return false
			}
		}
		return len(where.Values) > 0
	})
}

// maxGaps is how many gaps of collection are looked at.
const maxGaps = 1_000

// gaps are the gaps of collection in a range.
type gaps struct {
	all     []gap // oldest first
	more    int
	covered time.Duration // of the range
	atEnd   bool          // the range ends in one
}

type gap struct{ from, to time.Time }

// gaps returns the gaps of collection in the range.
func (r *eventsReader) gaps(ctx context.Context) (found gaps, err error) {
	all, more, err := r.src.Events.Select(ctx, events.Filter{
		From: r.from, To: r.to, Kinds: []events.Kind{events.KindCollection}, Limit: maxGaps,
		Where: []events.Condition{{Field: events.FieldEvent, Values: []string{string(events.Gap)}}},
	})
	if err != nil {
		return gaps{}, err
	}
	found.more = more
	last := r.from
	for i := len(all) - 1; i >= 0; i-- {
		g := gap{all[i].Time, all[i].End}
		if g.to.IsZero() && all[i].Opens != "" {
			g.to = r.to
			found.atEnd = true
		}
		g.from, g.to = later(g.from, last), earlier(g.to, r.to)
		if !g.to.After(g.from) {
			continue
		}
		found.all, found.covered, last = append(found.all, g), found.covered+g.to.Sub(g.from), g.to
	}
	if more > 0 && len(found.all) > 0 { // what is before the newest gaps is not known
		before := gap{r.from, found.all[0].from}
		found.all, found.covered = slices.Insert(found.all, 0, before), found.covered+before.to.Sub(before.from)
	}
	return found, nil
}

func (g gaps) notices() []data.Notice {
	n := len(g.all) + g.more
	switch {
	case n == 0:
		return nil
	case n == 1:
		return []data.Notice{info("The cluster was not watched between %s and %s: what began and ended in between is not known.", display.Time(g.all[0].from), display.Time(g.all[0].to))}
	default:
		last := g.all[len(g.all)-1]
		return []data.Notice{info("The cluster was not watched %d times in the time range, the last time between %s and %s: what began and ended in between is not known.", n, display.Time(last.from), display.Time(last.to))}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
