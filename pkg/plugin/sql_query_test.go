package plugin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/query"
)

// A statement over the tasks of a recorded /state goes through QueryData to a frame.
func TestSQLIsAnswered(t *testing.T) {
	s := newFixture(t, nil, mesostest.Scene{Name: "03-workload"}).start()

	t.Run("rows of a table", func(t *testing.T) {
		frame := s.ask(`{"queryType":"sql","sql":"SELECT task_id, agent, state, cpus, memory_bytes, start_time FROM tasks WHERE framework = 'cassandra'"}`).Frames[0]
		require.Equal(t, data.FrameTypeTable, frame.Meta.Type)
		require.Equal(t, 1, frame.Rows())
		var names []string
		for _, field := range frame.Fields {
			names = append(names, field.Name)
		}
		require.Equal(t, []string{"task_id", "agent", "state", "cpus", "memory_bytes", "start_time"}, names)
		require.Equal(t, data.FieldTypeNullableTime, frame.Fields[5].Type())
		require.Equal(t, "bytes", frame.Fields[4].Config.Unit)
		memory, _ := frame.Fields[4].NullableFloatAt(0)
		require.InDelta(t, 128<<20, *memory, 0)
	})
	t.Run("the statement of the contract runs as it stands", func(t *testing.T) {
		frame := s.ask(`{"queryType":"sql","sql":"SELECT task_id, SUM(usage_seconds) / 1000 AS duration FROM task WHERE task_id = 'exec-sleep' GROUP BY task_id"}`).Frames[0]
		require.Equal(t, 1, frame.Rows())
		require.Equal(t, "duration", frame.Fields[1].Name)
		require.True(t, frame.Fields[1].NilAt(0), "what no agent measured is not known, and not 0")
	})
	t.Run("a task is linked with its logs, its agent and the web UI", func(t *testing.T) {
		s := newFixture(t, map[string]any{"sandboxLogs": "viewer"}, mesostest.Scene{Name: "03-workload"}).start()
		frame := s.ask(`{"queryType":"sql","sql":"SELECT task_id AS id, framework_id, agent_id, sandbox_url, upper(agent) AS agent FROM tasks"}`).Frames[0]
		links := map[string][]string{}
		for _, field := range frame.Fields {
			if field.Config == nil {
				continue
			}
			for _, link := range field.Config.Links {
				text := link.Title
				if link.Internal != nil {
					raw, err := json.Marshal(link.Internal.Query)
					require.NoError(t, err)
					require.Equal(t, "mesos", link.Internal.DatasourceUID)
					text += " " + string(raw)
				}
				links[field.Name] = append(links[field.Name], text+link.URL)
			}
		}
		require.Equal(t, `Logs (stderr) {"agentId":"${__data.fields[\"agent_id\"]}","file":"stderr","frameworkId":"${__data.fields[\"framework_id\"]}","queryType":"logs","taskId":"${__value.raw}"}`, links["id"][1])
		require.Equal(t, `Agent {"filters":[{"label":"agent_id","operator":"=","value":"${__value.raw}"}],"queryType":"table","table":"agents"}`, links["agent_id"][0])
		require.Regexp(t, `^Agent in Mesos' web UIhttp://.+/#/slaves/\$\{__value.raw:percentencode\}$`, links["agent_id"][3])
		require.Equal(t, []string{"Sandbox in Mesos' web UI${__value.raw}"}, links["sandbox_url"])
		require.Empty(t, links["agent"], "an expression may be anything")
	})
	t.Run("all tasks are counted", func(t *testing.T) {
		frame := s.ask(`{"queryType":"sql","sql":"SELECT framework, count(*) AS n FROM tasks GROUP BY framework ORDER BY n DESC, framework"}`).Frames[0]
		require.Equal(t, 8, frame.Rows())
		first, _ := frame.ConcreteAt(0, 0)
		n, _ := frame.ConcreteAt(1, 0)
		require.Equal(t, []any{"Spark ETL (nightly)", int64(8)}, []any{first, n})
	})
	for query, want := range map[string]string{
		`SELECT memory FROM tasks`:       `sql: Unknown column "memory". Did you mean "memory_bytes", "memory_limit_bytes" or "memory_used_bytes"? (at character 8)`,
		`DROP TABLE tasks`:               `sql: the statement begins with "DROP": write a SELECT, which is all there is (at character 1)`,
		`SELECT 1; SELECT 2`:             "sql: there is a second statement: write one SELECT (at character 11)",
		`SELECT * FROM job`:              `sql: Unknown table "job". Available: `,
		`SELECT readfile('/etc/passwd')`: `sql: Unknown function "readfile". Available: `,
	} {
		t.Run(query, func(t *testing.T) {
			require.ErrorContains(t, s.ask(`{"queryType":"sql","sql":"`+query+`"}`).Error, want)
		})
	}
}

// The form of a rule says before saving what the rule would get.
func TestARuleIsTriedBeforeItIsSaved(t *testing.T) {
	s := newFixture(t, nil, mesostest.Scene{Name: "03-workload"}).start()
	try := func(q string) (got query.Trial) {
		s.answer("POST rule", `{"query": `+q+`}`, &got)
		return got
	}
	const sql = `{"queryType":"sql","format":"numeric","sql":"SELECT framework, count(*) AS n%s FROM tasks GROUP BY framework"}`
	one := try(fmt.Sprintf(sql, ""))
	require.Empty(t, one.Error)
	require.Positive(t, one.Numbers)
	require.Contains(t, try(fmt.Sprintf(sql, ", sum(cpus) AS cpus")).Error, "numeric needs one column of numbers, and there are n and cpus")
	require.Contains(t, try(`{"queryType":"logs","taskId":"t"}`).Error, "rule")
	require.True(t, try(`{"expr":"mesos_up"}`).Range, "a rule made from a panel reads its range")
}

// A new data source knows the number of events of the time that it has watched.
func TestARuleIsTriedOverItsOwnTimeRange(t *testing.T) {
	s := newFixture(t, nil, mesostest.Scene{Name: "03-workload"}).start()
	s.clock.Advance(4 * every)
	try := func(seconds int) string {
		var got query.Trial
		s.answer("POST rule", fmt.Sprintf(`{"query": {"queryType":"events","format":"count"}, "relativeTimeRange": {"from": %d, "to": 0}}`, seconds), &got)
		return got.Error
	}
	require.Contains(t, try(600), "not known: the time range begins at")
	require.Empty(t, try(int((3 * every).Seconds())))
	for _, wrong := range []string{`{"from": 0, "to": 0}`, `{"from": 60, "to": -1}`, `{"from": 60, "to": 60}`, `{"from": 1e10}`, `{"from": "10m"}`} {
		code, text := s.call("POST rule", `{"query": {"expr": "mesos_up"}, "relativeTimeRange": `+wrong+`}`)
		require.Equal(t, http.StatusBadRequest, code, wrong)
		require.Contains(t, string(text), `{\"from\": 600, \"to\": 0}`, wrong)
	}
}
