package query

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// scripted is an engine with given results. It keeps what it was
// asked.
type scripted struct {
	Engine
	result  promql.Result
	err     error
	panics  bool
	instant []promql.Request
	ranges  []promql.Request
}

func (e *scripted) Instant(_ context.Context, r promql.Request) (promql.Result, error) {
	e.instant = append(e.instant, r)
	return e.answer()
}

func (e *scripted) Range(_ context.Context, r promql.Request) (promql.Result, error) {
	e.ranges = append(e.ranges, r)
	return e.answer()
}

func (e *scripted) answer() (promql.Result, error) {
	if e.panics {
		panic("no such thing")
	}
	return e.result, e.err
}

func scriptedSource(t testing.TB, e *scripted) Source {
	src := source(t, recordedStore(t, recorded{of("x"), flat(1, 1000)}))
	e.Engine = src.Engine // looks up labels
	src.Engine = e
	return src
}

// manySeries is a result of n series, the i-th with the value i.
func manySeries(n int, instant bool) promql.Result {
	if instant {
		result := promql.Result{Type: parser.ValueTypeVector}
		for i := range n {
			result.Vector = append(result.Vector, prom.Sample{Metric: of("x", "i", fmt.Sprint(i)), T: noon.UnixMilli(), F: float64(i)})
		}
		return result
	}
	result := promql.Result{Type: parser.ValueTypeMatrix}
	for i := range n {
		result.Matrix = append(result.Matrix, prom.Series{Metric: of("x", "i", fmt.Sprint(i)), Floats: []prom.FPoint{{T: noon.UnixMilli(), F: float64(i)}}})
	}
	return result
}

func TestEngineIsAskedForTheRangeInWholeSteps(t *testing.T) {
	engine := &scripted{result: manySeries(1, false)}
	q := asked(`{"expr":"rate(mesos_cluster_tasks_ended_total[$__rate_interval])","interval":"1m"}`)
	q.TimeRange = backend.TimeRange{From: noon.Add(-10*time.Minute - 7*time.Second), To: noon.Add(-7 * time.Second)}
	require.NoError(t, Run(context.Background(), scriptedSource(t, engine), q, Options{Alert: true}).Error)
	require.Len(t, engine.ranges, 1)
	got := engine.ranges[0]
	require.Equal(t, "rate(mesos_cluster_tasks_ended_total[1m15s])", got.Expr)
	require.Equal(t, time.Minute, got.Step)
	require.Equal(t, noon.Add(-10*time.Minute), got.Start, "rounded up for a rule")
	require.Equal(t, noon.Add(-time.Minute), got.End)
	require.Equal(t, 37500*time.Millisecond, got.Lookback)
	require.True(t, got.Alert)
}

func TestInstantIsEvaluatedAtTheEndAsItIs(t *testing.T) {
	engine := &scripted{result: manySeries(1, true)}
	q := asked(`{"expr":"x","instant":true}`)
	q.TimeRange.To = noon.Add(-7 * time.Second)
	require.NoError(t, Run(context.Background(), scriptedSource(t, engine), q, Options{}).Error)
	require.Empty(t, engine.ranges)
	require.Equal(t, noon.Add(-7*time.Second), engine.instant[0].End)
}

func TestRangeAndInstantAreTwoResultsButForRules(t *testing.T) {
	store := recordedStore(t, recorded{of("x", "a", "1"), flat(1, 60)})
	both := `{"expr":"x","range":true,"instant":true}`
	require.Equal(t, []data.FrameType{data.FrameTypeTimeSeriesMulti, data.FrameTypeNumericWide}, types(answered(t, source(t, store), both, Options{})))
	require.Equal(t, []data.FrameType{data.FrameTypeNumericWide}, types(answered(t, source(t, store), both, Options{Alert: true})))
}

func types(response backend.DataResponse) []data.FrameType {
	var all []data.FrameType
	for _, frame := range response.Frames {
		all = append(all, frame.Meta.Type)
	}
	return all
}

