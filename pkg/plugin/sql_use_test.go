package plugin

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// What agents measure is in the tables, with values by hand: an agent whose two containers
// use 3 s and 1 s of CPU in 10 s, one that does not answer, and one that answers as recorded,
// always the same.
func TestSQLHasWhatAgentsMeasure(t *testing.T) {
	const marathon = "abbec842-7d73-4f70-8d69-201cee145933-0005"
	s := newAgentFixture(t, nil, workload)
	var answers atomic.Int64
	s.cluster.Handle("127.0.0.1:5051", "/monitor/statistics", func(w http.ResponseWriter, _ *http.Request) {
		n := answers.Add(1)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "[")
		for i, c := range []struct {
			task        string
			user, bytes int64
		}{{"marathon.web-unhealthy.1", 100 + 3*n, 20 << 20}, {"marathon.übersetzer-日本.2", 7 + n, 12 << 20}} {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"executor_id":%q,"executor_name":"","framework_id":%q,"source":%q,"statistics":{"cpus_limit":0.3,"cpus_user_time_secs":%d.0,"cpus_system_time_secs":50.5,"mem_limit_bytes":67108864,"mem_rss_bytes":%d,"mem_total_bytes":%d,"timestamp":%d.0}}`,
				c.task, marathon, c.task, c.user, c.bytes, c.bytes, 1795246577+10*n)
		}
		fmt.Fprint(w, "]")
	})
	s.cluster.Handle("127.0.0.1:5052", "/monitor/statistics", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	s.start()
	for range 3 {
		s.clock.Advance(every)
	}
	s.clock.Advance(every / 2) // until all agents were asked: the tables have what a whole pass brought
	n := answers.Load()
	require.GreaterOrEqual(t, n, int64(2))

	one := func(sql string) []any {
		t.Helper()
		response := s.ask(`{"queryType":"sql","sql":"` + sql + `"}`)
		require.NoError(t, response.Error)
		require.Equal(t, 1, response.Frames[0].Rows())
		var row []any
		for _, field := range response.Frames[0].Fields {
			value, known := field.ConcreteAt(0)
			if !known {
				value = nil
			}
			row = append(row, value)
		}
		return row
	}
	// 100 + 3n seconds of user time and 50.5 of system time, by 1000.
	row := one("SELECT task_id, SUM(usage_seconds) / 1000 AS duration FROM task WHERE task_id = 'marathon.web-unhealthy.1' GROUP BY task_id")
	require.Equal(t, "marathon.web-unhealthy.1", row[0])
	require.InDelta(t, (150.5+3*float64(n))/1000, row[1], 1e-9)
	row = one("SELECT cpus_used, memory_used_bytes FROM tasks WHERE task_id = 'marathon.web-unhealthy.1'")
	require.InDelta(t, 0.3, row[0], 1e-9)
	require.InDelta(t, 20<<20, row[1], 0)

	// Together 4 s in 10 s, and 32 MiB.
	row = one("SELECT cpus_used, memory_used_bytes FROM agents WHERE agent = 'agent1.fixture.test'")
	require.InDelta(t, 0.4, row[0], 1e-9)
	require.InDelta(t, 32<<20, row[1], 0)
	require.Equal(t, []any{nil, nil}, one("SELECT cpus_used, memory_used_bytes FROM agents WHERE agent = 'agent2.fixture.test'"), "one that does not answer")
	// Of one response again and again the CPUs are not known, and the memory is.
	row = one("SELECT cpus_used, memory_used_bytes FROM agents WHERE agent = 'agent3.fixture.test'")
	require.Nil(t, row[0])
	require.InDelta(t, 3044888576, row[1], 0)

	// Rules over it: an agent without a value is left out.
	frame := s.askRule(statement(t, "SELECT agent, memory_used_bytes / memory_bytes AS used FROM agents WHERE memory_used_bytes IS NOT NULL", "numeric")).Frames[0]
	require.Len(t, frame.Fields, 2)

	s = newFixture(t, nil, workload).start()
	row = one("SELECT count(*), count(cpus_used), count(memory_used_bytes) FROM agents")
	require.Equal(t, []any{int64(3), int64(0), int64(0)}, row, "without agentStatistics")
}
