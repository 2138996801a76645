package plugin

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

// A pattern of the query editor is answered on the recorded cluster: with rows, and without a notice
// that something in it is unknown.
func TestQueryPatternsAreAnswered(t *testing.T) {
	raw, err := os.ReadFile("../../src/query/patterns/patterns.json")
	require.NoError(t, err)
	var patterns []struct {
		ID    string
		Query map[string]any
	}
	require.NoError(t, json.Unmarshal(raw, &patterns))
	require.GreaterOrEqual(t, len(patterns), 20)

	s := newAgentFixture(t, nil, workload).start()
	happened(t, s.source().events, begin.Add(every/2))
	s.clock.Advance(60 * every)
	for _, pattern := range patterns {
		t.Run(pattern.ID, func(t *testing.T) {
			raw, err := json.Marshal(pattern.Query)
			require.NoError(t, err)
			answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
				PluginContext: s.context(), Queries: []backend.DataQuery{s.asked(string(raw))},
			})
			require.NoError(t, err)
			response := answer.Responses["A"]
			require.NoError(t, response.Error)
			require.NotZero(t, rowsOf(response.Frames), notices(response))
			require.NotContains(t, notices(response), "unknown key")
			require.NotContains(t, notices(response), "No series has")
			// Each is unlike the others that there are.
			for _, other := range patterns {
				if other.ID != pattern.ID {
					require.NotEqual(t, other.Query, pattern.Query, other.ID)
				}
			}
		})
	}
}

// rowsOf returns how many rows frames have together; a row of nulls is none.
func rowsOf(frames data.Frames) (n int) {
	for _, frame := range frames {
		for row := range frame.Rows() {
			for _, field := range frame.Fields {
				if _, known := field.ConcreteAt(row); known && !field.Type().Time() {
					n++
					break
				}
			}
		}
	}
	return n
}
