package tables

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTextsAreComparedInTheCollationThatAStatementNames(t *testing.T) {
	v := recordedView(t, workload)
	for condition, rows := range map[string]int{
		"name = 'WEB' COLLATE NOCASE":            3,
		"(name COLLATE NOCASE) = 'WEB'":          3,
		"name = 'web  ' COLLATE RTRIM":           3,
		"name = 'web'":                           3,
		"name = 'WEB'":                           0,
		"role = 'PROD' COLLATE NOCASE":           7,
		"framework = 'Cassandra' COLLATE NOCASE": 1,
	} {
		require.Equal(t, rows, ask(t, v, "SELECT task_id FROM tasks WHERE "+condition).Rows, condition)
	}
}

func TestATextThatOnlyLooksLikeATimeIsAText(t *testing.T) {
	result := ask(t, recordedView(t, workload), "SELECT 'abcd-12345T789012345678Z' AS a, '2026-13-45T99:99:99.999Z' AS b, '2026-11-21T07:34:29.000Z' AS c")
	require.Equal(t, "abcd-12345T789012345678Z", result.Columns[0].Text(0))
	require.Equal(t, Text, result.Columns[1].Type)
	require.Equal(t, Time, result.Columns[2].Type)
}

func TestPlacesAreThoseOfWhatWasWritten(t *testing.T) {
	at := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	const written = "SELECT 'é', $__timeFrom() AS a, $__timeTo() AS b, memory FROM tasks"
	expanded, err := Expand(written, at, at)
	require.NoError(t, err)
	for _, word := range []string{"SELECT", "$__timeFrom()", "AS a", "$__timeTo()", "AS b", "memory", "tasks"} {
		before := 1 + len([]rune(written[:indexOf(t, written, word)]))
		text := word
		if word[0] == '$' {
			text = "'2026-11-21T07"
			if word == "$__timeTo()" {
				text = "'2026-11-21T07:00:00.000Z' AS b"
			}
		}
		require.Equal(t, before, expanded.OriginalPosition(written, 1+len([]rune(expanded.String()[:indexOf(t, expanded.String(), text)]))), word)
	}
	require.Zero(t, expanded.OriginalPosition(written, 0), "unknown")

	for sql, want := range map[string]int{"SELECT 'é'; SELECT 2": 13, "/* é */ DROP TABLE tasks": 9} {
		_, err := NewEngine().Run(t.Context(), Request{SQL: sql, View: recordedView(t, workload), Limit: 1})
		var of *Error
		require.ErrorAs(t, err, &of)
		require.Equal(t, want, of.Position, sql)
	}
}

func TestStatementIsCheckedWithoutRows(t *testing.T) {
	engine := NewEngine()
	for sql, want := range map[string]string{
		"SELECT t.name, count(*) FROM tasks t JOIN agents a ON a.agent_id = t.agent_id WHERE t.state = 'x' GROUP BY 1": "",
		"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n":                              "", // endless
		"SELECT kind FROM events ORDER BY nowhere":                                                                     `Unknown column "nowhere". Available: events has `,
		"SELECT name, FROM tasks":                              "(at character 14)",
		"SELECT nme FROM tasks":                                `Unknown column "nme". Did you mean "name"?`,
		`SELECT name FROM tasks WHERE framework = "mara thon"`: `Unknown column "mara thon": double quotes are for names. Write a text in single quotes: 'mara thon'. (at character 42)`,
		`SELECT "nme" FROM tasks`:                              `Write a text in single quotes: 'nme', or did you mean the column "name"?`,
		"SELECT name FROM task_s":                              `Unknown table "task_s". Did you mean "tasks"?`,
		"SELECT name FROM taks":                                `Unknown table "taks". Did you mean "tasks"?`,
		"SELECT name FROM pods":                                `Unknown table "pods". Available: tasks, `,
		"SELECT cuont(*) FROM tasks":                           `Unknown function "cuont". Did you mean "count"?`,
		"SELECT framework":                                     `FROM and a table are missing: the column "framework" is of tasks, frameworks, `,
		"SELECT t.\"agent\", 1":                                `FROM and a table are missing: the column "t.agent" is of `,
		"SELECT state, count(*) GROUP BY state":                `Write for example SELECT state FROM tasks (at character 8)`,
		"SELECT framwork":                                      `FROM and a table are missing, and no table has a column "framwork". Did you mean "framework", which is of tasks, `,
		"SELECT nowhere_at_all":                                `FROM and a table are missing, and no table has a column "nowhere_at_all". Available are the tables tasks, `,
		"SELECT *":                                             "FROM and a table are missing: write for example SELECT * FROM tasks. Available: tasks, ",
		"SELECT name FROM ":                                    "FROM names no table. Available: tasks, ",
		"SELECT task_id FROM agents":                           `Did you mean "tasks"? The column is of tasks or `,
		"SELECT executor_id FROM quota":                        `. The column is of tasks or executors`,
		"SELECT 'from' AS x, framework":                        "FROM and a table are missing: ",
		"SELECT load_extension('x')":                           "load_extension",
		"SELECT 1; SELECT 2":                                   "there is a second statement",
		"DELETE FROM tasks":                                    "SELECT",
	} {
		err := engine.Check(t.Context(), sql)
		if want == "" {
			require.NoError(t, err, sql)
			continue
		}
		require.ErrorContains(t, err, want, sql)
		var of *Error
		require.ErrorAs(t, err, &of)
	}
}