func TestEveryErrorSaysWhoseItIs(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		err    error
		status backend.Status
		source backend.ErrorSource
		text   string
	}{
		"a wrong query":         {`{"entity":"slave"}`, nil, 400, backend.ErrorSourceDownstream, `entity: "slave" is not known`},
		"no PromQL":             {`{"expr":"sum(("}`, nil, 400, backend.ErrorSourceDownstream, "not valid PromQL"},
		"a graph of no tables":  {`{"queryType":"topology"}`, nil, 400, backend.ErrorSourceDownstream, "this data source has no tables"},
		"too many samples":      {`{"expr":"x"}`, &promql.Error{Kind: promql.ErrorSamples, Sentence: "too many"}, 400, backend.ErrorSourceDownstream, "too many"},
		"evaluation":            {`{"expr":"x"}`, &promql.Error{Kind: promql.ErrorEval, Sentence: "many-to-many"}, 400, backend.ErrorSourceDownstream, "many-to-many"},
		"a slow query":          {`{"expr":"x"}`, &promql.Error{Kind: promql.ErrorTimeout, Sentence: "slow"}, 504, backend.ErrorSourceDownstream, "slow"},
		"a busy engine":         {`{"expr":"x"}`, &promql.Error{Kind: promql.ErrorBusy, Sentence: "busy"}, 429, backend.ErrorSourceDownstream, "busy"},
		"nobody waits any more": {`{"expr":"x"}`, &promql.Error{Kind: promql.ErrorCancel, Sentence: "gone"}, 499, backend.ErrorSourceDownstream, "gone"},
		"a fault in the engine": {`{"expr":"x"}`, &promql.Error{Kind: promql.ErrorPanic, Sentence: "fault"}, 500, backend.ErrorSourcePlugin, "fault"},
		"an unknown error":      {`{"expr":"x"}`, errors.New("odd"), 500, backend.ErrorSourcePlugin, "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			response := Run(context.Background(), scriptedSource(t, &scripted{err: c.err}), asked(c.query), Options{})
			require.ErrorContains(t, response.Error, c.text)
			require.Equal(t, c.status, response.Status)
			require.Equal(t, c.source, response.ErrorSource)
			require.Empty(t, response.Frames)
		})
	}
}

func TestAPanicIsTheQuerysOwnError(t *testing.T) {
	response := Run(context.Background(), scriptedSource(t, &scripted{panics: true}), asked(`{"expr":"x"}`), Options{})
	require.ErrorContains(t, response.Error, "no such thing")
	require.Equal(t, backend.StatusInternal, response.Status)
	require.Equal(t, backend.ErrorSourcePlugin, response.ErrorSource)
}

func TestARangeThatEndsBeforeItBeginsIsAnError(t *testing.T) {
	q := asked(`{"expr":"x"}`)
	q.TimeRange.From, q.TimeRange.To = q.TimeRange.To, q.TimeRange.From
	require.ErrorContains(t, Run(context.Background(), scriptedSource(t, &scripted{}), q, Options{}).Error, "ends (2026-03-01 11:50:00 UTC) before it begins")
}

func TestABrowserGetsAThousandSeriesAndIsTold(t *testing.T) {
	for _, c := range []struct {
		query string
		most  int
		text  string
	}{
		{`{"expr":"x"}`, 1000, "series are shown, those with the highest average"},
		{`{"expr":"x","instant":true}`, 1000, "series are shown, those with the highest average"},
		{`{"expr":"x","instant":true,"format":"table"}`, 10000, "rows are shown, those of the series with the highest average"},
	} {
		instant := strings.Contains(c.query, "instant")
		response := answered(t, scriptedSource(t, &scripted{result: manySeries(c.most, instant)}), c.query, Options{})
		require.Empty(t, texts(response), c.query)
		require.Equal(t, c.most, count(response))

		response = answered(t, scriptedSource(t, &scripted{result: manySeries(c.most+5, instant)}), c.query, Options{})
		require.Equal(t, c.most, count(response))
		require.Equal(t, []string{fmt.Sprintf("%d of %d %s: use top to choose others, filters or fewer labels to group by.", c.most, c.most+5, c.text)}, texts(response))
	}
}

