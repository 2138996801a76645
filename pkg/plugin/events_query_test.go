package plugin

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// What happened is asked of the plugin as Grafana does: by a dashboard's annotations and by
// a rule.
func TestEventsAreQueried(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	happened(t, s.source().events, begin.Add(every/2))
	s.clock.Advance(2 * every)
	send := func(query string, headers map[string]string) backend.DataResponse {
		answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
			PluginContext: s.context(), Headers: headers, Queries: []backend.DataQuery{s.asked(query)},
		})
		require.NoError(t, err)
		return answer.Responses["A"]
	}
	marks := send(`{"queryType":"events","severity":"error"}`, nil)
	require.NoError(t, marks.Error)
	raw, err := json.Marshal(marks.Frames[0])
	require.NoError(t, err)
	var sent struct {
		Schema struct {
			Meta   struct{ DataTopic string }
			Fields []struct{ Name string }
		}
		Data struct{ Values [][]any }
	}
	require.NoError(t, json.Unmarshal(raw, &sent))
	require.Equal(t, "annotations", sent.Schema.Meta.DataTopic)
	got := map[string]any{}
	for i, field := range sent.Schema.Fields {
		require.Len(t, sent.Data.Values[i], 1)
		got[field.Name] = sent.Data.Values[i][0]
	}
	delete(got, "id")
	text, _, linked := strings.Cut(got["text"].(string), `<br><a href="explore?schemaVersion=1&amp;panes=`)
	require.True(t, linked, got["text"])
	got["text"] = text
	require.Equal(t, map[string]any{
		"time": float64(begin.Add(every / 2).UnixMilli()), "timeEnd": nil, "isRegion": false, "color": "red",
		"title": "Task web.1 failed", "text": "Task: web.1<br>Framework: marathon", "tags": []any{"task", "failed", "error", "framework:marathon"},
	}, got)

	rule := map[string]string{"FromAlert": "true"}
	count := send(`{"queryType":"events","format":"count","kinds":["task"],"filters":[{"label":"event","operator":"=","value":"failed"}],"groupBy":["framework"]}`, rule)
	require.NoError(t, count.Error)
	readable(t, count.Frames)
	require.Len(t, count.Frames[0].Fields, 1)
	require.Equal(t, "framework=marathon", count.Frames[0].Fields[0].Labels.String())
	require.Equal(t, 1.0, count.Frames[0].Fields[0].At(0))
	require.ErrorContains(t, send(`{"queryType":"events"}`, rule).Error, "use count")

	// While the cluster cannot be reached, a rule is not told a number.
	s.cluster.Kill(mesostest.Master)
	s.clock.Advance(10 * every)
	require.ErrorContains(t, send(`{"queryType":"events","format":"count"}`, rule).Error, "has not been watched since")
	require.NoError(t, send(`{"queryType":"events","format":"count"}`, nil).Error)
}
