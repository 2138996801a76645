package query

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/experimental"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/samples"
)

// small is a cluster of two frameworks; the second one is away for two minutes,
// and comes back.
func small(t testing.TB) Source {
	gone := flat(2, 60)
	for i := 30; i < 38; i++ {
		gone[i] = math.NaN()
	}
	return source(t, recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "marathon", "framework_id", "1"), flat(1.5, 60)},
		recorded{of("mesos_framework_cpus_allocated", "framework", "chronos", "framework_id", "2"), gone},
		recorded{of("mesos_framework_memory_allocated_bytes", "framework", "marathon", "framework_id", "1"), flat(1<<30, 60)},
		recorded{of("mesos_cluster_cpus_capacity"), flat(8, 60)},
		recorded{of("mesos_framework_tasks_ended_total", "framework", "marathon", "framework_id", "1", "state", "failed"), flat(7, 60)},
	))
}

func TestGoldenFrames(t *testing.T) {
	for name, query := range map[string]string{
		"range":             `{"entity":"framework","resource":"cpus","measure":"allocated","interval":"1m"}`,
		"range-table":       `{"entity":"framework","resource":"cpus","measure":"share","interval":"5m","format":"table"}`,
		"instant":           `{"entity":"framework","resource":"memory","measure":"allocated","instant":true}`,
		"instant-table":     `{"entity":"framework","resource":"cpus","measure":"allocated","groupBy":["framework_id","framework"],"instant":true,"format":"table"}`,
		"instant-rate":      `{"entity":"framework","resource":"tasks","measure":"failed","rate":true,"instant":true}`,
		"metric":            `{"metric":"mesos_cluster_cpus_capacity","instant":true}`,
		"promql":            `{"expr":"mesos_framework_cpus_allocated","interval":"5m"}`,
		"promql-legend":     `{"expr":"mesos_framework_cpus_allocated","instant":true,"legendFormat":"{{ framework }} of {{cluster}}{{none}}"}`,
		"no-data-range":     `{"entity":"agent","resource":"cpus","measure":"allocated"}`,
		"no-data-instant":   `{"entity":"agent","resource":"cpus","measure":"allocated","instant":true}`,
		"no-data-table":     `{"entity":"agent","resource":"cpus","measure":"allocated","instant":true,"format":"table"}`,
		"range-and-instant": `{"entity":"framework","resource":"cpus","measure":"allocated","groupBy":[],"interval":"5m","range":true,"instant":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			response := answered(t, small(t), query, Options{})
			experimental.CheckGoldenJSONResponse(t, "testdata/frames", name, &response, *update)
		})
	}
}

// Code has the axis of the builder in every kind of answer.
func TestEveryFrameOfAnExpressionHasItsUnit(t *testing.T) {
	for _, keys := range []string{``, `,"format":"table"`, `,"instant":true`, `,"instant":true,"format":"table"`} {
		for _, query := range []string{
			`{"entity":"framework","resource":"memory","measure":"allocated"` + keys + `}`,
			`{"expr":"sum by (framework) (mesos_framework_memory_allocated_bytes)"` + keys + `}`,
		} {
			response := answered(t, small(t), query, Options{})
			require.NotEmpty(t, response.Frames, query)
			for _, frame := range response.Frames {
				require.Equal(t, unitBytes, frame.Fields[len(frame.Fields)-1].Config.Unit, query)
			}
		}
	}
}

func TestARangeHasOnlyThePointsThatExist(t *testing.T) {
	response := answered(t, small(t), `{"entity":"framework","resource":"cpus","measure":"allocated"}`, Options{})
	rows := map[string]int{}
	for _, frame := range response.Frames {
		require.Len(t, frame.Fields, 2)
		require.Equal(t, 15_000.0, frame.Fields[0].Config.Interval, "Grafana draws gaps by it")
		require.Equal(t, data.FieldTypeTime, frame.Fields[0].Type())
		require.Equal(t, data.FieldTypeFloat64, frame.Fields[1].Type(), "not nullable: nothing is padded")
		rows[frame.Fields[1].Labels["framework"]] = frame.Rows()
	}
	// Away for eight polls of which a look-back of two and a half polls bridges two.
	require.Equal(t, map[string]int{"marathon": 41, "chronos": 41 - 6}, rows)
}

func TestNoDataIsAFrameWithoutFields(t *testing.T) {
	for query, want := range map[string]data.FrameType{
		`{"expr":"nothing"}`:                               data.FrameTypeTimeSeriesMulti,
		`{"expr":"nothing","instant":true}`:                data.FrameTypeNumericWide,
		`{"expr":"0 / (mesos_cluster_cpus_capacity - 8)"}`: data.FrameTypeTimeSeriesMulti,
		`{"expr":"0 / (vector(8) - 8)","instant":true}`:    data.FrameTypeNumericWide,
	} {
		response := answered(t, small(t), query, Options{})
		require.Len(t, response.Frames, 1, query)
		require.Empty(t, response.Frames[0].Fields, query)
		require.Equal(t, want, response.Frames[0].Meta.Type, query)
		require.Equal(t, data.FrameTypeVersion{0, 1}, response.Frames[0].Meta.TypeVersion)
		require.Equal(t, "A", response.Frames[0].RefID)
		require.NotEmpty(t, response.Frames[0].Meta.ExecutedQueryString)
	}
}

func TestATableWithoutRowsHasItsFields(t *testing.T) {
	absent := `"entity":"agent","resource":"cpus","measure":"allocated","format":"table"`
	for query, want := range map[string]string{
		`{` + absent + `}`:                "Time:time agent:string Value:number",
		`{` + absent + `,"instant":true}`: "agent:string Value:number",
		`{` + absent + `,"instant":true,"groupBy":["agent_id","attr_rack"],"legendFormat":"CPU"}`: "agent_id:string attr_rack:string CPU:number",
		`{` + absent + `,"groupBy":[]}`:                                                         "Time:time Value:number",
		`{"metric":"mesos_agent_tasks","format":"table","instant":true}`:                        "agent:string agent_id:string cluster:string state:string Value:number",
		`{"expr":"nothing","format":"table"}`:                                                   "Time:time Value:number",
		`{"expr":"topk(3, sum by (task, role) (nothing)) / 2","format":"table","instant":true}`: "task:string role:string Value:number",
	} {
		response := answered(t, small(t), query, Options{})
		require.Len(t, response.Frames, 1, query)
		require.Zero(t, response.Frames[0].Rows())
		var got []string
		for _, field := range response.Frames[0].Fields {
			got = append(got, field.Name+":"+map[data.FieldType]string{
				data.FieldTypeTime: "time", data.FieldTypeString: "string", data.FieldTypeFloat64: "number",
			}[field.Type()])
		}
		require.Equal(t, want, strings.Join(got, " "), query)

		ruled := Run(context.Background(), small(t), asked(query), Options{Alert: true})
		require.NoError(t, ruled.Error)
		require.Empty(t, ruled.Frames[0].Fields, "a rule must not take it for zero")
	}
}

func TestRulesGetNoTableOverTime(t *testing.T) {
	response := answered(t, small(t), `{"expr":"mesos_cluster_cpus_capacity","format":"table"}`, Options{Expression: true})
	require.Equal(t, data.FrameTypeTimeSeriesMulti, response.Frames[0].Meta.Type)
}

func TestATableHasAColumnForEveryLabelAnyRowHas(t *testing.T) {
	response := answered(t, small(t), `{"expr":"{__name__=~\"mesos_cluster_cpus_capacity|mesos_framework_cpus_allocated\"}","instant":true,"format":"table"}`, Options{})
	frame := response.Frames[0]
	var columns []string
	for _, field := range frame.Fields {
		columns = append(columns, field.Name)
	}
	require.Equal(t, []string{"__name__", "cluster", "framework", "framework_id", "Value"}, columns)
	require.Equal(t, 3, frame.Rows())
	for row := range frame.Rows() {
		ofCluster := frame.Fields[0].At(row) == "mesos_cluster_cpus_capacity"
		require.Equal(t, ofCluster, frame.Fields[2].At(row) == "", "a label a row does not have is empty")
	}
}

func TestAPlainLegendNamesTheColumnOfATable(t *testing.T) {
	for legend, want := range map[string]string{"": "Value", "__auto": "Value", "CPU used": "CPU used", "of {{framework}}": "Value"} {
		for _, kind := range []string{"instant", "range"} {
			query := fmt.Sprintf(`{"entity":"framework","resource":"cpus","measure":"allocated","format":"table","legendFormat":%q,%q:true}`, legend, kind)
			fields := answered(t, small(t), query, Options{}).Frames[0].Fields
			require.Equal(t, want, fields[len(fields)-1].Name, "%s, %s", legend, kind)
		}
	}
}

func TestLegends(t *testing.T) {
	alone := `{"entity":"framework","resource":"cpus","measure":"allocated"`
	for query, want := range map[string][]string{
		alone + `}`:                         {"chronos", "marathon"},
		alone + `,"legendFormat":"__auto"}`: {"chronos", "marathon"},
		alone + `,"groupBy":["framework_id","framework"]}`:                                       {"2, chronos", "1, marathon"},
		alone + `,"groupBy":[]}`:                                                                 {"CPU allocated"},
		alone + `,"groupBy":["user"]}`:                                                           nil, // no info series: nothing to join
		alone + `,"legendFormat":"{{framework}}!"}`:                                              {"chronos!", "marathon!"},
		alone + `,"groupBy":[],"forecast":"5m"}`:                                                 {"CPU allocated"},
		`{"metric":"mesos_cluster_cpus_capacity"}`:                                               {`mesos_cluster_cpus_capacity{cluster="test"}`},
		`{"metric":"mesos_cluster_cpus_capacity","groupBy":[]}`:                                  {"mesos_cluster_cpus_capacity"},
		`{"metric":"mesos_framework_tasks_ended_total"}`:                                         {`mesos_framework_tasks_ended_total{cluster="test", framework="marathon", framework_id="1", state="failed"} in 1m`},
		`{"metric":"mesos_framework_tasks_ended_total","legendFormat":"{{__name__}} {{state}}"}`: {"mesos_framework_tasks_ended_total failed"},
		`{"expr":"mesos_cluster_cpus_capacity"}`:                                                 {`mesos_cluster_cpus_capacity{cluster="test"}`},
		`{"expr":"sum(mesos_cluster_cpus_capacity)"}`:                                            {"sum(mesos_cluster_cpus_capacity)"},
		`{"expr":"sum(mesos_cluster_cpus_capacity)","legendFormat":"__auto"}`:                    {"sum(mesos_cluster_cpus_capacity)"},
		`{"expr":"mesos_framework_cpus_allocated","legendFormat":"__auto"}`: {
			`mesos_framework_cpus_allocated{framework="chronos", framework_id="2"}`, `mesos_framework_cpus_allocated{framework="marathon", framework_id="1"}`,
		},
		`{"expr":"mesos_cluster_cpus_capacity","legendFormat":"__auto"}`:                         {"mesos_cluster_cpus_capacity"},
		`{"expr":"mesos_cluster_cpus_capacity * 2","legendFormat":"__auto"}`:                     {"test"}, // the only label
		`{"expr":"sum by (framework) (mesos_framework_cpus_allocated)","legendFormat":"__auto"}`: {"chronos", "marathon"},
		`{"expr":"mesos_framework_cpus_allocated * 2","legendFormat":"__auto"}`:                  {`{framework="chronos", framework_id="2"}`, `{framework="marathon", framework_id="1"}`},
		`{"expr":"{__name__=~\"mesos_cluster_cpus_capacity|mesos_framework_memory_allocated_bytes\"}","legendFormat":"__auto"}`: {
			`mesos_cluster_cpus_capacity`, `mesos_framework_memory_allocated_bytes{framework="marathon", framework_id="1"}`,
		},
		// No series is without a name.
		alone + `,"legendFormat":"{{a}} {{b}}"}`:                                {"chronos", "marathon"},
		alone + `,"legendFormat":"{{a}}: {{framework}}"}`:                       {": chronos", ": marathon"},
		alone + `,"groupBy":[],"legendFormat":"({{a}})"}`:                       {"CPU allocated"},
		`{"expr":"mesos_cluster_cpus_capacity","legendFormat":"{{a}} - {{b}}"}`: {`mesos_cluster_cpus_capacity{cluster="test"}`},
		`{"expr":"sum(mesos_cluster_cpus_capacity)","legendFormat":"{{a}}"}`:    {`sum(mesos_cluster_cpus_capacity)`},
		`{"expr":"sum(mesos_cluster_cpus_capacity)","legendFormat":"–"}`:        {`–`},
		`{"expr":"mesos_cluster_cpus_capacity","legendFormat":"{{__name__}}"}`:  {"mesos_cluster_cpus_capacity"},
	} {
		response := answered(t, small(t), query, Options{})
		var got []string
		for _, frame := range response.Frames {
			if len(frame.Fields) > 0 {
				got = append(got, frame.Fields[1].Config.DisplayNameFromDS)
			}
		}
		require.Equal(t, want, got, query)
	}
}

// Grafana's table takes fields of a wide frame by their names.
func TestFieldsOfOneFrameHaveDifferentNames(t *testing.T) {
	for query, want := range map[string][]string{
		`{"expr":"mesos_framework_cpus_allocated","instant":true,"legendFormat":"{{a}} {{b}}"}`: {
			`mesos_framework_cpus_allocated{cluster="test", framework="chronos", framework_id="2"}`, `mesos_framework_cpus_allocated{cluster="test", framework="marathon", framework_id="1"}`,
		},
		`{"expr":"mesos_framework_cpus_allocated","instant":true,"legendFormat":"{{cluster}}"}`: {
			`test {framework="chronos", framework_id="2"}`, `test {framework="marathon", framework_id="1"}`,
		},
		`{"entity":"framework","resource":"cpus","measure":"allocated","instant":true,"legendFormat":"CPUs"}`: {
			`CPUs {framework="chronos"}`, `CPUs {framework="marathon"}`,
		},
	} {
		response := answered(t, small(t), query, Options{})
		require.Len(t, response.Frames, 1)
		var got []string
		for _, field := range response.Frames[0].Fields {
			got = append(got, field.Config.DisplayNameFromDS)
		}
		require.ElementsMatch(t, want, got, query)
	}
}

func TestTitlesSayWhatIsMeasured(t *testing.T) {
	for _, c := range []struct {
		entity   Entity
		resource Resource
		measure  Measure
		want     string
	}{
		{EntityAgent, ResourceCPUs, MeasureAllocated, "CPU allocated"},
		{EntityCluster, ResourceMemory, MeasureUsed, "Memory used"},
		{EntityRole, ResourceDisk, MeasureQuotaLimit, "Disk quota limit"},
		{EntityRole, ResourceGPUs, MeasureFree, "GPU quota free"},
		{EntityCluster, ResourceTasks, MeasureGoneByOperator, "Tasks gone by operator"},
	} {
		r, err := find(c.entity, c.resource, c.measure)
		require.NoError(t, err)
		require.Equal(t, c.want, titleOf(c.resource, c.measure, r))
	}
}

func TestUnits(t *testing.T) {
	for query, want := range map[string]string{
		`"entity":"agent","resource":"cpus","measure":"free"`:                           "suffix: CPUs",
		`"entity":"agent","resource":"gpus","measure":"capacity"`:                       "suffix: GPUs",
		`"entity":"agent","resource":"memory","measure":"used"`:                         "bytes",
		`"entity":"agent","resource":"disk","measure":"capacity"`:                       "bytes",
		`"entity":"agent","resource":"memory","measure":"utilization"`:                  "percentunit",
		`"entity":"framework","resource":"cpus","measure":"share"`:                      "percentunit",
		`"entity":"cluster","resource":"cpus","measure":"efficiency"`:                   "percentunit",
		`"entity":"agent","resource":"memory","measure":"capacity","aggregate":"count"`: "short",
		`"entity":"cluster","resource":"tasks","measure":"running"`:                     "short",
		`"entity":"cluster","resource":"tasks","measure":"failed"`:                      "short",
		`"entity":"cluster","resource":"tasks","measure":"failed","rate":true`:          "cps",
		`"entity":"cluster","resource":"tasks","measure":"failed","rate":"minute"`:      "cpm",
		`"metric":"mesos_cluster_tasks_ended_total","rate":"minute"`:                    "cpm",
		`"metric":"mesos_cluster_memory_capacity_bytes"`:                                "bytes",
		`"metric":"mesos_role_dominant_share_ratio"`:                                    "percentunit",
		`"metric":"mesos_cluster_tasks_ended_total","rate":true`:                        "cps",
		`"metric":"mesos_executor_cpu_seconds_total","rate":true`:                       "suffix: CPUs",
		`"metric":"mesos_executor_cpu_throttled_seconds_total","rate":true`:             "percentunit",
		`"metric":"mesos_up"`:                                                   "none",
		`"metric":"mesos_poll_duration_seconds"`:                                "s",
		`"metric":"mesos_agent_info","aggregate":"count","groupBy":["version"]`: "short",
		`"expr":"mesos_cluster_memory_capacity_bytes"`:                          "bytes",
	} {
		p, err := compileJSON(compileCase{query: `{` + query + `}`})
		require.NoError(t, err, query)
		require.Equal(t, want, p.unit, query)
	}
}

// A number of events says for how long: it grows with the step.
func TestCountsSayForHowLong(t *testing.T) {
	const failed = `{"entity":"cluster","resource":"tasks","measure":"failed"`
	for query, want := range map[string]string{
		failed + `}`:                                                   "Tasks failed in 1m", // $__rate_interval
		failed + `,"interval":"10m"}`:                                  "Tasks failed in 10m15s",
		failed + `,"instant":true}`:                                    "Tasks failed in 10m", // $__range
		failed + `,"rate":true}`:                                       "Tasks failed per second",
		failed + `,"rate":"minute"}`:                                   "Tasks failed per minute",
		failed + `,"rate":"minute","instant":true}`:                    "Tasks failed per minute",
		failed + `,"aggregate":"count"}`:                               "Tasks failed",
		failed + `,"groupBy":["cluster"]}`:                             "test",
		`{"metric":"mesos_cluster_tasks_ended_total"}`:                 `mesos_cluster_tasks_ended_total{cluster="test", state="failed"} in 1m`,
		`{"metric":"mesos_cluster_tasks_ended_total","rate":"second"}`: `mesos_cluster_tasks_ended_total{cluster="test", state="failed"} per second`,
		`{"metric":"mesos_cluster_tasks_ended_total","groupBy":[]}`:    `mesos_cluster_tasks_ended_total in 1m`,
	} {
		src := source(t, recordedStore(t, recorded{of("mesos_cluster_tasks_ended_total", "state", "failed"), flat(7, 60)}))
		response := answered(t, src, query, Options{})
		require.NotEmpty(t, response.Frames, query)
		fields := response.Frames[0].Fields
		config := fields[len(fields)-1].Config
		require.Equal(t, want, config.DisplayNameFromDS, query)
		if name, of, counted := strings.Cut(want, " in "); counted {
			require.NotEmpty(t, name)
			require.Contains(t, config.Description, " Each value is of the "+of+" before it.")
		}
	}
}

func TestEveryMeasureIsDescribed(t *testing.T) {
	for _, c := range everyCombination() {
		p, err := compileJSON(c)
		if err != nil {
			continue
		}
		require.NotEmpty(t, p.title, c.query)
		require.NotEmpty(t, p.unit, c.query)
		require.NotEmpty(t, p.about, c.query)
	}
}

// unknownBeginning is a store such as the remote engine before it was asked how far it reaches.
type unknownBeginning struct{ history.Store }

func (s unknownBeginning) Stats() history.Stats {
	st := s.Store.Stats()
	st.Start, st.StartsBefore = time.Time{}, true
	return st
}

func TestNotices(t *testing.T) {
	for name, c := range map[string]struct {
		query  string
		change func(*Source)
		want   []string
	}{
		"nothing to say": {`{"expr":"mesos_cluster_cpus_capacity"}`, nil, nil},
		"the range begins before history did": {
			`{"expr":"mesos_cluster_cpus_capacity offset 1m"}`, func(s *Source) {
				s.Store = recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(1, 20)})
			}, []string{"History begins at 2026-03-01 11:55:15 UTC: what was before is not known."},
		},
		"so does what an instant looks back to": {
			`{"expr":"increase(mesos_cluster_tasks_ended_total[1h])","instant":true}`, nil,
			[]string{"History begins at 2026-03-01 11:45:15 UTC: what was before is not known."},
		},
		"an instant of now does not": {`{"expr":"mesos_cluster_cpus_capacity","instant":true}`, nil, nil},
		"an empty history": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) { s.Store = recordedStore(t) },
			[]string{"Nothing has been collected yet: Mesos keeps no history, so it begins with the first poll."},
		},
		"a history that nobody knows the beginning of is not empty": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) { s.Store = unknownBeginning{s.Store} }, nil,
		},
		"tasks' history is not kept": {
			`{"entity":"task","resource":"cpus","measure":"allocated"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeriesWhy: "History of tasks is not kept: too many."}
				}
			}, []string{"History of tasks is not kept: too many."},
		},
		"which is no matter to others": {
			`{"entity":"framework","resource":"cpus","measure":"allocated"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeriesWhy: "Too many.", SeriesDropped: 9000, SeriesDroppedWhy: "Too many."}
				}
			}, nil,
		},
		"a restricted principal": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status { return collector.Status{TaskSeries: true, Restricted: true} }
			}, []string{"The principal sees part of the cluster only: Mesos leaves the rest out of its answers."},
		},
		"dropped series": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, SeriesDropped: 7, SeriesDroppedWhy: "memoryLimit is reached."}
				}
			}, []string{"7 series were not written at the last poll: memoryLimit is reached: the answer may lack some."},
		},
		"old data of a poll it needs": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{
						{Poll: "snapshot", Interval: every, LastAttempt: noon, LastSuccess: noon.Add(-time.Hour)},
						{Poll: "state", Interval: every, LastAttempt: noon, LastSuccess: noon.Add(-31 * time.Second), Err: context.DeadlineExceeded},
					}}
				}
			}, []string{"The last successful poll of /state was 31 s ago: context deadline exceeded."},
		},
		"a poll that never succeeded": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{{Poll: "state", Interval: every, LastAttempt: noon}}}
				}
			}, []string{"No poll of /state has succeeded yet."},
		},
		"polls that failed in the range": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				var recent []collector.Result
				for n := range 40 {
					result := collector.Result{At: noon.Add(time.Duration(n-39) * every)}
					if n%4 == 2 {
						result.Err = context.DeadlineExceeded
					}
					recent = append(recent, result)
				}
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{
						{Poll: "state", Interval: every, LastAttempt: noon, LastSuccess: noon, Recent: recent},
						{Poll: "snapshot", Interval: every, LastAttempt: noon, LastSuccess: noon, Recent: recent},
					}}
				}
			}, []string{"10 of 40 polls of /state failed between 2026-03-01 11:50:15 UTC and 2026-03-01 12:00:00 UTC, so that values are missing. The latest failed: context deadline exceeded."},
		},
		"agents that came back to a new leader": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Returning: &collector.Returning{Elected: noon.Add(-70 * time.Second), Before: 12, Fewest: 1, First: noon.Add(-time.Minute), Last: noon.Add(-30 * time.Second)}}
				}
			}, []string{"A new leader was elected at 2026-03-01 11:58:50 UTC, and agents come back to it one by one: from 2026-03-01 11:59:00 UTC to 2026-03-01 11:59:30 UTC it had fewer than the 12 agents of the leader before, 1 at the least. Numbers of that time are of the agents that were back."},
		},
		"agents that came back before the range": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Returning: &collector.Returning{Elected: noon.Add(-24 * time.Hour), Before: 12, Fewest: 1, First: noon.Add(-24 * time.Hour), Last: noon.Add(-24 * time.Hour)}}
				}
			}, nil,
		},
		"few polls that failed": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{
						{Poll: "state", Interval: every, LastAttempt: noon, LastSuccess: noon, Recent: []collector.Result{{At: noon.Add(-2 * every), Err: context.DeadlineExceeded}, {At: noon.Add(-every), Err: context.DeadlineExceeded}, {At: noon}}},
					}}
				}
			}, nil,
		},
		"measured use without agents": {
			`{"entity":"framework","resource":"cpus","measure":"used"}`, nil,
			[]string{"Use is measured by the agents, who are asked only where the setting agentStatistics is on."},
		},
		"values that cannot be true, in the range": {
			`{"expr":"mesos_cluster_cpus_used"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, LeftOut: []samples.LeftOut{
						{Poll: "agents", Values: 2, First: noon.Add(-time.Minute), Last: noon.Add(-30 * time.Second), Example: "Executor t1: mem_rss_bytes is -1."},
						{Poll: "snapshot", Values: 1, First: noon, Last: noon, Example: "of another poll"},
					}}
				}
			}, []string{"2 values of the poll agents cannot be true and were left out, the latest at 2026-03-01 11:59:30 UTC: a gap is shown instead. Executor t1: mem_rss_bytes is -1."},
		},
		"values that cannot be true, before the range": {
			`{"expr":"mesos_cluster_cpus_used"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, LeftOut: []samples.LeftOut{{Poll: "agents", Values: 1, First: noon.Add(-24 * time.Hour), Last: noon.Add(-24 * time.Hour)}}}
				}
			}, nil,
		},
		"what the agents' answers lack": {
			`{"expr":"mesos_cluster_cpus_used"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{{Poll: "agents", Interval: every, LastAttempt: noon, LastSuccess: noon}},
						AgentPolls: &collector.AgentPolls{Listed: 5, Silent: 2, NotReachedWhy: "1 of 5 agents was not asked.",
							Problems:   []collector.AgentProblem{{Category: "timeout", Agents: 2, Example: "a1 is slow."}},
							Containers: samples.ContainerCounts{Expected: 10, Read: 4, WithoutCPUs: 1, WithoutMemory: 2, Agent: "a1.example"}}}
				}
			}, []string{
				"2 of 5 agents gave no statistics in the latest poll. One of them: a1 is slow. Their part is unknown.",
				"1 of 5 agents was not asked.",
				"The agents' answers lack 6 of 10 containers that are running, most on agent a1.example: what they use is unknown. An agent leaves out what it cannot read: its log says why.",
				"1 of 4 containers have no CPU time in the agents' answers, most on agent a1.example, or a timestamp that does not go on: what CPUs they use is unknown. Look at the agent's --isolation.",
				"2 of 4 containers have no memory (mem_rss_bytes) in the agents' answers, most on agent a1.example: what they use of it is unknown. Look at the agent's --isolation.",
			},
		},
		"agents' own metrics lack no containers": {
			`{"expr":"mesos_agent_uptime_seconds"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{{Poll: "agents", Interval: every, LastAttempt: noon, LastSuccess: noon}},
						AgentPolls: &collector.AgentPolls{Listed: 5, Silent: 1, Containers: samples.ContainerCounts{Expected: 10}}}
				}
			}, []string{"1 of 5 agents gave no statistics in the latest poll. Their part is unknown."},
		},
		"what the agents' answers lack does not matter to others": {
			`{"expr":"mesos_up + on() mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Status = func() collector.Status {
					return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{{Poll: "agents", Interval: every, LastAttempt: noon, LastSuccess: noon}},
						AgentPolls: &collector.AgentPolls{Listed: 5, Silent: 2, Containers: samples.ContainerCounts{Expected: 10}}}
				}
			}, nil,
		},
		"PromQL's own": {
			`{"expr":"rate(mesos_cluster_cpus_capacity[1m])"}`, nil,
			[]string{`PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "mesos_cluster_cpus_capacity" (1:6)`},
		},
		"whatever the source adds": {
			`{"expr":"mesos_cluster_cpus_capacity"}`, func(s *Source) {
				s.Notices = func() []data.Notice { return []data.Notice{{Text: "more"}} }
			}, []string{"more"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := source(t, recordedStore(t, // whose answers are not empty
				recorded{of("mesos_cluster_cpus_capacity"), flat(8, 60)},
				recorded{of("mesos_cluster_cpus_used"), flat(8, 60)},
				recorded{of("mesos_up", "poll", "agents"), flat(1, 60)},
				recorded{of("mesos_agent_uptime_seconds", "agent", "a1", "agent_id", "S1"), flat(8, 60)},
				recorded{of("mesos_cluster_tasks_ended_total"), flat(8, 60)},
				recorded{of("mesos_framework_cpus_allocated", "framework", "marathon", "framework_id", "1"), flat(1.5, 60)},
			))
			if c.change != nil {
				c.change(&src)
			}
			require.Equal(t, c.want, texts(answered(t, src, c.query, Options{})))
		})
	}
}