func TestTheHighestSeriesStayInTheirOrder(t *testing.T) {
	response := answered(t, scriptedSource(t, &scripted{result: manySeries(1003, false)}), `{"expr":"x"}`, Options{})
	require.Equal(t, "3", response.Frames[0].Fields[1].Labels["i"])
	require.Equal(t, "1002", response.Frames[999].Fields[1].Labels["i"])
}

func TestRulesAndExpressionsGetAllSeriesOrAnError(t *testing.T) {
	for _, o := range []Options{{Alert: true}, {Expression: true}} {
		for _, instant := range []bool{false, true} {
			query := fmt.Sprintf(`{"expr":"x","instant":%t}`, instant)
			response := answered(t, scriptedSource(t, &scripted{result: manySeries(10000, instant)}), query, o)
			require.Equal(t, 10000, count(response))
			failed := Run(context.Background(), scriptedSource(t, &scripted{result: manySeries(10001, instant)}), asked(query), o)
			require.ErrorContains(t, failed.Error, "10001 series")
			require.Equal(t, backend.StatusBadRequest, failed.Status)
		}
	}
}

// count is the number of values' fields or rows.
func count(response backend.DataResponse) int {
	n := 0
	for _, frame := range response.Frames {
		switch frame.Meta.Type {
		case data.FrameTypeNumericLong, data.FrameTypeTimeSeriesLong:
			n += frame.Rows()
		case data.FrameTypeTimeSeriesMulti:
			n++
		default:
			n += len(frame.Fields)
		}
	}
	return n
}

func TestWhatIsNotANumberHasNoPoint(t *testing.T) {
	nan := math.NaN()
	engine := &scripted{result: promql.Result{Type: parser.ValueTypeVector, Vector: prom.Vector{
		{Metric: of("x", "a", "1"), F: nan}, {Metric: of("x", "a", "2"), F: 2}, {Metric: of("x", "a", "3"), F: math.Inf(1)},
	}}}
	response := answered(t, scriptedSource(t, engine), `{"expr":"x","instant":true}`, Options{})
	require.Len(t, response.Frames[0].Fields, 2)
	require.Equal(t, "2", response.Frames[0].Fields[0].Labels["a"])

	engine = &scripted{result: promql.Result{Type: parser.ValueTypeMatrix, Matrix: prom.Matrix{
		{Metric: of("x", "a", "1"), Floats: []prom.FPoint{{T: 1000, F: nan}}},
		{Metric: of("x", "a", "2"), Floats: []prom.FPoint{{T: 1000, F: 1}, {T: 2000, F: nan}, {T: 3000, F: 3}}},
	}}}
	response = answered(t, scriptedSource(t, engine), `{"expr":"x"}`, Options{})
	require.Len(t, response.Frames, 1)
	require.Equal(t, 2, response.Frames[0].Rows())
}

func TestZeroOverZeroIsUnknown(t *testing.T) {
	store := recordedStore(t,
		recorded{of("mesos_agent_cpus_allocated", "agent", "full", "agent_id", "1"), flat(3, 60)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "full", "agent_id", "1"), flat(4, 60)},
		recorded{of("mesos_agent_cpus_allocated", "agent", "empty", "agent_id", "2"), flat(0, 60)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "empty", "agent_id", "2"), flat(0, 60)},
	)
	for _, more := range []string{``, `,"aggregate":"max"`} {
		response := answered(t, source(t, store), `{"entity":"agent","resource":"cpus","measure":"utilization","instant":true`+more+`}`, Options{})
		require.Len(t, response.Frames[0].Fields, 1)
		require.Equal(t, 0.75, response.Frames[0].Fields[0].At(0))
		require.Equal(t, "full", response.Frames[0].Fields[0].Config.DisplayNameFromDS)
	}
}

