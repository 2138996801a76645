package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// statement returns a query of SQL.
func statement(t *testing.T, sql, format string) string {
	t.Helper()
	raw, err := json.Marshal(map[string]string{"queryType": "sql", "sql": sql, "format": format})
	require.NoError(t, err)
	return string(raw)
}

// askRule sends a query as an alert rule does.
func (s *fixture) askRule(query string) backend.DataResponse {
	s.t.Helper()
	answer, err := s.plugin.QueryData(context.Background(), &backend.QueryDataRequest{
		PluginContext: s.context(), Headers: map[string]string{headerFromAlert: "true"}, Queries: []backend.DataQuery{s.asked(query)},
	})
	require.NoError(s.t, err)
	response := answer.Responses["A"]
	if response.Error == nil {
		readable(s.t, response.Frames)
	}
	return response
}

func TestRulesReadNumbersOfSQL(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	const perFramework = "SELECT framework, count(*) AS tasks FROM tasks GROUP BY framework"

	frame := s.askRule(statement(t, perFramework, "numeric")).Frames[0]
	require.Equal(t, data.FrameTypeNumericWide, frame.Meta.Type)
	numbers := map[string]float64{}
	for _, field := range frame.Fields {
		x, err := field.FloatAt(0)
		require.NoError(t, err)
		numbers[field.Labels["framework"]] = x
		require.Equal(t, field.Labels["framework"], field.Config.DisplayNameFromDS)
	}
	require.Equal(t, map[string]float64{
		"Long Lived Framework (C++)": 4, "Spark ETL (nightly)": 8, "cassandra": 1, "chronos": 8, "disconnected-fw": 1, "marathon": 7, "mesos-execute instance": 1, "old-framework": 3,
	}, numbers)

	t.Run("what is not known is left out, and nothing is no 0", func(t *testing.T) {
		require.Empty(t, s.askRule(statement(t, "SELECT task_id, usage_seconds FROM tasks", "numeric")).Frames[0].Fields)
		require.Empty(t, s.askRule(statement(t, "SELECT task_id, cpus FROM tasks WHERE name = 'nobody'", "numeric")).Frames[0].Fields)
	})
	for name, c := range map[string]struct{ sql, format, want string }{
		"a table":              {perFramework, "table", "a table has no one number per row"},
		"two numbers":          {"SELECT framework, count(*) AS tasks, sum(cpus) AS cpus FROM tasks GROUP BY framework", "numeric", "numeric needs one column of numbers, and there are tasks and cpus"},
		"no number":            {"SELECT framework FROM frameworks", "numeric", "numeric needs a column of numbers: framework is text"},
		"a time":               {"SELECT start_time, cpus FROM tasks", "numeric", "the column start_time is one"},
		"equal texts":          {"SELECT framework, cpus FROM tasks", "numeric", "two rows have the same texts"},
		"no time":              {perFramework, "time_series", "time_series needs a column of times"},
		"more rows than fit":   {"SELECT a.task_id || b.task_id || c.task_id AS x, 1 AS n FROM tasks a, tasks b, tasks c", "numeric", "rules and expressions need all"},
		"a variable":           {"SELECT count(*) AS n FROM tasks WHERE framework = '$framework'", "numeric", `"$framework" is a variable of dashboards`},
		"a variable in code":   {"SELECT count(*) AS n FROM tasks WHERE framework IN ($framework)", "numeric", `"$framework" is a variable without a value`},
		"a fault after macros": {"SELECT $__timeFrom() AS x, memory, $__interval_ms AS n FROM tasks", "numeric", `Unknown column "memory". Did you mean "memory_bytes", "memory_limit_bytes" or "memory_used_bytes"? (at character 28)`},
		"a time of Grafana's":  {"SELECT count(*) AS n FROM events WHERE time > ${__from}", "numeric", `"${__from}" has no value in SQL: write $__timeFrom()`},
		"an unknown macro":     {"SELECT count(*) AS n FROM events WHERE $__timefilter(time)", "numeric", `unknown macro "$__timefilter"`},
		"an unknown argument":  {"SELECT count(*) AS n FROM events WHERE $__timeFilter()", "numeric", "$__timeFilter has 0 arguments and takes 1"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, s.askRule(statement(t, c.sql, c.format)).Error, c.want)
		})
	}
	t.Run("what looks like a variable in a comment is none", func(t *testing.T) {
		require.NoError(t, s.askRule(statement(t, "SELECT count(*) AS n FROM tasks -- don't\nWHERE name REGEXP '^web$' -- it costs $x", "numeric")).Error)
	})
	t.Run("columns of one name are labels of two names", func(t *testing.T) {
		response := s.askRule(statement(t, "SELECT t.name, a.agent AS name, count(*) AS n FROM tasks t JOIN agents a ON a.agent_id = t.agent_id WHERE t.name = 'api' GROUP BY 1, 2", "numeric"))
		require.NoError(t, response.Error)
		for _, field := range response.Frames[0].Fields {
			require.Equal(t, "api", field.Labels["name"])
			require.Regexp(t, "^agent", field.Labels["name 2"])
		}
	})
	t.Run("tables that were not read lately are not known", func(t *testing.T) {
		s.cluster.Kill("127.0.0.1:5050")
		s.clock.Advance(10 * every)
		require.ErrorContains(t, s.askRule(statement(t, perFramework, "numeric")).Error, "the cluster was last read")
		require.Equal(t, 8, s.ask(statement(t, perFramework, "table")).Frames[0].Rows(), "people see them, and how old they are")
	})
}

