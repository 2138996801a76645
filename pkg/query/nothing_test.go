package query

import (
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/tables"
)

// Who has misspelled a value, or filtered everything away, reads so with an empty table or graph.
func TestNothingIsExplained(t *testing.T) {
	c := graphCluster(6, true)
	c.TasksListed = true
	src := graphSource(t, c, nil)
	src.SQL = tables.NewEngine()
	for query, want := range map[string][]string{
		`{"queryType":"table","table":"tasks","filters":[{"label":"framework","operator":"=","value":"marathn"}]}`: {
			`No row of tasks has framework="marathn": did you mean "marathon"?`,
		},
		`{"queryType":"table","table":"tasks","filters":[{"label":"state","operator":"=","value":"lost"}]}`: {
			`No row of tasks has state="lost". There are: running, staging.`,
		},
		`{"queryType":"table","table":"tasks","filters":[{"label":"state","operator":"=~","value":"lo.*"},{"label":"agent","operator":"=","value":"A1"}]}`: {
			`No row of tasks has state=~"lo.*".`, `No row of tasks has agent="A1": did you mean "a1"?`,
		},
		`{"queryType":"table","table":"tasks","filters":[{"label":"state","operator":"=","value":"staging"},{"label":"agent","operator":"=","value":"a1"}]}`: {
			`Rows of tasks match each of state="staging", agent="a1", and none matches all of them.`,
		},
		`{"queryType":"table","table":"agents","filters":[{"label":"attributes.rack","operator":"=","value":"r9"}]}`: {
			`No row of agents has attributes.rack="r9": did you mean "r0"?`,
		},
		`{"queryType":"table","table":"agents","filters":[{"label":"cpus","operator":">","value":"99"}]}`: {
			`No row of agents has cpus>"99".`,
		},
		`{"queryType":"table","table":"agents","adhocFilters":[{"key":"attr_rack","operator":"=","value":"rack"}]}`: {
			`No row of agents has attr_rack="rack". There are: r0, r1, r2, r3.`,
		},
		`{"queryType":"table","table":"completed_frameworks","filters":[{"label":"framework","operator":"=","value":"marathon"}]}`: {
			`The table completed_frameworks has no rows, with or without filters.`,
		},
		`{"queryType":"table","table":"tasks","filters":[{"label":"framework","operator":"=","value":"marathon"}]}`: nil,
		`{"queryType":"topology","filters":[{"label":"framework","operator":"=","value":"marathn"}]}`: {
			`No node has framework="marathn": did you mean "marathon"?`,
		},
		`{"queryType":"topology","filters":[{"label":"attr_rack","operator":"=","value":"rack"}]}`: {
			`No node has attr_rack="rack". There are: r0, r1, r2, r3.`,
		},
		`{"queryType":"topology","filters":[{"label":"agent","operator":"=","value":"a1"},{"label":"state","operator":"=","value":"staging"}]}`: {
			`Nodes match each of agent="a1", state="staging", and none matches all of them.`,
		},
		`{"queryType":"topology"}`: nil,
	} {
		response := Run(t.Context(), src, asked(query), Options{})
		require.NoError(t, response.Error, query)
		require.Equal(t, want, texts(response), query)
	}
}

// That nothing of a kind has happened is usual. Only a value that was probably meant otherwise is spoken of.
func TestAMisspelledValueOfEventsIsNamed(t *testing.T) {
	src, _ := eventful(t, taskEvent(ago(9), "web.1", "running", events.Info), agentEvent(ago(5), "S1", events.Draining, events.Warning))
	for _, format := range []string{"table", "annotations", "timeline", "count"} {
		of := func(filter string) []string {
			return texts(answered(t, src, `{"queryType":"events","format":"`+format+`","filters":[`+filter+`]}`, Options{}))
		}
		usual := of(`{"label":"event","operator":"=","value":"running"}`)
		require.Equal(t, usual, of(`{"label":"event","operator":"=","value":"failed"}`), format)
		require.Equal(t, append(usual, `No event of the log has framework="marathn": did you mean "marathon"?`), of(`{"label":"framework","operator":"=","value":"marathn"}`), format)
	}
}