func TestAnswersThatAreNoNumbersAreErrors(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("x"), flat(1, 60)}))
	for query, text := range map[string]string{
		`{"expr":"x[1m]","instant":true}`:     "expr: a range of samples cannot be shown",
		`{"expr":"\"hello\"","instant":true}`: "expr: a text cannot be shown",
		`{"expr":"x[1m]"}`:                    "one value per series and moment",
	} {
		response := Run(context.Background(), src, asked(query), Options{})
		require.ErrorContains(t, response.Error, text)
		require.Equal(t, backend.StatusBadRequest, response.Status)
	}
}

func TestAScalarIsASeriesWithoutLabels(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("x"), flat(1, 60)}))
	instant := answered(t, src, `{"expr":"1 + 1","instant":true}`, Options{})
	require.Equal(t, 2.0, instant.Frames[0].Fields[0].At(0))
	over := answered(t, src, `{"expr":"1 + 1"}`, Options{})
	require.Equal(t, 41, over.Frames[0].Rows())
}

func TestTopKeepsTheSameSeriesAllAlong(t *testing.T) {
	// a is the larger one at first, b at the end and on average.
	a, b := flat(10, 60), flat(9, 60)
	for i := 30; i < 60; i++ {
		a[i], b[i] = 1, 9
	}
	store := recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "a", "framework_id", "1"), a},
		recorded{of("mesos_framework_cpus_allocated", "framework", "b", "framework_id", "2"), b},
	)
	for top, want := range map[int]string{1: "b", -1: "a"} {
		response := answered(t, source(t, store), fmt.Sprintf(`{"entity":"framework","resource":"cpus","measure":"allocated","top":%d}`, top), Options{})
		require.Len(t, response.Frames, 1)
		require.Equal(t, want, response.Frames[0].Fields[1].Labels["framework"])
		require.Equal(t, 41, response.Frames[0].Rows())
	}
}

func TestForecastGoesOnAsHistoryDid(t *testing.T) {
	line := make([]float64, 241) // an hour, 1 a minute
	for i := range line {
		line[i] = float64(i) / 4
	}
	store := recordedStore(t, recorded{of("mesos_cluster_memory_allocated_bytes"), line})
	response := answered(t, source(t, store), `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m","instant":true}`, Options{})
	require.InDelta(t, 60+30, response.Frames[0].Fields[0].At(0), 0.001)
}

// A panel over a month has steps of an hour, and a forecast of half an hour is still a line
// through the polls.
func TestAForecastShorterThanTwoStepsIsMadeFromThePolls(t *testing.T) {
	line := make([]float64, 241)
	for i := range line {
		line[i] = float64(i) / 4
	}
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_memory_allocated_bytes"), line}))
	for _, o := range []Options{{}, {Alert: true}} {
		for _, more := range []string{`"instant":true`, `"range":true`} {
			if more == `"range":true` && !o.Alert {
				continue // what is known, see TestAForecastIsDrawnAfterNow
			}
			response := answered(t, src, `{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m","interval":"1h",`+more+`}`, o)
			field := response.Frames[0].Fields[len(response.Frames[0].Fields)-1]
			require.InDelta(t, 60+30, field.At(field.Len()-1), 0.001)
		}
	}
	src.Interval = func(series.Poll) time.Duration { return 20 * time.Minute }
	for _, o := range []Options{{}, {Alert: true}} {
		response := Run(context.Background(), src, asked(`{"entity":"cluster","resource":"memory","measure":"allocated","forecast":"30m","instant":true}`), o)
		require.EqualError(t, response.Error, `forecast: "30m" is too short: these series are polled every 20m, and a forecast is made from as much history as it looks ahead. Write at least 40m`)
	}
}

