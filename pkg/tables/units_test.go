package tables

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A column has the unit of what it is made of, whatever it is called, where that is certain.
func TestUnitsOfExpressions(t *testing.T) {
	v := recordedView(t, workload)
	for sql, want := range map[string][]Unit{
		// Functions that keep the unit, with names that do not tell it.
		"SELECT sum(memory_bytes) AS m, avg(t.memory_bytes) m2, max(memory_bytes), min(DISTINCT memory_bytes) x, total(disk_bytes) FROM tasks t":                                        {Bytes, Bytes, Bytes, Bytes, Bytes},
		"SELECT memory_bytes AS m, memory_bytes m2, \"memory_bytes\" AS m3, t.[memory_bytes] FROM tasks t LIMIT 1":                                                                      {Bytes, Bytes, Bytes, Bytes},
		"SELECT round(sum(memory_bytes), 1) AS a, abs(-memory_bytes) AS b, CAST(sum(memory_bytes) AS INTEGER) AS c FROM tasks":                                                          {Bytes, Bytes, Bytes},
		"SELECT coalesce(memory_used_bytes, memory_bytes) AS a, coalesce(sum(memory_bytes), 0) AS b, ifnull(run_seconds, NULL) AS c FROM tasks":                                         {Bytes, Bytes, Seconds},
		"SELECT CASE WHEN state = 'a' THEN memory_bytes WHEN 1 THEN CASE 1 WHEN 2 THEN 0 ELSE disk_bytes END ELSE 0 END AS a FROM tasks":                                                {Bytes},
		"SELECT iif(state = 'TASK_RUNNING', memory_bytes, disk_bytes) AS a, nullif(disk_bytes, 0) AS b FROM tasks":                                                                      {Bytes, Bytes},
		"SELECT max(memory_bytes) FILTER (WHERE 1) OVER w AS a, sum(memory_bytes) OVER (PARTITION BY agent) AS b, lag(memory_bytes) OVER w AS c FROM tasks WINDOW w AS (ORDER BY name)": {Bytes, Bytes, Bytes},
		"SELECT memory_bytes - disk_bytes AS a, memory_bytes + 0 AS b, (memory_bytes) AS c FROM agents LIMIT 1":                                                                         {Bytes, Bytes, Bytes},
		// A quotient of equal units is a percentage.
		"SELECT sum(memory_allocated_bytes) / nullif(sum(memory_bytes), 0) AS used, 1 - memory_allocated_bytes / memory_bytes AS free FROM agents": {Ratio, Ratio},
		"SELECT dominant_share * 100 AS a, avg(dominant_share) AS b FROM frameworks":                                                               {NoUnit, Ratio},
		// Through other statements.
		"WITH x(who, m) AS (SELECT agent, sum(memory_bytes) FROM tasks GROUP BY 1), y AS (SELECT max(m) AS most FROM x) SELECT most, (SELECT sum(m) FROM x) AS a FROM y": {Bytes, Bytes},
		"SELECT a.m AS x, b.run_seconds AS y FROM (SELECT agent_id, sum(memory_bytes) AS m FROM tasks GROUP BY 1) AS a JOIN tasks b USING (agent_id)":                    {Bytes, Seconds},
		"SELECT * FROM (SELECT sum(memory_bytes) AS m, count(*) AS n FROM tasks)":                                                                                        {Bytes, NoUnit},
		"SELECT sum(memory_bytes) AS m FROM tasks UNION ALL SELECT max(memory_bytes) FROM agents":                                                                        {Bytes},
		// Not certain.
		"SELECT memory_bytes / 1e9 AS a, memory_bytes * 8 AS b, memory_bytes * disk_bytes AS c, 1e9 / memory_bytes FROM agents LIMIT 1":                                           {NoUnit, NoUnit, NoUnit, NoUnit},
		"SELECT count(memory_bytes) AS a, coalesce(memory_bytes, run_seconds) AS b, memory_bytes + run_seconds AS c, memory_bytes > 5 AS d, length(memory_bytes) AS e FROM tasks": {NoUnit, NoUnit, NoUnit, NoUnit, NoUnit},
		"SELECT CASE WHEN 1 THEN memory_bytes ELSE cpus END AS a, memory_bytes IS DISTINCT FROM disk_bytes AS b, cpus / memory_bytes FROM tasks":                                  {NoUnit, NoUnit, NoUnit},
		"SELECT memory_bytes FROM agents UNION ALL SELECT cpus FROM agents":                                                                                                       {NoUnit},
		"WITH x AS (SELECT memory_bytes / 1e9 AS m FROM tasks) SELECT sum(m) AS a FROM x":                                                                                         {NoUnit},
		"SELECT sum(memory_bytes) AS a FROM (SELECT memory_bytes / 1e9 AS memory_bytes FROM tasks)":                                                                               {NoUnit},
		"WITH RECURSIVE n(x) AS (SELECT memory_bytes FROM agents UNION ALL SELECT x + 1 FROM n WHERE x < 0) SELECT max(x) AS a FROM n":                                            {NoUnit},
		"SELECT 1 AS a, NULL + 1 AS b, 0x10 AS c, 1.5e-3 AS d":                                                                                                                    {NoUnit, NoUnit, NoUnit, NoUnit},
		// The name is the user's word for it.
		"SELECT count(*) * 512 AS guessed_bytes, 5 AS wait_seconds FROM tasks": {Bytes, Seconds},
	} {
		result := ask(t, v, sql)
		require.Len(t, result.Columns, len(want), sql)
		for i, c := range result.Columns {
			if c.Type == Text || c.Type == Time {
				t.Fatalf("%s: %s is %s", sql, c.Name, c.Type)
			}
			require.Equal(t, want[i], c.Unit, "%s: %s", sql, c.Name)
		}
	}
}

// What is no statement, or nested deeply, has no units and ends nothing.
func TestUnitsOfWhatIsNotUnderstood(t *testing.T) {
	deep := "SELECT "
	for range 5000 {
		deep += "("
	}
	for _, sql := range []string{"", "SELECT", "SELECT (", "WITH", "WITH x", "WITH x AS", "WITH x() AS (SELECT 1) SELECT 1", "SELECT CASE", "SELECT CAST(", "SELECT a.", "SELECT ,", "SELECT f(,)", "VALUES (1)", "SELECT 1 FROM", "SELECT 1e", "SELECT '", "SELECT [", deep} {
		units, _ := unitsOf(sql)
		for _, unit := range units {
			require.Equal(t, NoUnit, unit, sql)
		}
	}
}