func TestTimeSeriesOfSQL(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	response := s.ask(statement(t, "SELECT $__timeGroup(start_time, 1m) AS time, role, count(*) AS tasks FROM tasks WHERE role IN ('db', 'prod') GROUP BY 1, 2 ORDER BY 1 DESC", "time_series"))
	require.NoError(t, response.Error)
	points := map[string]map[string]float64{}
	for _, frame := range response.Frames {
		require.Equal(t, data.FrameTypeTimeSeriesMulti, frame.Meta.Type)
		role := frame.Fields[1].Labels["role"]
		points[role] = map[string]float64{}
		for i := range frame.Rows() {
			x, err := frame.Fields[1].FloatAt(i)
			require.NoError(t, err)
			at, _ := frame.ConcreteAt(0, i)
			points[role][at.(time.Time).UTC().Format(time.TimeOnly)] = x
		}
	}
	// marathon's tasks began between 07:34:29 and 07:34:31, but for one at 07:36:01.
	require.Equal(t, map[string]map[string]float64{"db": {"07:34:00": 1}, "prod": {"07:34:00": 6, "07:36:00": 1}}, points)
}

// Points are of the time range, as those of any other query.
func TestTimeSeriesOfSQLAreOfTheTimeRange(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	const sql = "SELECT '2027-01-01T00:00:00.000Z' AS time, 'later' AS which, 1 AS n UNION ALL SELECT '2020-01-01T00:00:00.000Z', 'earlier', 2 UNION ALL SELECT $__timeTo(), 'now', 3"
	which := func(response backend.DataResponse) (found []string) {
		require.NoError(t, response.Error)
		for _, frame := range response.Frames {
			found = append(found, frame.Fields[1].Labels["which"])
		}
		return found
	}
	require.Equal(t, []string{"now"}, which(s.askRule(statement(t, sql, "time_series"))))
	panel := s.ask(statement(t, sql, "time_series"))
	require.ElementsMatch(t, []string{"earlier", "now"}, which(panel))
	require.Contains(t, fmt.Sprint(panel.Frames[0].Meta.Notices), "1 of 3 rows are left out")
}

func TestSeveralNumbersOfSQLAreToldApart(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	response := s.askRule(statement(t, `SELECT $__timeTo() AS time, name AS "column", sum(cpus) AS cpus, sum(gpus) AS gpus FROM tasks WHERE name IN ('web', 'api') GROUP BY 2`, "time_series"))
	require.NoError(t, response.Error)
	found := map[string]bool{}
	for _, frame := range response.Frames {
		found[frame.Fields[1].Labels["column"]+" "+frame.Fields[1].Labels["column 2"]] = true
	}
	require.Equal(t, map[string]bool{"web cpus": true, "api cpus": true, "web gpus": true, "api gpus": true}, found)
}

