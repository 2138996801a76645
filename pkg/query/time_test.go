package query

import (
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/series"
)

func TestStepsAreThoseOfTheSDKsIntervalCalculator(t *testing.T) {
	known := map[time.Duration]bool{}
	for d := time.Millisecond; d < 3*365*day; d += d/20 + time.Microsecond {
		known[gtime.RoundInterval(d)] = true
	}
	require.Len(t, known, len(steps))
	for _, step := range steps {
		require.True(t, known[step], "%s", step)
	}
}

func TestStepIsRoundedUpNeverDown(t *testing.T) {
	for d, want := range map[time.Duration]time.Duration{
		time.Second: time.Second, 1001 * time.Millisecond: 2 * time.Second,
		15 * time.Second: 15 * time.Second, 16 * time.Second: 20 * time.Second,
		7 * time.Minute: 10 * time.Minute, 25 * time.Hour: 7 * day, 366 * day: 730 * day,
	} {
		require.Equal(t, want, roundUp(d), "%s", d)
	}
}

func TestStep(t *testing.T) {
	for _, c := range []struct {
		why         string
		span        time.Duration
		points      int64
		least, poll time.Duration
		want        time.Duration
	}{
		{"the poll's interval is the least", time.Hour, 1000, 0, 15 * time.Second, 15 * time.Second},
		{"a poll interval between two steps", time.Hour, 1000, 0, 45 * time.Second, time.Minute},
		{"the query's interval", time.Hour, 1000, 5 * time.Minute, 15 * time.Second, 5 * time.Minute},
		{"range / maxDataPoints", 6 * time.Hour, 500, 0, 15 * time.Second, time.Minute},
		{"maxDataPoints 0 is none", 6 * time.Hour, 0, 0, 15 * time.Second, 15 * time.Second},
		{"rules ask for 43,200 points and get 11,000 at most", 30 * day, 43200, 0, 15 * time.Second, 5 * time.Minute},
		{"a variable's query has maxDataPoints 100", 0, 100, 0, 15 * time.Second, 15 * time.Second},
		{"no polls at all", time.Minute, 100, 0, 0, time.Second},
	} {
		t.Run(c.why, func(t *testing.T) {
			got := newStepRange(backend.DataQuery{
				MaxDataPoints: c.points, TimeRange: backend.TimeRange{From: noon.Add(-c.span - time.Second), To: noon.Add(-time.Second)},
			}, noon, c.least, schedule{every: c.poll}, false)
			require.Equal(t, c.want, got.step)
			require.Zero(t, got.start.UnixMilli()%c.want.Milliseconds())
			require.Zero(t, got.end.UnixMilli()%c.want.Milliseconds())
			require.False(t, got.start.After(got.from) || got.end.After(got.to))
			require.LessOrEqual(t, int64(got.end.Sub(got.start)/got.step)+1, int64(11000))
		})
	}
}

func TestStepCountsAnOldAndATinyRange(t *testing.T) {
	for _, r := range []backend.TimeRange{
		{From: time.Unix(0, 0), To: noon},
		{From: time.Unix(-3600, 1), To: time.Unix(-1800, 0)},
		{From: noon, To: noon},
	} {
		got := newStepRange(backend.DataQuery{TimeRange: r, MaxDataPoints: 1}, noon, 0, schedule{every: every}, false)
		require.Positive(t, got.step)
		require.False(t, got.start.After(r.From))
		require.Zero(t, got.start.UnixMilli()%got.step.Milliseconds())
	}
}

