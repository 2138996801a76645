package query

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/series"
)

// This file is about clusters so large that /state is polled seldom (pkg/collector/ladder.go).

// slowPolls is how many polls the history of slowSource has; the last is at noon.
const slowPolls = 12

// slowSource answers from a history of a cluster whose /state is polled each poll, some
// time after noon. A framework has 1, 2, 3, ... CPUs, and an agent has lost as many tasks;
// another framework has a tenth of the CPUs.
func slowSource(t *testing.T, poll, ago time.Duration) Source {
	t.Helper()
	now := noon.Add(ago)
	store := memory.New(memory.Options{Now: func() time.Time { return now }})
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	for i := 1; i <= slowPolls; i++ {
		batch := store.Batch(context.Background())
		at := noon.Add(-time.Duration(slowPolls-i) * poll)
		for _, s := range []recorded{
			{of("mesos_framework_cpus_allocated", "framework", "a", "framework_id", "1"), []float64{float64(i)}},
			{of("mesos_framework_cpus_allocated", "framework", "b", "framework_id", "2"), []float64{float64(i) / 10}},
			{of("mesos_agent_tasks_ended_total", "agent", "a", "agent_id", "1", "state", "lost"), []float64{float64(i)}},
		} {
			_, err := batch.Append(0, func() labels.Labels { return s.labels }, at.UnixMilli(), s.values[0])
			require.NoError(t, err)
		}
		require.NoError(t, batch.Commit())
	}
	src := source(t, store)
	src.Now = func() time.Time { return now }
	src.Interval = func(p series.Poll) time.Duration {
		switch p {
		case series.PollSnapshot:
			return every
		case series.PollState, series.PollModel, series.PollRoles:
			return poll
		default:
			return 0
		}
	}
	src.Status = func() collector.Status {
		return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{
			{Poll: series.PollSnapshot, Interval: every, LastAttempt: now, LastSuccess: now},
			{Poll: series.PollState, Interval: poll, LastAttempt: noon, LastSuccess: noon},
		}}
	}
	return src
}

// What a panel, a stat and a rule over a range shorter than the poll's interval show, whenever
// they are looked at.
func TestTheNewestSampleIsShownHoweverSeldomPollsAre(t *testing.T) {
	queries := map[string]map[string]float64{
		`{"entity":"framework","resource":"cpus","measure":"allocated"%s}`:                            {"a": slowPolls, "b": slowPolls / 10.},
		`{"entity":"framework","resource":"cpus","measure":"allocated","top":1%s}`:                    {"a": slowPolls},
		`{"queryType":"promql","expr":"sum by (framework) (mesos_framework_cpus_allocated)"%s}`:       {"a": slowPolls, "b": slowPolls / 10.},
		`{"queryType":"promql","expr":"mesos_framework_cpus_allocated","interval":"6h"%s}`:            {"a": slowPolls, "b": slowPolls / 10.},
		`{"entity":"framework","resource":"cpus","measure":"allocated","live":true%s}`:                {"a": slowPolls, "b": slowPolls / 10.},
		`{"entity":"agent","resource":"tasks","measure":"lost","rate":"second"%s}`:                    {"a": 0},
		`{"queryType":"promql","expr":"rate(mesos_agent_tasks_ended_total[$__rate_interval])"%s}`:     {"a": 0},
		`{"entity":"framework","resource":"cpus","measure":"allocated","aggregate":"max","top":-1%s}`: {"b": slowPolls / 10.},
	}
	for _, poll := range []time.Duration{16 * time.Minute, 4 * time.Minute, time.Minute, every} {
		for _, ago := range []time.Duration{0, time.Second, 2 * time.Minute, poll / 3, poll - time.Second} {
			if ago > poll {
				continue
			}
			src := slowSource(t, poll, ago)
			for _, span := range []time.Duration{time.Hour, 5 * time.Minute, time.Minute, 10 * time.Second} {
				for query, want := range queries {
					for kind, o := range map[string]Options{"": {}, "rule": {Alert: true}, "expression": {Expression: true}} {
						for _, instant := range []string{"", `,"instant":true,"range":false`} {
							why := fmt.Sprintf("%s %s%s, polled every %s, %s ago, over %s", kind, query, instant, poll, ago, span)
							now := src.now()
							response := Run(t.Context(), src, backend.DataQuery{
								RefID: "A", JSON: json.RawMessage(fmt.Sprintf(query, instant)), MaxDataPoints: 1000, Interval: time.Second,
								TimeRange: backend.TimeRange{From: now.Add(-span), To: now},
							}, o)
							require.NoError(t, response.Error, why)
							got := newestOf(t, response.Frames, now.Add(-span), now, instant != "", o.evaluated(), why)
							require.Len(t, got, len(want), why)
							for framework, value := range want {
								if value == 0 { // of an increase in a time of whatever length
									require.Positive(t, got[framework], "%s: %s", why, framework)
									continue
								}
								require.Equal(t, value, got[framework], "%s: %s", why, framework)
							}
						}
					}
				}
			}
		}
	}
}

