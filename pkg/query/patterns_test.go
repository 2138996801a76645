package query

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// However an expression gives the names of series, the look-back suits the slowest poll that
// brings one of them.
func TestSeriesOfSlowPollsAreFoundHoweverTheyAreNamed(t *testing.T) {
	intervals := map[series.Poll]time.Duration{
		series.PollSnapshot: every, series.PollState: time.Minute, series.PollModel: time.Minute, series.PollRoles: time.Minute,
		series.PollFollowers: 2 * time.Minute, series.PollAgents: 3 * time.Minute,
	}
	seldom := func(interval time.Duration) []float64 { // one sample, two intervals ago
		values := slices.Repeat([]float64{math.NaN()}, 1+int(2*interval/every))
		values[0] = 1
		return values
	}
	all := map[string]series.Poll{
		"mesos_master_uptime_seconds": series.PollFollowers, "mesos_cluster_tasks": series.PollModel, "mesos_cluster_cpus_offered": series.PollState,
		"mesos_role_cpus_quota_limit": series.PollRoles, "mesos_agent_cpus_used": series.PollAgents,
	}
	var recordings []recorded
	for name, poll := range all {
		recordings = append(recordings, recorded{of(name), seldom(intervals[poll])})
	}
	src := source(t, recordedStore(t, recordings...))
	src.Interval = func(p series.Poll) time.Duration { return intervals[p] }
	found := func(expr string) int {
		t.Helper()
		response := answered(t, src, fmt.Sprintf(`{"queryType": "promql", "instant": true, "range": false, "expr": %q}`, expr), Options{})
		require.Len(t, response.Frames, 1)
		return len(response.Frames[0].Fields)
	}
	var names []string
	for name, poll := range all {
		require.Contains(t, catalogue.PollsOf(name), poll, name)
		names = append(names, name)
		for _, expr := range []string{
			name, `{__name__="` + name + `"}`, `{"` + name + `"}`, `{__name__=~"` + name + `|mesos_other"}`, `{__name__=~"` + name + `.*"}`, `{__name__=~"(?i)` + strings.ToUpper(name) + `"}`,
			`{__name__=~"mesos_.+", __name__=~"` + name + `.*"}`, `{__name__!~"other.*", __name__=~".*` + name[6:] + `"}`,
			`max by (cluster) ({__name__=~"` + name + `.*"})`, `sum({__name__=~"` + name + `.*"} offset 0s) * 2`, `max_over_time(sum({__name__=~"` + name + `.*"})[1m:1m])`,
		} {
			require.Equal(t, 1, found(expr), expr)
		}
	}
	for _, expr := range []string{
		`{__name__=~"` + strings.Join(names, "|") + `"}`, `{__name__=~"mesos_.*"}`, `{__name__!=""}`, `{__name__!="mesos_other", cluster="test"}`, `{__name__!~"mesos_other.*", cluster="test"}`,
		`{cluster="test"}`, `{cluster=~"t.*"}`, `count by (__name__) ({cluster="test"})`,
	} {
		require.Equal(t, len(all), found(expr), expr)
	}
}

// A pattern does not wait for polls that bring none of its series.
func TestAPatternReadsThePollsOfItsSeries(t *testing.T) {
	for expr, want := range map[string][]series.Poll{
		`{__name__=~"mesos_agent_cpus_use.*"}`:         {series.PollAgents, series.PollSnapshot, series.PollState},
		`{__name__=~"mesos_cluster_cpus_off.*"}`:       {series.PollSnapshot, series.PollState},
		`{__name__=~"other.*"}`:                        {series.PollSnapshot, series.PollState},
		`{__name__=~"mesos_up|mesos_x", poll="roles"}`: {series.PollRoles},
		`{__name__=~"mesos_u.*", poll="roles"}`:        {series.PollRoles},
	} {
		parsed, err := promql.ParseExpr(expr)
		require.NoError(t, err)
		require.ElementsMatch(t, want, readsIn(parsed, nil).polls, expr)
	}
}