func TestInfoLabelsJoinEachOperand(t *testing.T) {
	var all []recorded
	for id, rack := range map[string]string{"1": "r1", "2": "r1", "3": "r2"} {
		all = append(all,
			recorded{of("mesos_agent_cpus_capacity", "agent", "a"+id, "agent_id", id), flat(10, 60)},
			recorded{of("mesos_agent_cpus_allocated", "agent", "a"+id, "agent_id", id), flat(float64(len(id)+len(rack)), 60)},
			recorded{of("mesos_agent_cpus_offered", "agent", "a"+id, "agent_id", id), flat(1, 60)},
			recorded{of("mesos_agent_info", "agent", "a"+id, "agent_id", id, "attr_rack", rack, "version", "1.12.0"), flat(1, 60)},
		)
	}
	src := source(t, recordedStore(t, all...))
	for query, want := range map[string]map[string]float64{
		`"measure":"allocated","groupBy":["attr_rack"]`:                                                                      {"r1": 6, "r2": 3},
		`"measure":"free","groupBy":["attr_rack"]`:                                                                           {"r1": 12, "r2": 6},
		`"measure":"free","groupBy":["attr_rack"],"aggregate":"max"`:                                                         {"r1": 6, "r2": 6},
		`"measure":"utilization","groupBy":["attr_rack"]`:                                                                    {"r1": 0.3, "r2": 0.3},
		`"measure":"utilization","groupBy":["attr_rack"],"aggregate":"avg"`:                                                  {"r1": 0.3, "r2": 0.3},
		`"measure":"allocated","groupBy":["attr_rack"],"aggregate":"count"`:                                                  {"r1": 2, "r2": 1},
		`"measure":"allocated","groupBy":["attr_rack"],"filters":[{"label":"attr_rack","operator":"!=","value":"r1"}]`:       {"r2": 3},
		`"measure":"allocated","groupBy":["attr_rack"],"filters":[{"label":"attr_gone","operator":"=","value":""}]`:          {"r1": 6, "r2": 3},
		`"measure":"allocated","groupBy":["attr_rack"],"adhocFilters":[{"key":"attr_rack","operator":"=|","values":["r2"]}]`: {"r2": 3},
	} {
		response := answered(t, src, `{"entity":"agent","resource":"cpus","instant":true,`+query+`}`, Options{})
		got := map[string]float64{}
		for _, field := range response.Frames[0].Fields {
			got[field.Labels["attr_rack"]] = field.At(0).(float64)
		}
		require.InDeltaMapValues(t, want, got, 1e-9, query)
	}
}

func TestDashboardFiltersReachEverySelectorOfAnExpression(t *testing.T) {
	engine := &scripted{result: manySeries(1, false)}
	q := `{"expr":"sum(rate(a{x=\"1\"}[$__rate_interval])) / on () b offset 1h","adhocFilters":[
		{"key":"framework","operator":"=","value":"m\"} or up{x=\"$__range"},{"key":"state","operator":"=|","values":["TASK_LOST","gone"]},
		{"key":"cpus","operator":">=","value":"2"},{"key":"no label","operator":"=","value":"1"},{"key":"y","operator":"=~","value":"("}]}`
	response := answered(t, scriptedSource(t, engine), q, Options{})
	matchers := `framework="m\"} or up{x=\"$__range",state=~"(?:lost|gone)"`
	require.Equal(t, `sum(rate(a{`+matchers+`,x="1"}[1m])) / on () b{`+matchers+`} offset 1h`, engine.ranges[0].Expr)
	require.Equal(t, engine.ranges[0].Expr, response.Frames[0].Meta.ExecutedQueryString)
	notices := texts(response)
	require.Len(t, notices, 4)
	require.Contains(t, notices[0], `"$__range" in framework=`)
	require.Contains(t, notices[1], "cpus >= 2 is left out")
	require.Contains(t, notices[2], "no label = 1 is left out: no label can be called so")
	require.Contains(t, notices[3], `y =~ ( is left out: "(" is not a valid regular expression`)
}

func TestAFiltersValueIsNeverAMacro(t *testing.T) {
	store := recordedStore(t, recorded{of("mesos_framework_cpus_allocated", "framework", "$__interval ${__range}", "framework_id", "1"), flat(2, 60)})
	response := answered(t, source(t, store), `{"entity":"framework","resource":"cpus","measure":"allocated","instant":true,
		"filters":[{"label":"framework","operator":"=","value":"$__interval ${__range}"}]}`, Options{})
	require.Equal(t, 2.0, response.Frames[0].Fields[0].At(0))
}

