package query

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/tables"
)

// Who looks at a table of a large cluster is told how to find what is not in it.
func TestATableOfMoreRowsThanAreShownSaysHowToNarrowIt(t *testing.T) {
	name := "large"
	state := &mesos.State{Version: "1.12.0", PID: "master@10.0.0.1:5050", ElectedTime: 1, Cluster: &name, Flags: map[string]string{}}
	state.Sent = noon
	for n := range maxTableRows + 1 {
		state.Slaves = append(state.Slaves, mesos.Slave{ID: fmt.Sprint("S", n), Hostname: fmt.Sprint("agent", n), Active: true, Version: "1.12.0"})
	}
	src := source(t, recordedStore(t, recorded{of("mesos_up", "poll", "state"), []float64{1}}))
	engine := tables.NewEngine()
	var models tables.Models
	model := models.Of(cluster.Build(state, nil))
	src.SQL, src.View = engine, func() *tables.View { return &tables.View{Model: model, Now: noon} }
	for query, want := range map[string]string{
		`{"queryType":"table","table":"agents"}`:               "The first 1000 rows of agents are shown, there are more: filter by a column (agent, state, attributes.NAME), order by another one, or raise the limit (10000 at most).",
		`{"queryType":"table","table":"agents","limit":10000}`: "The first 10000 rows of agents are shown, there are more: filter by a column (agent, state, attributes.NAME), order by another one.",
		`{"queryType":"sql","sql":"SELECT * FROM agents"}`:     "The first 10000 rows are shown, there are more: use WHERE, GROUP BY or LIMIT.",
	} {
		response := Run(t.Context(), src, backend.DataQuery{RefID: "A", JSON: json.RawMessage(query), TimeRange: backend.TimeRange{From: noon, To: noon}}, Options{})
		require.NoError(t, response.Error, query)
		require.Contains(t, texts(response), want)
	}
	few := Run(t.Context(), src, backend.DataQuery{
		RefID: "A", JSON: json.RawMessage(`{"queryType":"table","table":"agents","filters":[{"label":"agent","operator":"=","value":"agent7"}]}`), TimeRange: backend.TimeRange{From: noon, To: noon},
	}, Options{})
	require.NoError(t, few.Error)
	require.Equal(t, 1, few.Frames[0].Rows())
	require.NotContains(t, fmt.Sprint(texts(few)), "are shown")
}
