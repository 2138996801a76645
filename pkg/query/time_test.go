package query

import (
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/stretchr/testify/require"

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
			got := newClock(backend.DataQuery{
				MaxDataPoints: c.points, TimeRange: backend.TimeRange{From: noon.Add(-c.span - time.Second), To: noon.Add(-time.Second)},
			}, c.least, c.poll)
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
		got := newClock(backend.DataQuery{TimeRange: r, MaxDataPoints: 1}, 0, every)
		require.Positive(t, got.step)
		require.False(t, got.start.After(r.From))
		require.Zero(t, got.start.UnixMilli()%got.step.Milliseconds())
	}
}

func TestMacros(t *testing.T) {
	c := clock{step: 30 * time.Second, poll: 15 * time.Second, from: noon.Add(-90 * time.Minute), to: noon}
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
	require.Equal(t, time.Minute, clock{step: 15 * time.Second, poll: 15 * time.Second}.rateInterval())
	require.Equal(t, 5*time.Minute+15*time.Second, clock{step: 5 * time.Minute, poll: 15 * time.Second}.rateInterval())
}

func TestRangeMacroIsNeverNothing(t *testing.T) {
	c := clock{step: time.Second, from: noon, to: noon}
	require.Equal(t, "x[1ms]", c.interpolate("x[$__range]"))
	c.from = noon.Add(-1500 * time.Millisecond)
	require.Equal(t, "x[2s]", c.interpolate("x[$__range]"))
}

func TestLookbackIsTwoAndAHalfOfTheSlowestPollNamed(t *testing.T) {
	intervals := map[series.Poll]time.Duration{series.PollSnapshot: 15 * time.Second, series.PollState: 2 * time.Minute}
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
		poll := slowest(got.polls, interval)
		require.Equal(t, want, poll, expr)
		require.Equal(t, want*5/2, clock{poll: poll}.lookback(), expr)
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
	} {
		got, err := readsOf(expr)
		require.NoError(t, err)
		require.Equal(t, want, got.reach, expr)
	}
}