func TestCurrentTasksAnswerInstantsWhereTheirHistoryIsNotKept(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(8, 60)}))
	src.Status = func() collector.Status { return collector.Status{TaskSeriesWhy: "History of tasks is not kept."} }
	now := fakeCurrent{time: noon.Add(-every)}
	for i, task := range []string{"a", "a", "b"} {
		for _, metric := range []string{"mesos_task_cpus_allocated", "mesos_task_memory_allocated_bytes"} {
			now.series = append(now.series, samples.CurrentSeries{Labels: of(metric, "task", task, "task_id", fmt.Sprint(i)), Value: 2})
		}
	}
	src.CurrentTasks = func() CurrentTasks { return now }
	query := `{"entity":"task","resource":"cpus","measure":"share"`
	response := answered(t, src, query+`,"instant":true}`, Options{Alert: true})
	require.Len(t, response.Frames[0].Fields, 2)
	require.Equal(t, 0.5, response.Frames[0].Fields[0].At(0))
	require.Equal(t, 0.25, response.Frames[0].Fields[1].At(0))
	require.Equal(t, []string{"History of tasks is not kept."}, texts(response))

	require.Empty(t, answered(t, src, query+`}`, Options{}).Frames[0].Fields, "a range has no history to show")

	src.Status = func() collector.Status { return collector.Status{TaskSeries: true} }
	require.Empty(t, answered(t, src, query+`,"instant":true}`, Options{}).Frames[0].Fields, "the history alone answers where it is kept")
}

// The range "Today", and a browser whose clock is 30 s ahead.
func TestARangeThatEndsAfterNowIsAnsweredUpToNow(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(8, 60)}))
	for _, ahead := range []time.Duration{30 * time.Second, 12 * time.Hour} {
		ask := func(query string, o Options) backend.DataResponse {
			q := asked(query)
			q.TimeRange.To = noon.Add(ahead)
			response := Run(context.Background(), src, q, o)
			require.NoError(t, response.Error)
			return response
		}
		for _, query := range []string{
			`{"metric":"mesos_cluster_cpus_capacity","instant":true}`,
			`{"expr":"mesos_cluster_cpus_capacity","instant":true,"format":"table"}`,
		} {
			fields := ask(query, Options{}).Frames[0].Fields
			require.NotEmpty(t, fields, query)
			require.Equal(t, 8.0, fields[len(fields)-1].At(0), query)
		}
		variable := ask(`{"queryType":"variable","variable":{"promql":"mesos_cluster_cpus_capacity"}}`, Options{})
		require.Equal(t, fmt.Sprintf(`mesos_cluster_cpus_capacity{cluster="test"} 8 %d`, noon.UnixMilli()), variable.Frames[0].Fields[0].At(0))
		times := ask(`{"expr":"mesos_cluster_cpus_capacity"}`, Options{}).Frames[0].Fields[0]
		require.Equal(t, noon, times.At(times.Len()-1), "no point after now")
	}
	q := asked(`{"expr":"mesos_cluster_cpus_capacity"}`)
	q.TimeRange = backend.TimeRange{From: noon.Add(time.Minute), To: noon.Add(time.Hour)}
	response := Run(context.Background(), src, q, Options{})
	require.NoError(t, response.Error)
	require.Empty(t, response.Frames[0].Fields, "a range after now")
	require.Equal(t, []string{"The time range begins after now, so there is nothing to show yet."}, texts(response))
}

// The case of a rule over 12:00:37 to 12:01:37 of a series that fell to 0 at 12:00:08.
func TestARulesReduceSeesNoPointOfBeforeItsWindow(t *testing.T) {
	store := recordedStore(t, recorded{of("x"), append(flat(1, 54), flat(0, 6)...)}) // 0 from 11:58:45 on
	q := asked(`{"expr":"x","range":true,"interval":"1m"}`)
	q.TimeRange = backend.TimeRange{From: noon.Add(-65 * time.Second), To: noon.Add(-5 * time.Second)}
	for _, o := range []Options{{Alert: true}, {Expression: true}} {
		response := Run(context.Background(), source(t, store), q, o)
		require.NoError(t, response.Error)
		times := response.Frames[0].Fields[0]
		require.Equal(t, 1, times.Len())
		require.Equal(t, noon.Add(-time.Minute), times.At(0))
		require.Zero(t, response.Frames[0].Fields[1].At(0))
	}
	shown := Run(context.Background(), source(t, store), q, Options{})
	require.Equal(t, 2, shown.Frames[0].Rows(), "a panel's line begins at its left edge")
}

