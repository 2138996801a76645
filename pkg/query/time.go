package query

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
	"community-mesos-datasource/pkg/tables"
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

// roundUp returns the first of Grafana's steps that is at least d.
func roundUp(d time.Duration) time.Duration {
	for _, step := range steps {
		if step >= d {
			return step
		}
	}
	longest := steps[len(steps)-1]
	return (d + longest - 1) / longest * longest
}

// A schedule is how often the slowest poll that brings a query's metrics is made.
type schedule struct {
	every time.Duration // 0: no poll is made
	// latest is the time of its latest samples, and of is their poll; zero before the first,
	// and where every is at most slowPoll.
	latest time.Time
	of     series.Poll
	// step is that of a channel, which keeps it whatever the polls do; 0: none is set.
	step time.Duration
}

// slowPoll is from where on a panel should not wait for the next multiple of its
// step to show the latest samples.
const slowPoll = time.Minute

// maxSpan is where ranges and steps are cut off: a Viewer may ask for any.
const maxSpan = 100 * 365 * day

// stepRange is the step and the range that one query is evaluated with.
type stepRange struct {
	step time.Duration // $__interval
	poll time.Duration // the longest interval of the polls that bring the metrics named
	// from and to are those of the panel, to now where it is later; start and end
	// are points of a grid of step. There is no point where start is after end.
	from, to   time.Time
	start, end time.Time
	// alone: the history is shorter than a step, and the range has one point, at its end.
	// between: the range lies between two points of the grid, and has one at its end.
	alone, between bool
	polled         schedule
}

// span returns $__range; 0 where the range begins after now.
func (r stepRange) span() time.Duration { return max(r.to.Sub(r.from), 0) }

// rateInterval returns $__rate_interval: long enough for at least two samples at
// any moment, and for no increase to fall between two points.
func (r stepRange) rateInterval() time.Duration { return max(r.step+r.poll, 4*r.poll) }

// lookback returns how old a sample may be to stand for a moment: two and a half
// polls, so that one failed poll leaves no gap and two do.
func (r stepRange) lookback() time.Duration { return r.poll * 5 / 2 }

// newStepRange computes a query's step and range. least is the query's interval;
// computed reports whether a rule or an expression reads the answer.
//
// q.Interval is the key intervalMs: what Grafana rounded range / maxDataPoints to,
// or the panel's min interval where that is longer (rangeUtil.calculateInterval in
// grafana/grafana packages/grafana-data). It rounds to the nearest of the same
// steps of which roundUp takes the next one, so that without a min interval it is
// never longer than the step that range / maxDataPoints gives here. Rules have
// 1 s and variables 0.
func newStepRange(q backend.DataQuery, now time.Time, least time.Duration, polled schedule, computed bool) stepRange {
	r := stepRange{poll: polled.every, from: q.TimeRange.From, to: q.TimeRange.To, polled: polled}
	// The step is that of the panel's whole width, also of the part after now.
	width := min(r.span(), maxSpan)
	// Start and end may fall into one step more than the range has.
	step := max(least, q.Interval, polled.every, ceil(width, promql.MaxPoints-2), time.Second)
	if q.MaxDataPoints > 0 {
		step = max(step, ceil(width, q.MaxDataPoints))
	}
	r.step = roundUp(min(step, maxSpan))
	if polled.step > 0 {
		r.step = polled.step
	}

	if r.to.After(now) {
		r.to = now
	}
	var anchor time.Time // the epoch
	if polled.every > slowPoll && roundUp(polled.every) == r.step {
		anchor = polled.latest
	}
	r.start, r.end = floor(r.from, r.step, anchor), floor(r.to, r.step, anchor)
	switch {
	case r.from.After(r.to): // the whole range is after now
		r.start = r.end.Add(r.step)
	case computed && r.start.Before(r.from):
		// Reduce would see a point of before the window. A window without a point of
		// the grid has one at its end.
		if r.start = r.start.Add(r.step); r.start.After(r.end) {
			r.start, r.end = r.to, r.to
		}
	case r.end.Before(r.from) && r.from.Before(r.to): // a panel draws no point of before its range
		r.start, r.end, r.between = r.to, r.to, true
	}
	return r
}

// age returns how long before the range's end the latest samples of a slow poll are, where
// that is worth a sentence: a point at the end of the range does not show it, and in a
// long range nobody asks. 0: it is not.
func (r stepRange) age(instant bool) time.Duration {
	age := r.to.Sub(r.polled.latest)
	switch {
	case r.polled.latest.IsZero() || age <= slowPoll || age > 2*r.polled.every: // late says it
		return 0
	case !instant && !r.between && age*10 < r.span():
		return 0
	default:
		return age
	}
}

