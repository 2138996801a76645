package query

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"community-mesos-datasource/pkg/series"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// The queries of the dashboards and alert rules that are shipped.
func TestShippedQueriesCompileWithoutUnknownKeys(t *testing.T) {
	var files []string
	for _, pattern := range []string{"src/dashboards/*.json", "provisioning/dashboards/*.json", "provisioning/alerting/*.yaml"} {
		found, err := filepath.Glob(filepath.Join("..", "..", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, found, pattern)
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var content any
		require.NoError(t, yaml.Unmarshal(text, &content), file) // JSON is YAML
		queries := shippedQueries(content)
		require.NotEmpty(t, queries, file)
		for _, query := range queries {
			raw, err := json.Marshal(query)
			require.NoError(t, err)
			raw = []byte(typedValues.Replace(string(raw)))
			rule := strings.Contains(file, "alerting")
			p, err := parseFor(raw, rule)
			require.NoError(t, err, "%s: %s", file, raw)
			require.Empty(t, p.unknown, "%s: %s", file, raw)
			if p.metrics != nil || p.promql != nil {
				made, err := compile(p, p.Instant)
				require.NoError(t, err, "%s: %s", file, raw)
				require.Empty(t, made.notices, "%s: %s", file, raw)
			}
		}
	}
}

// typedValues replaces variables whose value is a part of an expression. The
// frontend does it before it asks.
var typedValues = strings.NewReplacer(
	"$core_price", "0.03", "$memory_price", "0.004", "$memory", "2", "$cpus", "0.5", "$ahead", "6h", "$label", "task", "$place", "zone",
)

// shippedQueries returns the objects of a file that are queries of this data source.
func shippedQueries(content any) []map[string]any {
	var found []map[string]any
	switch c := content.(type) {
	case map[string]any:
		source, _ := c["datasource"].(map[string]any)
		if _, named := c["refId"]; named && source["type"] == "community-mesos-datasource" {
			return []map[string]any{c}
		}
		for _, member := range c {
			found = append(found, shippedQueries(member)...)
		}
	case []any:
		for _, member := range c {
			found = append(found, shippedQueries(member)...)
		}
	}
	return found
}

// TestQueriesOfAStackHaveTheSamePolls: an answer has its points where its slowest poll
// has samples, and a stack of answers with points at different moments is a comb.
func TestQueriesOfAStackHaveTheSamePolls(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "provisioning", "dashboards", "*.json"))
	require.NoError(t, err)
	stacks := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var dashboard struct {
			Panels []struct {
				Title       string
				Targets     []json.RawMessage
				FieldConfig struct {
					Defaults struct {
						Custom struct{ Stacking struct{ Mode string } }
					}
				}
			}
		}
		require.NoError(t, json.Unmarshal(text, &dashboard), file)
		for _, panel := range dashboard.Panels {
			if mode := panel.FieldConfig.Defaults.Custom.Stacking.Mode; mode == "" || mode == "none" {
				continue
			}
			stacks++
			var first []series.Poll
			for i, target := range panel.Targets {
				p, err := parseFor([]byte(typedValues.Replace(string(target))), false)
				require.NoError(t, err, panel.Title)
				made, err := compile(p, false)
				require.NoError(t, err, panel.Title)
				if i == 0 {
					first = made.reads.polls
				}
				require.ElementsMatch(t, first, made.reads.polls, "%s: %s", file, panel.Title)
			}
		}
	}
	require.Positive(t, stacks)
}