// A table over a range of 1,400 series with 1,000 points had 1.4 million rows.
func TestATableOverARangeIsBounded(t *testing.T) {
	matrix := func(series, points int) promql.Result {
		result := promql.Result{Type: parser.ValueTypeMatrix}
		for i := range series {
			s := prom.Series{Metric: of("x", "i", fmt.Sprint(i))}
			for j := range points {
				s.Floats = append(s.Floats, prom.FPoint{T: noon.Add(time.Duration(j-points+1) * every).UnixMilli(), F: float64(i)})
			}
			result.Matrix = append(result.Matrix, s)
		}
		return result
	}
	query := `{"expr":"x","format":"table"}`
	response := answered(t, scriptedSource(t, &scripted{result: matrix(10, 1000)}), query, Options{})
	require.Equal(t, 10_000, response.Frames[0].Rows())
	require.Empty(t, texts(response))

	var bytes uint64
	engine := &scripted{result: matrix(1400, 1000)}
	_, bytes = costOf(func() { response = answered(t, scriptedSource(t, engine), query, Options{}) })
	require.Equal(t, 10_000, response.Frames[0].Rows())
	require.Equal(t, []string{"10000 of 1400000 rows are shown, those of the series with the highest average: use top to choose others, filters or fewer labels to group by, or a longer interval."}, texts(response))
	for row := range response.Frames[0].Rows() {
		require.GreaterOrEqual(t, response.Frames[0].Fields[len(response.Frames[0].Fields)-1].At(row), 1390.0, "the highest ones")
	}
	require.Less(t, bytes, uint64(32<<20))
	require.Len(t, answered(t, scriptedSource(t, &scripted{result: matrix(1400, 10)}), query, Options{Expression: true}).Frames, 1400, "what computes gets all, and no table")

	response = answered(t, scriptedSource(t, &scripted{result: matrix(1, 11_000)}), query, Options{})
	require.Equal(t, 10_000, response.Frames[0].Rows())
	require.Equal(t, noon, response.Frames[0].Fields[0].At(9999), "of a series that alone has more, the latest")
	require.Contains(t, texts(response)[0], "10000 of 11000 rows")
}