// A range of 114 years has a step of years, and the history none of its points.
func TestAStepThatIsLongerThanTheHistory(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_framework_cpus_allocated", "framework", "a", "framework_id", "1"), []float64{1, 2, 3}}))
	begin := noon.Add(-2 * every)
	require.Equal(t, begin, src.Store.Stats().Start.UTC())
	for _, query := range []string{
		`{"expr":"mesos_framework_cpus_allocated","range":true}`,
		`{"entity":"framework","resource":"cpus","measure":"allocated"}`,
	} {
		for _, c := range []struct {
			from, to, now time.Time
			value         float64
			notice        string
		}{
			{time.Unix(0, 0), time.Unix(0, 0).Add(1_000_000 * time.Hour), noon, 3, "Points are 1y apart, more than the history is long, so there is one, at " + display.Time(noon) + ": choose a shorter time range to see more."},
			{noon.Add(-30 * day), noon.Add(-10 * time.Second), noon.Add(-10 * time.Second), 2, "Points are 1h apart"},
		} {
			src.Now = func() time.Time { return c.now }
			for _, o := range []Options{{}, {Alert: true}} {
				q := asked(query)
				q.TimeRange, q.Interval = backend.TimeRange{From: c.from, To: c.to}, 0
				response := Run(t.Context(), src, q, o)
				require.NoError(t, response.Error)
				require.Len(t, response.Frames, 1, "%s to %s %+v", c.from, c.to, o)
				require.Equal(t, 1, response.Frames[0].Rows(), "%s to %s %+v", c.from, c.to, o)
				value, err := response.Frames[0].Fields[1].FloatAt(0)
				require.NoError(t, err)
				require.Equal(t, c.value, value)
				require.Contains(t, strings.Join(texts(response), " "), c.notice)
			}
		}
	}
}

func TestMacros(t *testing.T) {
	c := stepRange{step: 30 * time.Second, poll: 15 * time.Second, from: noon.Add(-90 * time.Minute), to: noon}
	for text, want := range map[string]string{
		"$__interval ${__interval}":         "30s 30s",
		"$__interval_ms ${__interval_ms}":   "30000 30000",
		"$__interval_s ${__interval_s}":     "30 30",
		"$__range ${__range}":               "1h30m 1h30m",
		"$__range_s $__range_ms":            "5400 5400000",
		"${__range_s} ${__range_ms}":        "5400 5400000",
		"$__rate_interval":                  "1m",
		"${__rate_interval}":                "1m",
		"$__rate_interval_s":                "60",
		"${__rate_interval_ms}":             "60000",
		"rate(x[$__rate_interval]) > 10":    "rate(x[1m]) > 10",
		"$__from $interval $1 ${x} a$":      "$__from $interval $1 ${x} a$",
		`{a="$__interval"} # ${__interval}`: `{a="30s"} # 30s`,
	} {
		require.Equal(t, want, c.interpolate(text))
	}
}

func TestRateIntervalHoldsTwoSamplesAndAllOfTheStep(t *testing.T) {
	require.Equal(t, time.Minute, stepRange{step: 15 * time.Second, poll: 15 * time.Second}.rateInterval())
	require.Equal(t, 5*time.Minute+15*time.Second, stepRange{step: 5 * time.Minute, poll: 15 * time.Second}.rateInterval())
}

func TestRangeMacroIsNeverNothing(t *testing.T) {
	c := stepRange{step: time.Second, from: noon, to: noon}
	require.Equal(t, "x[1ms]", c.interpolate("x[$__range]"))
	c.from = noon.Add(-1500 * time.Millisecond)
	require.Equal(t, "x[2s]", c.interpolate("x[$__range]"))
}

func TestLookbackIsTwoAndAHalfOfTheSlowestPollNamed(t *testing.T) {
	intervals := map[series.Poll]time.Duration{series.PollSnapshot: 15 * time.Second, series.PollModel: 2 * time.Minute, series.PollState: 2 * time.Minute}
	interval := func(p series.Poll) time.Duration { return intervals[p] }
	for expr, want := range map[string]time.Duration{
		"mesos_cluster_tasks_ended_total":                            15 * time.Second,
		"mesos_cluster_cpus_capacity":                                2 * time.Minute,
		"mesos_cluster_cpus_capacity + mesos_master_cpus_capacity":   2 * time.Minute,
		"mesos_nobody_knows":                                         2 * time.Minute,
		`{framework="x"}`:                                            2 * time.Minute,
		`{__name__=~"mesos_cluster_tasks_ended_total|mesos_nope_x"}`: 2 * time.Minute,
		"1 + 1":                 2 * time.Minute,
		"mesos_agent_cpus_used": 2 * time.Minute, // of a poll that is not made
		"mesos_master_system_load1 offset 5m > 1": 15 * time.Second,
		"mesos_up": 2 * time.Minute,
		`min by (cluster) (mesos_up{poll="snapshot"})`:                  15 * time.Second,
		`mesos_up{poll=~"snapshot|state"}`:                              2 * time.Minute,
		`mesos_up{poll="snapshot"} + on () mesos_cluster_cpus_capacity`: 2 * time.Minute,
		`mesos_poll_failures_total{poll!="state"}`:                      15 * time.Second,
		`mesos_up{poll="nobody"}`:                                       2 * time.Minute,
	} {
		got, err := readsOf(expr)
		require.NoError(t, err)
		poll := Source{Interval: interval, Status: func() collector.Status { return collector.Status{} }}.schedule(got.polls).every
		require.Equal(t, want, poll, expr)
		require.Equal(t, want*5/2, stepRange{poll: poll}.lookback(), expr)
	}
}