// newestOf returns the last values by framework or agent. The last point is within the range of the
// panel, and so are all that something computes with.
func newestOf(t *testing.T, frames data.Frames, from, to time.Time, instant, computed bool, why string) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if !field.Type().Numeric() || field.Len() == 0 {
				continue
			}
			if !instant {
				first, last := frame.At(0, 0).(time.Time), frame.At(0, frame.Rows()-1).(time.Time)
				require.False(t, last.Before(from) || last.After(to), "%s: the last point is of %s", why, last)
				require.False(t, computed && first.Before(from), "%s: the first point is of %s", why, first)
			}
			value, err := field.FloatAt(field.Len() - 1)
			require.NoError(t, err)
			found[field.Labels["framework"]+field.Labels["agent"]] = value
		}
	}
	return found
}

func TestTheAgeOfTheNewestSamplesOfASlowPollIsSaid(t *testing.T) {
	const aged = "The newest samples of /state are of "
	for _, c := range []struct {
		why             string
		poll, ago, span time.Duration
		query, want     string
	}{
		{"an instant value", 16 * time.Minute, 10 * time.Minute, 24 * time.Hour, `"instant":true,"range":false`,
			aged + display.Time(noon) + ", 10 min before the end of the time range: it is polled every 16m."},
		{"a panel whose range the poll is not in", 16 * time.Minute, 10 * time.Minute, 5 * time.Minute, `"range":true`,
			aged + display.Time(noon) + ", 10 min before the end of the time range: it is polled every 16m."},
		{"a panel whose range it is in", 16 * time.Minute, 2 * time.Minute, 5 * time.Minute, `"range":true`, aged + display.Time(noon) + ", 2 min before"},
		{"a panel of a day", 16 * time.Minute, 10 * time.Minute, 24 * time.Hour, `"range":true`, ""},
		{"a poll of just now", 16 * time.Minute, 30 * time.Second, 5 * time.Minute, `"range":true`, ""},
		{"a poll that is not slow", time.Minute, 50 * time.Second, 10 * time.Second, `"range":true`, ""},
	} {
		src := slowSource(t, c.poll, c.ago)
		now := src.now()
		response := Run(t.Context(), src, backend.DataQuery{
			RefID: "A", JSON: json.RawMessage(`{"entity":"framework","resource":"cpus","measure":"allocated",` + c.query + `}`), MaxDataPoints: 1000,
			TimeRange: backend.TimeRange{From: now.Add(-c.span), To: now},
		}, Options{})
		require.NoError(t, response.Error, c.why)
		all := strings.Join(texts(response), " ")
		if c.want == "" {
			require.NotContains(t, all, aged, c.why)
		} else {
			require.Contains(t, all, c.want, c.why)
		}
		require.Equal(t, strings.Contains(c.query, "range\":true") && c.span < c.ago, strings.Contains(all, "more than the time range is long"), c.why)
	}
}

// A panel of live points asks for the newest as often as anything is collected.
func TestALivePanelOfASlowPollHasItsNewestSample(t *testing.T) {
	src := slowSource(t, 16*time.Minute, 10*time.Minute)
	now := src.now()
	query := json.RawMessage(`{"entity":"framework","resource":"cpus","measure":"allocated","live":true}`)
	request, err := newLiveRequest(query, 20*time.Minute)
	require.NoError(t, err)
	live := NewLive(request.over(5*time.Minute), now)
	for range 3 {
		raw, err := live.Next(t.Context(), src, func(r backend.DataResponse) backend.DataResponse { return r })
		require.NoError(t, err)
		var message struct {
			Whole  bool
			Frames []data.Frame
		}
		require.NoError(t, json.Unmarshal(raw, &message))
		require.True(t, message.Whole)
		require.Len(t, message.Frames, 2)
		require.Equal(t, 1, message.Frames[0].Rows())
		require.Equal(t, now.UnixMilli(), message.Frames[0].At(0, 0).(time.Time).UnixMilli())
		value, err := message.Frames[0].Fields[1].FloatAt(0)
		require.NoError(t, err)
		require.EqualValues(t, slowPolls, value)
		now = now.Add(every)
		src.Now = func() time.Time { return now }
	}
}

// A list for a variable has what the newest poll brought.
func TestAVariableListsWhatTheNewestPollBrought(t *testing.T) {
	src := slowSource(t, 16*time.Minute, 10*time.Minute)
	for _, query := range []string{
		`{"queryType":"variable","variable":{"labelValues":{"label":"framework","match":"mesos_framework_cpus_allocated"}}}`,
		`{"queryType":"variable","variable":{"promql":"sum by (framework) (mesos_framework_cpus_allocated)"}}`,
	} {
		response := Run(t.Context(), src, backend.DataQuery{
			RefID: "A", JSON: json.RawMessage(query), TimeRange: backend.TimeRange{From: src.now().Add(-5 * time.Minute), To: src.now()},
		}, Options{})
		require.NoError(t, response.Error)
		require.Equal(t, 2, response.Frames[0].Rows(), query)
	}
}