// Whatever the step, offset and forecast, a rule's Reduce sees its window only, and nothing
// has a point after now. A panel may begin one step before its left edge.
func TestNoPointIsOutsideOfTheRangeOrAfterNow(t *testing.T) {
	step := make([]float64, 400)
	for i := range step {
		step[i] = float64(i)
	}
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_memory_allocated_bytes"), step}))
	now := noon.Add(7*time.Second + 300*time.Millisecond)
	src.Now = func() time.Time { return now }
	queries := []string{
		`"expr":"mesos_cluster_memory_allocated_bytes"`,
		`"expr":"mesos_cluster_memory_allocated_bytes offset 1m"`,
		`"expr":"mesos_cluster_memory_allocated_bytes offset -1m"`,
		`"expr":"mesos_cluster_memory_allocated_bytes @ end()"`,
		`"expr":"max_over_time(mesos_cluster_memory_allocated_bytes[5m:$__interval] offset -2m)"`,
		`"expr":"1"`,
		`"entity":"cluster","resource":"memory","measure":"allocated"`,
		`"entity":"cluster","resource":"memory","measure":"allocated","forecast":"10m"`,
		`"entity":"cluster","resource":"memory","measure":"allocated","top":1`,
	}
	for _, query := range queries {
		for _, interval := range []string{"", "1s", "10s", "45s", "1m", "7m", "1h", "1d"} {
			for _, window := range [][2]time.Duration{
				{-83 * time.Second, -23 * time.Second}, {-time.Hour, 0}, {-time.Hour, 30 * time.Second}, {-12 * time.Hour, 12 * time.Hour},
				{-30*time.Minute - 400*time.Millisecond, -10 * time.Minute}, {-5 * time.Second, 0}, {0, 0}, {time.Minute, time.Hour},
			} {
				for _, shape := range []string{"range", "instant"} {
					for _, o := range []Options{{}, {Alert: true}, {Expression: true}} {
						q := asked(fmt.Sprintf(`{%s,"interval":%q,%q:true}`, query, interval, shape))
						q.TimeRange = backend.TimeRange{From: now.Add(window[0]), To: now.Add(window[1])}
						if o.Alert {
							q.Interval, q.MaxDataPoints = time.Second, 43_200
						}
						response := Run(context.Background(), src, q, o)
						require.NoError(t, response.Error)
						for _, frame := range response.Frames {
							if len(frame.Fields) < 2 || frame.Meta.Type != data.FrameTypeTimeSeriesMulti {
								continue
							}
							times := frame.Fields[0]
							first, last := times.At(0).(time.Time), times.At(times.Len()-1).(time.Time)
							from := q.TimeRange.From
							if !o.evaluated() {
								from = from.Add(-time.Duration(times.Config.Interval) * time.Millisecond)
							}
							about := fmt.Sprintf("%s %s %v %+v", query, interval, window, o)
							// Points are whole milliseconds.
							require.False(t, first.Before(from.Truncate(time.Millisecond)), "%s: %s before %s", about, first, from)
							require.False(t, last.After(q.TimeRange.To), "%s: %s after %s", about, last, q.TimeRange.To)
							if _, expected := frame.Fields[1].Labels[labelForecast]; expected && !o.evaluated() {
								continue
							}
							require.False(t, last.After(now), "%s: %s after now", about, last)
						}
					}
				}
			}
		}
	}
}

// Of the public report: x is 1 until 12:00:08 and 0 afterwards; the rule's window begins at 12:00:37.
func TestReduceSeesItsWindowOnly(t *testing.T) {
	at := func(hour, minute, second int) time.Time {
		return time.Date(2026, 3, 1, hour, minute, second, 0, time.UTC)
	}
	store := memory.New(memory.Options{Now: func() time.Time { return at(12, 2, 0) }})
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	for when := at(11, 50, 8); !when.After(at(12, 1, 38)); when = when.Add(10 * time.Second) {
		value := 1.0
		if when.After(at(12, 0, 8)) {
			value = 0
		}
		batch := store.Batch(context.Background())
		_, err := batch.Append(0, func() labels.Labels { return of("x") }, when.UnixMilli(), value)
		require.NoError(t, err)
		require.NoError(t, batch.Commit())
	}
	src := source(t, store)
	src.Now = func() time.Time { return at(12, 1, 40) }
	src.Interval = func(series.Poll) time.Duration { return 10 * time.Second }
	for interval, want := range map[string][]time.Time{
		"1m":  {at(12, 1, 0)},
		"10s": {at(12, 0, 40), at(12, 0, 50), at(12, 1, 0), at(12, 1, 10), at(12, 1, 20), at(12, 1, 30)},
		"5m":  {at(12, 1, 37)},
	} {
		q := asked(`{"queryType":"promql","expr":"x","range":true,"instant":false,"interval":"` + interval + `"}`)
		q.TimeRange, q.Interval, q.MaxDataPoints = backend.TimeRange{From: at(12, 0, 37), To: at(12, 1, 37)}, time.Second, 43_200
		response := Run(context.Background(), src, q, Options{Alert: true})
		require.NoError(t, response.Error)
		times, values := response.Frames[0].Fields[0], response.Frames[0].Fields[1]
		var got []time.Time
		for i := range times.Len() {
			got = append(got, times.At(i).(time.Time))
			require.Zero(t, values.At(i), "1 was before the window")
		}
		require.Equal(t, want, got, interval)
	}
}