func TestReachOfAnExpression(t *testing.T) {
	for expr, want := range map[string]time.Duration{
		"up":                                   0,
		"up offset 5m":                         5 * time.Minute,
		"rate(up[2m])":                         2 * time.Minute,
		"rate(up[2m] offset 1h) + up":          62 * time.Minute,
		"max_over_time((rate(up[2m]))[1h:1m])": 62 * time.Minute,
		"max_over_time(up[10m:1m] offset 20m)": 30 * time.Minute,
		"max_over_time((max_over_time((up offset -200y)[1m:1m] offset -200y))[1m:1m] offset -200y)": 0,
	} {
		got, err := readsOf(expr)
		require.NoError(t, err)
		require.Equal(t, want, got.reach, expr)
	}
}

// Grafana's own calculation of intervalMs (rangeUtil.calculateInterval), whose
// steps are those of the SDK.
func intervalMs(span time.Duration, points int64, minInterval time.Duration) time.Duration {
	return max(gtime.RoundInterval(span/time.Duration(points)), minInterval)
}

func TestThePanelsMinIntervalIsHonoredAndMakesNoOtherPanelCoarser(t *testing.T) {
	step := func(span time.Duration, points int64, interval time.Duration) time.Duration {
		return newStepRange(backend.DataQuery{
			MaxDataPoints: points, Interval: interval, TimeRange: backend.TimeRange{From: noon.Add(-span), To: noon},
		}, noon, 0, schedule{every: every}, false).step
	}
	require.Equal(t, 10*time.Minute, step(time.Hour, 1000, intervalMs(time.Hour, 1000, 10*time.Minute)))
	require.Equal(t, time.Minute, step(time.Hour, 1000, intervalMs(time.Hour, 1000, 45*time.Second)), "rounded up")
	require.Equal(t, 15*time.Second, step(time.Hour, 43200, time.Second), "a rule has 1 s")
	require.Equal(t, 365*day*100, step(time.Hour, 1, 1<<63-1), "and what no panel has does not overflow")
	for span := time.Minute; span < 3*365*day; span += span/7 + time.Second {
		for _, points := range []int64{1, 2, 10, 99, 500, 1000, 1913, 10_000} {
			require.Equal(t, step(span, points, 0), step(span, points, intervalMs(span, points, 0)), "%s in %d points", span, points)
		}
	}
}

func TestNothingIsAskedForATimeAfterNow(t *testing.T) {
	for _, c := range []struct {
		why         string
		from, to    time.Duration // of noon
		start, end  time.Duration
		step, spans time.Duration
	}{
		{"today", -12 * time.Hour, 12 * time.Hour, -12 * time.Hour, 0, 5 * time.Minute, 12 * time.Hour},
		{"a browser that is 30 s ahead", -time.Hour, 30 * time.Second, -time.Hour, 0, 15 * time.Second, time.Hour},
		{"a range that ends before now", -2 * time.Hour, -time.Hour, -2 * time.Hour, -time.Hour, 15 * time.Second, time.Hour},
	} {
		t.Run(c.why, func(t *testing.T) {
			got := newStepRange(backend.DataQuery{MaxDataPoints: 400, TimeRange: backend.TimeRange{From: noon.Add(c.from), To: noon.Add(c.to)}},
				noon, 0, schedule{every: every}, false)
			require.Equal(t, noon.Add(c.start), got.start)
			require.Equal(t, noon.Add(c.end), got.end)
			require.Equal(t, c.step, got.step, "that of the whole width of the panel")
			require.Equal(t, c.spans, got.span())
		})
	}
	tomorrow := newStepRange(backend.DataQuery{TimeRange: backend.TimeRange{From: noon.Add(time.Minute), To: noon.Add(time.Hour)}}, noon, 0, schedule{every: every}, false)
	require.True(t, tomorrow.start.After(tomorrow.end))
	require.Zero(t, tomorrow.span())
}

