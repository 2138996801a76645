package query

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// This file is about time: how far apart points are, which range is asked for,
// what the macros stand for, and how old a sample may be.

// Grafana's own variables, which public dashboards, rules and provisioning
// files leave to the backend.
const (
	macroInterval     = "$__interval"
	macroRateInterval = "$__rate_interval"
	macroRange        = "$__range"
)

// steps are the lengths that Grafana's interval calculator answers: the values
// of gtime.RoundInterval in the SDK. That function rounds to the nearest; a
// step must never be less than what it is computed from, so the next one up is
// taken here.
var steps = []time.Duration{
	time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	day, 7 * day, 30 * day, 365 * day,
}

const day = 24 * time.Hour

// roundUp gives the first of Grafana's steps that is at least d.
func roundUp(d time.Duration) time.Duration {
	for _, step := range steps {
		if step >= d {
			return step
		}
	}
	longest := steps[len(steps)-1]
	return (d + longest - 1) / longest * longest
}

// clock is what one query computes with.
type clock struct {
	step time.Duration // $__interval
	poll time.Duration // the longest interval of the polls that bring the metrics named
	// from and to are those of the panel; start and end are multiples of step.
	from, to   time.Time
	start, end time.Time
}

// span is $__range.
func (c clock) span() time.Duration { return c.to.Sub(c.from) }

// rateInterval is $__rate_interval: long enough for at least two samples at
// any moment, and for no increase to fall between two points.
func (c clock) rateInterval() time.Duration { return max(c.step+c.poll, 4*c.poll) }

// lookback is how old a sample may be to stand for a moment: two and a half
// polls, so that one failed poll leaves no gap and two do.
func (c clock) lookback() time.Duration { return c.poll * 5 / 2 }

// newClock computes a query's step and range.
func newClock(q backend.DataQuery, least, poll time.Duration) clock {
	c := clock{poll: poll, from: q.TimeRange.From, to: q.TimeRange.To}
	span := max(c.span(), 0)
	// Start and end may fall into one step more than the range has.
	step := max(least, poll, ceil(span, promql.MaxPoints-2), time.Second)
	if q.MaxDataPoints > 0 {
		step = max(step, ceil(span, q.MaxDataPoints))
	}
	c.step = roundUp(step)
	c.start, c.end = floor(c.from, c.step), floor(c.to, c.step)
	return c
}

func ceil(d time.Duration, parts int64) time.Duration {
	return (d + time.Duration(parts) - 1) / time.Duration(parts)
}

// floor takes t down to a multiple of step since the epoch, so that panels
// which are refreshed ask for the same moments again.
func floor(t time.Time, step time.Duration) time.Time {
	ms, of := t.UnixMilli(), step.Milliseconds()
	rest := ms % of
	if rest < 0 {
		rest += of
	}
	return time.UnixMilli(ms - rest).UTC()
}

// slowest is the longest interval of polls; of those of the leader where these
// are not made.
func slowest(polls []series.Poll, interval func(series.Poll) time.Duration) time.Duration {
	longest := time.Duration(0)
	for _, poll := range polls {
		longest = max(longest, interval(poll))
	}
	if longest == 0 && !slices.Equal(polls, ofLeader) {
		return slowest(ofLeader, interval)
	}
	return longest
}

// placeholder stands for every macro while the step is not known: expressions
// are then parsed for the names in them.
var placeholder = clock{step: time.Minute, poll: time.Minute, from: time.Unix(0, 0), to: time.Unix(3600, 0)}

// interpolate replaces the macros, as plain text and in both of Grafana's
// spellings, as its Prometheus data source does
// (grafana/grafana pkg/promlib/models/query.go, InterpolateVariables).
func (c clock) interpolate(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	var pairs []string
	for _, m := range []struct {
		name  string
		value time.Duration
	}{{macroRateInterval, c.rateInterval()}, {macroInterval, c.step}, {macroRange, c.span()}} {
		bare := strings.TrimPrefix(m.name, "$")
		seconds := int64(math.Round(m.value.Seconds()))
		for _, form := range []struct{ suffix, value string }{
			{"_ms", strconv.FormatInt(m.value.Milliseconds(), 10)},
			{"_s", strconv.FormatInt(seconds, 10)},
			{"", written(m.value)},
		} {
			pairs = append(pairs, "${"+bare+form.suffix+"}", form.value, "$"+bare+form.suffix, form.value)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// written is a length of time PromQL can read: whole seconds where it has
// them, and never nothing, as [0s] is an error.
func written(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(max(d.Milliseconds(), 1), 10) + "ms"
	}
	return promDuration(d.Round(time.Second))
}