// A dashboard's filters name labels of series.
func TestFiltersOfDashboardsChooseRowsOfTables(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	rows := func(table, filter string) int {
		t.Helper()
		frame := s.ask(`{"queryType":"table","table":"` + table + `","adhocFilters":[` + filter + `]}`).Frames[0]
		require.NotContains(t, fmt.Sprint(frame.Meta.Notices), "left out")
		return frame.Rows()
	}
	for filter, want := range map[string]string{
		`{"key":"task","operator":"=","value":"web"}`:                         "name = 'web'",
		`{"key":"task","operator":"=~","value":"web|api"}`:                    "name IN ('web', 'api')",
		`{"key":"task","operator":"!=","value":"web"}`:                        "name != 'web'",
		`{"key":"attr_rack","operator":"=","value":"r1"}`:                     `agent_id IN (SELECT agent_id FROM agents WHERE attributes ->> 'rack' = 'r1')`,
		`{"key":"attr_rack","operator":"!=","value":"r1"}`:                    `agent_id NOT IN (SELECT agent_id FROM agents WHERE attributes ->> 'rack' = 'r1')`,
		`{"key":"zone","operator":"=~","value":".+"}`:                         `agent_id IN (SELECT agent_id FROM agents WHERE zone != '')`,
		`{"key":"framework","operator":"=|","values":["chronos","marathon"]}`: "framework IN ('chronos', 'marathon')",
	} {
		require.Equal(t, s.ask(statement(t, "SELECT task_id FROM tasks WHERE "+want, "table")).Frames[0].Rows(), rows("tasks", filter), filter)
	}
	require.Positive(t, rows("tasks", `{"key":"attr_rack","operator":"=~","value":".+"}`))
	require.Contains(t, s.ask(`{"queryType":"table","table":"tasks","filters":[{"label":"name","operator":"=","value":"$__interval"}]}`).Frames[0].Meta.ExecutedQueryString, "'$__interval'")
}

// A leader that does not answer is not up, and whether it leads is not known.
func TestMastersThatDoNotAnswerAreNotUp(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	row := func() (leading, up *bool, cause *string) {
		frame := s.ask(statement(t, "SELECT leading, up, error FROM masters", "table")).Frames[0]
		require.Equal(t, 1, frame.Rows())
		if of, is := frame.Fields[0].At(0).(*bool); is {
			leading = of
		}
		return leading, frame.Fields[1].At(0).(*bool), frame.Fields[2].At(0).(*string)
	}
	leading, up, cause := row()
	require.True(t, *leading)
	require.True(t, *up)
	require.Nil(t, cause)
	s.cluster.Kill(mesostest.Master)
	s.clock.Advance(2 * every)
	leading, up, cause = row()
	require.Nil(t, leading)
	require.False(t, *up)
	require.Contains(t, *cause, "onnection")
}

