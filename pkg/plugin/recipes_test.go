package plugin

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

// recipe is a query in docs/recipes.md.
var recipe = regexp.MustCompile("(?s)\n```(promql|sql|json)\n(.+?)\n```\n")

// mayBeEmpty is the comment of a recipe that has no rows where nothing is wrong.
var mayBeEmpty = regexp.MustCompile(`(?m)^# empty (while|until|where) .+$`)

// Each recipe of the documentation is answered on the recorded cluster, without a notice that
// something in it is unknown.
func TestRecipesAreAnswered(t *testing.T) {
	raw, err := os.ReadFile("../../docs/recipes.md")
	require.NoError(t, err)
	found := recipe.FindAllStringSubmatch(string(raw), -1)
	require.Greater(t, len(found), 25)
	require.Equal(t, strings.Count(string(raw), "\n```\n"), len(found), "a block that is no query")

	s := newAgentFixture(t, nil, workload).start()
	happened(t, s.source().events, begin.Add(every/2))
	s.clock.Advance(60 * every)
	for _, parts := range found {
		t.Run(parts[2], func(t *testing.T) {
			query := parts[2]
			switch parts[1] {
			case "promql":
				text, err := json.Marshal(map[string]any{"queryType": "promql", "expr": query})
				require.NoError(t, err)
				query = string(text)
			case "sql":
				text, err := json.Marshal(map[string]any{"queryType": "sql", "sql": query})
				require.NoError(t, err)
				query = string(text)
			}
			answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
				PluginContext: s.context(), Queries: []backend.DataQuery{s.asked(query)},
			})
			require.NoError(t, err)
			response := answer.Responses["A"]
			require.NoError(t, response.Error)
			require.NotContains(t, notices(response), "unknown key")
			require.NotContains(t, notices(response), "No series is called")
			require.NotContains(t, notices(response), "not told apart")
			if !mayBeEmpty.MatchString(parts[2]) {
				require.NotZero(t, rowsOf(response.Frames), notices(response))
			}
		})
	}
}