// windowed returns the range that the macros of a builder's expression stand for. Within it
// are two samples of a counter, also after a failed poll, and of other series a point of
// the subquery that top chooses by, whose points lie on a grid of their own.
func (r stepRange) windowed(counter, instant bool) stepRange {
	switch {
	case counter && instant && r.span() < r.lookback():
		r.from = r.to.Add(-r.rateInterval())
	case !instant && r.span() < r.step:
		r.from = r.to.Add(-r.step)
	}
	return r
}

// within returns the range with a point at its end where its grid has none in the history,
// which begins at start: the step may be longer than the history, and a history that
// has just begun would not be seen until the next point.
func (r stepRange) within(start time.Time) stepRange {
	if start.IsZero() || r.start.After(r.end) || !r.end.Before(start) || r.to.Before(start) {
		return r
	}
	r.start, r.end, r.alone = r.to, r.to, true
	return r
}

func ceil(d time.Duration, parts int64) time.Duration {
	return (d + time.Duration(parts) - 1) / time.Duration(parts)
}

// floor takes t down to a grid of step that anchor lies on; the zero time is the
// epoch, so that panels which are refreshed ask for the same moments again.
func floor(t time.Time, step time.Duration, anchor time.Time) time.Time {
	ms, of := t.UnixMilli(), step.Milliseconds()
	if !anchor.IsZero() {
		ms -= anchor.UnixMilli() % of
	}
	rest := ms % of
	if rest < 0 {
		rest += of
	}
	return time.UnixMilli(t.UnixMilli() - rest).UTC()
}

// schedule returns that of the slowest of some polls; of those of the leader
// where none of them is made.
func (src Source) schedule(polls []series.Poll) schedule {
	var s schedule
	for _, poll := range polls {
		s.every = max(s.every, src.Interval(poll))
	}
	if s.every == 0 {
		if slices.Equal(polls, ofLeader) {
			return s
		}
		return src.schedule(ofLeader)
	}
	if s.every <= slowPoll {
		return s // when does not matter
	}
	for _, status := range src.polls() {
		if brings(polls, status.Poll) && src.Interval(status.Poll) == s.every && status.LastSuccess.After(s.latest) {
			s.latest, s.of = status.LastSuccess, status.Poll
		}
	}
	return s
}

// placeholder stands for every macro while the step is not known: expressions
// are then parsed for the names in them. No macro stands for a number that has a meaning
// in units: a rate * 60 is one per minute, a rate * $__interval_s is not.
var placeholder = stepRange{step: 2 * time.Minute, poll: time.Minute, from: time.Unix(0, 0), to: time.Unix(3600, 0)}

// macroText matches what may be a macro in Grafana's spellings. Dashboards replace
// whole names, so $__intervals is none.
var macroText = regexp.MustCompile(`\$__\w+|\$\{__\w+\}|\[\[__\w+\]\]`)

// isMacro reports whether a text is one macro.
func isMacro(text string) bool {
	_, known := placeholder.macro(text)
	return known
}

// interpolate replaces the macros, as plain text, in strings too, as Grafana's
// Prometheus data source does (grafana/grafana pkg/promlib/models/query.go,
// InterpolateVariables).
func (r stepRange) interpolate(text string) string {
	if !strings.Contains(text, "__") {
		return text
	}
	return macroText.ReplaceAllStringFunc(text, func(found string) string {
		if value, known := r.macro(found); known {
			return value
		}
		return found
	})
}

// replaced is interpolate for SQL, whose errors have places.
func (r stepRange) replaced(text string) *tables.Edits {
	var e tables.Edits
	at := 0
	for _, found := range macroText.FindAllStringIndex(text, -1) {
		if value, known := r.macro(text[found[0]:found[1]]); known {
			e.Keep(text[at:found[0]])
			e.Replace(text[found[0]:found[1]], value)
			at = found[1]
		}
	}
	e.Keep(text[at:])
	return &e
}

// macro returns the value of a macro in one of Grafana's spellings.
func (r stepRange) macro(text string) (value string, known bool) {
	name, unit := "$"+strings.Trim(text, "${[]}"), ""
	if !macroText.MatchString(text) {
		return "", false
	}
	for _, suffix := range []string{"_ms", "_s"} {
		if base, has := strings.CutSuffix(name, suffix); has {
			name, unit = base, suffix
		}
	}
	var length time.Duration
	switch name {
	case macroInterval:
		length = r.step
	case macroRateInterval:
		length = r.rateInterval()
	case macroRange:
		length = r.span()
	default:
		return "", false
	}
	switch unit {
	case "_ms":
		return strconv.FormatInt(length.Milliseconds(), 10), true
	case "_s":
		return strconv.FormatInt(int64(math.Round(length.Seconds())), 10), true
	default:
		return written(length), true
	}
}

// written is a length of time PromQL can read: whole seconds where it has
// them, and never nothing, as [0s] is an error.
func written(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(max(d.Milliseconds(), 1), 10) + "ms"
	}
	return promDuration(d.Round(time.Second))
}