// The samples are of 12:03:20, 12:07:20, ... while a step is 5 minutes.
func TestTheLatestSamplesOfASlowPollAreAPoint(t *testing.T) {
	latest := noon.Add(3*time.Minute + 20*time.Second)
	now := latest.Add(time.Minute)
	polled := schedule{every: 4 * time.Minute, latest: latest}
	q := backend.DataQuery{MaxDataPoints: 1000, TimeRange: backend.TimeRange{From: now.Add(-time.Hour), To: now}}
	got := newStepRange(q, now, 0, polled, false)
	require.Equal(t, 5*time.Minute, got.step)
	require.Equal(t, latest, got.end)
	require.Equal(t, latest.Add(-time.Hour), got.start, "the first point is at or before the range's start")

	require.Equal(t, noon, newStepRange(q, now, 10*time.Minute, polled, false).end, "a step that comes from elsewhere")
	polled.every = time.Minute
	require.Equal(t, noon.Add(4*time.Minute), newStepRange(q, now, 0, polled, false).end, "a poll that is not slow")
	require.Equal(t, noon, newStepRange(q, now, 0, schedule{every: 4 * time.Minute}, false).end, "a poll that was not made yet")
	past := backend.DataQuery{MaxDataPoints: 1000, TimeRange: backend.TimeRange{From: noon.Add(-2 * time.Hour), To: noon.Add(-time.Hour)}}
	got = newStepRange(past, now, 0, schedule{every: 16 * time.Minute, latest: latest}, false)
	require.Equal(t, 20*time.Minute, got.step)
	require.Zero(t, latest.Sub(got.end)%got.step)
	require.False(t, got.end.After(past.TimeRange.To))
}

func TestThePollWhoseSamplesAreLatestSetsTheGrid(t *testing.T) {
	at := func(poll series.Poll, ago time.Duration) collector.PollStatus {
		return collector.PollStatus{Poll: poll, LastSuccess: noon.Add(-ago)}
	}
	src := Source{
		Interval: func(p series.Poll) time.Duration {
			return map[series.Poll]time.Duration{series.PollSnapshot: every, series.PollState: 4 * time.Minute, series.PollRoles: 4 * time.Minute}[p]
		},
		Status: func() collector.Status {
			return collector.Status{Polls: []collector.PollStatus{at(series.PollSnapshot, 0), at(series.PollState, 2*time.Minute), at(series.PollRoles, time.Minute)}}
		},
	}
	for _, c := range []struct {
		polls []series.Poll
		want  schedule
	}{
		{[]series.Poll{series.PollSnapshot}, schedule{every: every}},
		{[]series.Poll{series.PollState}, schedule{every: 4 * time.Minute, latest: noon.Add(-2 * time.Minute), of: series.PollState}},
		{[]series.Poll{series.PollSnapshot, series.PollState, series.PollRoles}, schedule{every: 4 * time.Minute, latest: noon.Add(-time.Minute), of: series.PollRoles}},
		{[]series.Poll{series.PollAgents}, schedule{every: 4 * time.Minute, latest: noon.Add(-2 * time.Minute), of: series.PollState}}, // not made
		{nil, schedule{every: 4 * time.Minute, latest: noon.Add(-2 * time.Minute), of: series.PollState}},
	} {
		require.Equal(t, c.want, src.schedule(c.polls), "%v", c.polls)
	}
}

func TestWhatComputesSeesNoPointOutsideOfItsWindow(t *testing.T) {
	window := func(from, to time.Duration, step time.Duration) stepRange {
		return newStepRange(backend.DataQuery{TimeRange: backend.TimeRange{From: noon.Add(from), To: noon.Add(to)}},
			noon, step, schedule{every: every}, true)
	}
	got := window(-83*time.Second, -23*time.Second, time.Minute) // 11:58:37 to 11:59:37
	require.Equal(t, noon.Add(-time.Minute), got.start)
	require.Equal(t, noon.Add(-time.Minute), got.end)
	got = window(-time.Hour, 0, time.Minute)
	require.Equal(t, noon.Add(-time.Hour), got.start, "a start on the grid stays")
	got = window(-50*time.Second, -10*time.Second, time.Hour)
	require.Equal(t, noon.Add(-10*time.Second), got.start, "a window between two points of the grid")
	require.Equal(t, noon.Add(-10*time.Second), got.end)
}