func TestColumnsAreProposedOfTheTablesThatAreRead(t *testing.T) {
	for sql, want := range map[string][]string{
		"SELECT framework, nowhere FROM tasks WHERE role = 'agents'":          {"tasks"},
		"SELECT framework FROM tasks t, agents AS a, roles ORDER BY 1, agent": {"tasks", "agents", "roles"},
		"SELECT x FROM (SELECT agent, framework FROM task)":                   {"tasks"},
		"SELECT x FROM tasks t JOIN \"agents\" a ON a.agent_id = t.agent_id":  {"tasks", "agents"},
		"SELECT x FROM nowhere": nil,
	} {
		var names []string
		for _, table := range tablesIn(sql) {
			names = append(names, table.Name)
		}
		require.Equal(t, want, names, sql)
	}
	err := NewEngine().Check(t.Context(), "SELECT framework, failover_timeout FROM tasks")
	require.ErrorContains(t, err, `Unknown column "failover_timeout". Available: tasks has task_id, `)
	require.NotContains(t, err.Error(), "frameworks has")
}

func TestMacrosAreArgumentsOfMacros(t *testing.T) {
	at := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)
	expanded, err := Expand("$__timeFilter($__timeGroup(start_time, 5m))", at, at.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, "(time_bucket('5m', start_time) >= '2026-11-21T07:00:00.000Z' AND time_bucket('5m', start_time) <= '2026-11-21T08:00:00.000Z')", expanded.String())
	deep := "time"
	for range 30 {
		deep = "$__timeFilter(" + deep + ")"
	}
	_, err = Expand(deep, at, at)
	require.ErrorContains(t, err, "deep")
	for written, want := range map[string]string{
		"SELECT $__from":             "write $__timeFrom()",
		"SELECT ${__to}":             "write $__timeTo()",
		"SELECT ${__from:date}":      "write $__timeFrom()",
		"SELECT $__timeFilter($__b)": "argument 1 of $__timeFilter: unknown macro \"$__b\"",
	} {
		_, err = Expand(written, at, at)
		require.ErrorContains(t, err, want)
	}
}

func TestTextsAreThoseBetweenSingleQuotationMarks(t *testing.T) {
	require.Equal(t, []string{"^web$", "it", "s"}, Texts("SELECT \"don't\" -- don't\nWHERE name REGEXP '^web$' OR 'it''s' /* $x's */ -- it costs $x"))
}

func TestClausesOfWithAreCountedWhereTheyAreTables(t *testing.T) {
	require.NoError(t, checkClauses("WITH a AS (SELECT 1 AS x, 2 AS y, 3 AS z), b AS (SELECT a.x, a.y, a.z, a.x + a.y FROM a), c AS (SELECT b.x, b.y, b.z FROM b), "+
		"d AS (SELECT c.x, c.y, c.z, c.x, c.y FROM c), e AS (SELECT d.x, d.y, d.z FROM d) SELECT e.x, e.y, e.z, e.x, e.y FROM e"))
	require.NoError(t, checkClauses("WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT n FROM a"))
	require.NoError(t, checkClauses(doubling(6, "t%d")))
	require.Error(t, checkClauses(doubling(9, "t%d")))
}

func TestBucketsAreThoseOfTheCalendar(t *testing.T) {
	at := time.Date(2026, 11, 21, 7, 34, 29, 5e8, time.UTC)
	for length, want := range map[string]string{
		"30s": "2026-11-21T07:34:00Z", "1h": "2026-11-21T07:00:00Z", "1d": "2026-11-21T00:00:00Z", "1w": "2026-11-16T00:00:00Z",
		"1M": "2026-11-01T00:00:00Z", "3M": "2026-10-01T00:00:00Z", "1y": "2026-01-01T00:00:00Z",
	} {
		b, err := bucketOf(length)
		require.NoError(t, err)
		require.Equal(t, want, b.of(at).Format(time.RFC3339), length)
		require.Equal(t, b.of(at), b.of(b.of(at)), "the beginning of a bucket is in it")
	}
	early, err := bucketOf("1w")
	require.NoError(t, err)
	require.Equal(t, "1969-12-29T00:00:00Z", early.of(time.Unix(0, 0)).Format(time.RFC3339))
	for _, wrong := range []string{"0M", "999y", "-1h", "0s", "1 M"} {
		_, err := bucketOf(wrong)
		require.ErrorContains(t, err, "is not a valid duration", wrong)
	}
}

func TestAColumnOfJSONThatHasOtherTextsIsText(t *testing.T) {
	v := recordedView(t, workload)
	column := ask(t, v, "SELECT labels FROM tasks WHERE labels IS NOT NULL UNION ALL SELECT 'no json'").Columns[0]
	require.Equal(t, Text, column.Type)
	require.Equal(t, JSON, ask(t, v, "SELECT labels FROM tasks WHERE labels IS NOT NULL").Columns[0].Type)
}

func TestMessagesOfSQLiteAreShort(t *testing.T) {
	v := recordedView(t, workload)
	for sql, want := range map[string]string{
		"SELECT json_extract('{}', printf('%.*c', 250000, 'a'))":             "JSON path",
		"SELECT length(group_concat(printf('%.*c', 20000, 'x'))) FROM tasks": "a text has more than 256 KiB: use substr",
		"SELECT 1 FROM tasks" + strings.Repeat(", tasks", 250):               "",
	} {
		_, err := NewEngine().Run(t.Context(), Request{SQL: sql, View: v, Limit: 1})
		require.ErrorContains(t, err, want)
		require.Less(t, len(err.Error()), 600)
	}
}

// doubling returns a statement with clauses that each use the one before twice. name has a %d.
func doubling(clauses int, name string) string {
	of := func(n int) string { return fmt.Sprintf(name, n) }
	b := "WITH " + of(0) + " AS (SELECT 1 AS x)"
	for n := range clauses {
		b += fmt.Sprintf(", %s AS (SELECT a.x FROM %s a, %s b)", of(n+1), of(n), of(n))
	}
	return b + " SELECT count(*) FROM " + of(clauses)
}
