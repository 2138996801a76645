package query

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

// growing is a cluster of two agents whose memory grows by 1 and by 2 a minute for an hour, to 60 and to 120.
func growing(t *testing.T) Source {
	slow, fast := make([]float64, 241), make([]float64, 241)
	for i := range slow {
		slow[i], fast[i] = float64(i)/4, float64(i)/2
	}
	return source(t, recordedStore(t,
		recorded{of("mesos_cluster_memory_allocated_bytes"), slow},
		recorded{of("mesos_agent_memory_allocated_bytes", "agent", "a1", "agent_id", "1"), slow},
		recorded{of("mesos_agent_memory_allocated_bytes", "agent", "a2", "agent_id", "2"), fast},
	))
}

// overRange runs a query over a range around now.
func overRange(t *testing.T, src Source, query string, from, to time.Duration, o Options) backend.DataResponse {
	q := asked(query)
	q.TimeRange = backend.TimeRange{From: noon.Add(from), To: noon.Add(to)}
	response := Run(context.Background(), src, q, o)
	require.NoError(t, response.Error)
	return response
}

// A drawnLine is a series of an answer.
type drawnLine struct {
	name            string
	first, last     float64
	from, to        time.Duration // after now
	dashed, labeled bool
}

func linesOf(t *testing.T, response backend.DataResponse) (all []drawnLine) {
	for _, frame := range response.Frames {
		if len(frame.Fields) == 0 {
			continue
		}
		times, values := frame.Fields[0], frame.Fields[1]
		last := times.Len() - 1
		all = append(all, drawnLine{
			name: values.Config.DisplayNameFromDS, first: values.At(0).(float64), last: values.At(last).(float64),
			from: times.At(0).(time.Time).Sub(noon), to: times.At(last).(time.Time).Sub(noon),
			dashed: values.Config.Custom != nil, labeled: values.Labels["forecast"] != "",
		})
		for i := 1; i <= last; i++ {
			gap := times.At(i).(time.Time).Sub(times.At(i - 1).(time.Time))
			require.LessOrEqual(t, float64(gap.Milliseconds()), times.Config.Interval, "Grafana draws a longer one as a gap")
			require.Positive(t, gap)
		}
	}
	return all
}

func TestAForecastIsDrawnAfterNow(t *testing.T) {
	const query = `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m","interval":"1m"}`
	src := growing(t)
	known := func(from, to time.Duration) drawnLine {
		return drawnLine{name: "Memory allocated", first: 60 + from.Minutes(), last: 60 + to.Minutes(), from: from, to: to}
	}
	expected := func(from, to time.Duration) drawnLine {
		line := known(from, to)
		line.name, line.dashed, line.labeled = "Memory allocated, expected", true, true
		return line
	}
	const beyond = "The forecast is drawn from now on, and the time range does not reach beyond now: choose one that ends later, such as now-30m to now+30m."
	for _, c := range []struct {
		from, to time.Duration
		want     []drawnLine
		notice   string
	}{
		{-40 * time.Minute, 40 * time.Minute, []drawnLine{known(-40*time.Minute, 0), expected(0, 30*time.Minute)}, ""},
		{-40 * time.Minute, 10 * time.Minute, []drawnLine{known(-40*time.Minute, 0), expected(0, 10*time.Minute)}, ""},
		{-40 * time.Minute, 9*time.Minute + 30*time.Second, []drawnLine{known(-40*time.Minute, 0), expected(0, 9*time.Minute+30*time.Second)}, ""},
		{10 * time.Minute, 20 * time.Minute, []drawnLine{expected(10*time.Minute, 20*time.Minute)}, ""},
		{-40 * time.Minute, 0, []drawnLine{known(-40*time.Minute, 0)}, beyond},
		{-40 * time.Minute, 20 * time.Second, []drawnLine{known(-40*time.Minute, 0)}, beyond}, // the browser's clock is ahead
		{-40 * time.Minute, -10 * time.Minute, []drawnLine{known(-40*time.Minute, -10*time.Minute)}, beyond},
		{40 * time.Minute, time.Hour, nil, "The forecast reaches 2026-03-01 12:30:00 UTC, and the time range begins later."},
	} {
		response := overRange(t, src, query, c.from, c.to, Options{})
		lines := linesOf(t, response)
		require.Len(t, lines, len(c.want), "%v to %v", c.from, c.to)
		for i, want := range c.want {
			require.InDelta(t, want.first, lines[i].first, 0.001)
			require.InDelta(t, want.last, lines[i].last, 0.001)
			lines[i].first, lines[i].last = want.first, want.last
			require.Equal(t, want, lines[i], "%v to %v", c.from, c.to)
		}
		if c.notice == "" {
			require.NotContains(t, fmt.Sprint(texts(response)), "forecast")
		} else {
			require.Contains(t, texts(response), c.notice)
		}
	}
}