func TestQueriesOfTables(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	const query = `{"queryType":"table","table":"tasks","columns":["name","labels.app","memory_bytes"],
		"filters":[{"label":"memory_bytes","operator":">=","value":"64MiB"},{"label":"labels.app","operator":"!=","value":""}],
		"orderBy":[{"column":"task_id","direction":"desc"}],"limit":2}`
	frame := s.ask(query).Frames[0]
	require.Equal(t, []string{"name", "labels.app", "memory_bytes"}, []string{frame.Fields[0].Name, frame.Fields[1].Name, frame.Fields[2].Name})
	require.Equal(t, 2, frame.Rows())
	app, _ := frame.ConcreteAt(1, 0)
	require.Equal(t, "/shop/web", app)
	require.Equal(t, "The first 2 rows of tasks are shown, there are more: filter by a column (framework, role, labels.NAME), order by another one, or raise the limit (10000 at most).", frame.Meta.Notices[0].Text)

	code, raw := s.call("POST compile", `{"query":`+query+`}`)
	require.Equal(t, http.StatusOK, code)
	var compiled struct{ SQL string }
	require.NoError(t, json.Unmarshal(raw, &compiled))
	require.Equal(t, `SELECT name, labels ->> '$."app"' AS "labels.app", memory_bytes
FROM tasks
WHERE memory_bytes >= 67108864
  AND labels ->> '$."app"' IS NOT NULL AND labels ->> '$."app"' != ''
ORDER BY task_id DESC NULLS LAST
LIMIT 2`, compiled.SQL)
	require.Equal(t, 2, s.ask(statement(t, compiled.SQL, "table")).Frames[0].Rows(), "it runs as it is shown")

	rows := func(filter string) int {
		return s.ask(`{"queryType":"table","table":"tasks","filters":[` + filter + `]}`).Frames[0].Rows()
	}
	for filter, want := range map[string]int{
		`{"label":"framework","operator":"=","value":["chronos","marathon"]}`:  15,
		`{"label":"framework","operator":"!=","value":["chronos","marathon"]}`: 18,
		`{"label":"healthy","operator":"=","value":"true"}`:                    4,
		`{"label":"healthy","operator":"!=","value":"true"}`:                   29,
		`{"label":"executor_id","operator":"=","value":""}`:                    22,
		`{"label":"name","operator":"=~","value":"web.*"}`:                     4,
		`{"label":"name","operator":"!~","value":"web.*"}`:                     29,
		`{"label":"name","operator":"=~","value":["web","api"]}`:               5,
		`{"label":"labels.ünï","operator":"=","value":"日本\n\"q\""}`:            1,
		`{"label":"start_time","operator":">","value":"2026-11-21T07:36:15Z"}`: 5,
		`{"label":"name","operator":"=","value":"x' OR '1'='1"}`:               0,
		`{"label":"labels.x' OR 1=1 --","operator":"=","value":"a"}`:           0,
	} {
		require.Equal(t, want, rows(filter), filter)
	}
	for query, want := range map[string]string{
		`{"queryType":"table"}`: "table: is missing: one of tasks, agents",
		`{"queryType":"table","table":"tasks","columns":["memory"]}`:                                                   `columns[0]: the table tasks has no column "memory"`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"cpus","operator":">","value":"much"}]}`:             `filters[0].value: "much" is not a number`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"cpus","operator":"=","value":["1","0,5"]}]}`:        `filters[0].value: "0,5" is not a number: write for example 0.5 (column cpus)`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"cpus","operator":">","value":"1,500"}]}`:            `"1,500" is not a number: write for example 1500 or 1.5 (column cpus)`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"memory_bytes","operator":">","value":"0,5GiB"}]}`:   `"0,5GiB" is not a number: write for example 0.5GiB (column memory_bytes)`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"memory_bytes","operator":">","value":"2 gib"}]}`:    `"2 gib" is not a number: write for example 512MiB or 2GiB (column memory_bytes)`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"labels.tier","operator":"<","value":"0,5"}]}`:       `"0,5" is not a number: write for example 0.5 (column labels.tier)`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"start_time","operator":">","value":"2026"}]}`:       `"2026" is not a time: write for example 2026-01-31T12:00:00Z, or milliseconds since 1970 (column start_time)`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"start_time","operator":">","value":"1790000000"}]}`: `"1790000000" is not a time`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"healthy","operator":"=","value":"yes"}]}`:           `"yes" is not a boolean: write true or false (column healthy)`,
		`{"queryType":"table","table":"tasks","filters":[{"label":"name","operator":"<","value":"b"}]}`:                "filters[0].operator: < compares numbers and times, and name is text",
		`{"queryType":"table","table":"tasks","filters":[{"label":"name","operator":"=~","value":"("}]}`:               "filters[0].value",
		`{"queryType":"table","table":"tasks","orderBy":[{"column":"name","direction":"up"}]}`:                         `orderBy[0].direction: "up" is not known`,
		`{"queryType":"table","table":"tasks","limit":100000}`:                                                         "limit: 100000 is out of range",
	} {
		require.ErrorContains(t, s.ask(query).Error, want, query)
	}
	require.ErrorContains(t, s.askRule(query).Error, "use queryType sql with format numeric or time_series")
}

func TestSchemaAndValuesForCompletion(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	code, raw := s.call("GET schema", "")
	require.Equal(t, http.StatusOK, code)
	var schema struct {
		Tables []struct {
			Name    string
			Aliases []string
			Help    string
			Columns []struct{ Name, Type, Unit, Help string }
		}
		Functions, Macros []struct{ Name, Signature, Help string }
	}
	require.NoError(t, json.Unmarshal(raw, &schema))
	require.Equal(t, "tasks", schema.Tables[0].Name)
	require.Equal(t, []string{"task"}, schema.Tables[0].Aliases)
	require.Len(t, schema.Tables, 13)
	for _, table := range schema.Tables {
		require.NotEmpty(t, table.Help)
		for _, c := range table.Columns {
			require.NotEmpty(t, c.Help, "%s.%s", table.Name, c.Name)
			require.Contains(t, []string{"text", "integer", "real", "boolean", "time", "json"}, c.Type)
		}
	}
	require.Greater(t, len(schema.Functions), 50)
	require.Len(t, schema.Macros, 6)

	for path, want := range map[string][]string{
		"GET schema/values?table=tasks&column=framework&search=O&limit=2": {"Long Lived Framework (C++)", "chronos"},
		"GET schema/values?table=tasks&column=labels":                     {"HAPROXY_GROUP", "app", "ünï"},
		"GET schema/values?table=tasks&column=labels.app":                 {"/shop/web"},
		"GET schema/values?table=agents&column=attributes.rack":           {"r1", "r2", "r3"},
		"GET schema/values?table=frameworks&column=roles&search=ana":      {"analytics", "analytics/etl"},
		"GET schema/values?table=quota&column=role":                       {"batch", "prod"},
		// Of what passes the other filters.
		"GET schema/values?table=tasks&column=framework&filters=" + url.QueryEscape(`[{"label":"labels.app","operator":"=","value":"/shop/web"}]`):      {"marathon"},
		"GET schema/values?table=agents&column=attributes.rack&filters=" + url.QueryEscape(`[{"label":"agent","operator":"=~","value":"agent[12].*"}]`): {"r1", "r2"},
		"GET schema/values?table=tasks&column=name&search=%C3%9CBERSETZER":                                                                              {"übersetzer-日本"},
	} {
		code, raw := s.call(path, "")
		require.Equal(t, http.StatusOK, code, string(raw))
		var answer struct{ Data []string }
		require.NoError(t, json.Unmarshal(raw, &answer))
		if len(want) == 2 && len(answer.Data) > 2 {
			answer.Data = answer.Data[:2]
		}
		require.Equal(t, want, answer.Data, path)
	}
	code, raw = s.call("GET schema/values?table=tasks&column=framework&limit=2", "")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, string(raw), `"total":8,"warnings":["2 of 8 values are listed: search for a part of one."]`)
	code, raw = s.call("GET schema/values?table=tasks&column=name&filters="+url.QueryEscape(`[{"label":"planet","operator":"=","value":"x"}]`), "")
	require.Equal(t, http.StatusBadRequest, code)
	require.Contains(t, string(raw), "filters[0].label")
	code, raw = s.call("GET schema/values?table=jobs&column=name", "")
	require.Equal(t, http.StatusBadRequest, code)
	require.Contains(t, string(raw), "one of tasks")

	t.Run("a variable", func(t *testing.T) {
		frame := s.ask(`{"queryType":"variable","variable":{"sql":"SELECT framework AS text, framework_id AS value FROM frameworks WHERE state != 'active'"}}`).Frames[0]
		shown, _ := frame.ConcreteAt(0, 0)
		value, _ := frame.ConcreteAt(1, 0)
		require.Equal(t, "disconnected-fw", shown)
		require.Contains(t, value, "-00")
		require.Equal(t, 9, s.ask(`{"queryType":"variable","variable":{"sql":"SELECT framework FROM frameworks"}}`).Frames[0].Rows())
	})
}