func TestTheFirstPoll(t *testing.T) {
	empty, query := source(t, recordedStore(t)), `{"expr":"mesos_cluster_cpus_capacity"}`
	require.Contains(t, texts(answered(t, empty, query, Options{Ready: collector.ErrFirstPoll})),
		"The first poll of the cluster is still running: there is nothing to show yet.")

	require.Equal(t, []string{"The first poll of the cluster is still running: answers have only what was collected before it."},
		texts(answered(t, small(t), query, Options{Ready: collector.ErrFirstPoll})))

	failed := Run(context.Background(), empty, asked(query), Options{Ready: context.DeadlineExceeded})
	require.ErrorIs(t, failed.Error, context.DeadlineExceeded)
	require.Equal(t, backend.StatusBadGateway, failed.Status)
	require.Equal(t, backend.ErrorSourceDownstream, failed.ErrorSource)

	require.Empty(t, texts(answered(t, small(t), query, Options{Ready: context.DeadlineExceeded})), "there is a history to answer from")
}

func TestEfficiencyOfAPartSaysSo(t *testing.T) {
	src := source(t, recordedStore(t,
		recorded{of("mesos_cluster_cpus_used"), flat(2, 60)},
		recorded{of("mesos_cluster_cpus_measured"), flat(3, 60)},
		recorded{of("mesos_cluster_cpus_allocated"), flat(4, 60)},
	))
	src.Status = func() collector.Status {
		return collector.Status{TaskSeries: true, Polls: []collector.PollStatus{{Poll: "agents", Interval: every, LastAttempt: noon, LastSuccess: noon}}}
	}
	query := `{"entity":"cluster","resource":"cpus","measure":"efficiency"`
	for _, more := range []string{`}`, `,"instant":true}`} {
		require.Equal(t, []string{"Use was measured for 75 % of what is allocated: the efficiency is that of this part."}, texts(answered(t, src, query+more, Options{})))
	}
}

func TestFramesMarshal(t *testing.T) {
	response := answered(t, small(t), `{"expr":"mesos_cluster_cpus_capacity / 0","instant":true}`, Options{})
	raw, err := json.Marshal(response)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"Inf":[0]`)
}