func TestForecastsAreNamedAfterTheirSeries(t *testing.T) {
	names := func(query string) (all []string) {
		for _, line := range linesOf(t, overRange(t, growing(t), query, -40*time.Minute, 40*time.Minute, Options{})) {
			all = append(all, line.name)
		}
		return all
	}
	const agents = `{"entity":"agent","resource":"memory","measure":"allocated","forecast":"30m"`
	require.Equal(t, []string{"a1", "a2", "a1, expected", "a2, expected"}, names(agents+`}`))
	require.Equal(t, []string{"a2", "a2, expected"}, names(agents+`,"top":1}`))
	require.Equal(t, []string{"a1", "a1, expected"}, names(agents+`,"top":-1}`))
	require.Equal(t, []string{"on a1", "on a2", "on a1, expected", "on a2, expected"}, names(agents+`,"legendFormat":"on {{agent}}"}`))
	require.Equal(t, []string{
		`mesos_cluster_memory_allocated_bytes{cluster="test"}`, `mesos_cluster_memory_allocated_bytes{cluster="test"}, expected`,
	}, names(`{"metric":"mesos_cluster_memory_allocated_bytes","forecast":"30m"}`))
	response := overRange(t, growing(t), agents+`,"top":1}`, 10*time.Minute, 20*time.Minute, Options{})
	require.Equal(t, "a2, expected", linesOf(t, response)[0].name, "of a range after now")
	require.Len(t, response.Frames, 1)
}

func TestAForecastInATableHasAColumn(t *testing.T) {
	response := overRange(t, growing(t), `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m","format":"table"}`, -time.Minute, time.Hour, Options{})
	frame := response.Frames[0]
	column, _ := frame.FieldByName("forecast")
	require.Equal(t, "", column.At(0))
	require.Equal(t, "30m", column.At(column.Len()-1))
	require.InDelta(t, 90, frame.Fields[len(frame.Fields)-1].At(column.Len()-1), 0.001)
}

// Rules and expressions read no point after now, and no series twice.
func TestRulesGetWhatIsExpectedAtEachMoment(t *testing.T) {
	for _, o := range []Options{{Alert: true}, {Expression: true}} {
		response := overRange(t, growing(t), `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m"}`, -10*time.Minute, 40*time.Minute, o)
		lines := linesOf(t, response)
		require.Len(t, lines, 1)
		require.False(t, lines[0].dashed || lines[0].labeled)
		require.Equal(t, "Memory allocated, expected in 30m", lines[0].name)
		require.InDelta(t, 90, lines[0].last, 0.001)
		require.LessOrEqual(t, lines[0].to, time.Duration(0))
	}
}

func TestAPanelWithAForecastIsNotLive(t *testing.T) {
	response := overRange(t, growing(t), `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m","live":true}`, -time.Hour, time.Hour, Options{})
	require.NotContains(t, fmt.Sprint(response.Frames[0].Meta.Custom), "live")
	require.Contains(t, texts(response), "A panel with a forecast is not live: it is drawn anew with each refresh.")
	require.Equal(t, data.FrameTypeTimeSeriesMulti, response.Frames[1].Meta.Type)
}

func TestCompileSaysHowAForecastDiffersInCode(t *testing.T) {
	const query = `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m"`
	compiled, err := Compile([]byte(query + `}`))
	require.NoError(t, err)
	require.Contains(t, compiled.PromQL, "predict_linear(")
	require.Len(t, compiled.Warnings, 1)
	compiled, err = Compile([]byte(query + `,"instant":true}`))
	require.NoError(t, err)
	require.Empty(t, compiled.Warnings)
}
