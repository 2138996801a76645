package plugin

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// queryInCell is a query in a cell of a table of the guide.
var queryInCell = regexp.MustCompile("`({.+})`")

// pagesInQueries returns the queries of docs/queries.md by the page or command that they stand
// for.
func pagesInQueries(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/queries.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(raw), "## Instead of Mesos' web UI and commands\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	pages := map[string]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		page := strings.TrimSpace(cells[0])
		if len(cells) < 2 || strings.HasPrefix(page, "--") || page == "page" || page == "command" {
			continue
		}
		require.Len(t, cells, 4, line)
		query := queryInCell.FindStringSubmatch(cells[1])
		if strings.HasPrefix(strings.TrimSpace(cells[1]), "not possible: ") && query == nil {
			continue
		}
		require.NotNil(t, query, "%s has neither a query nor a reason", page)
		pages[page] = query[1]
	}
	return pages
}

// Each query that docs/queries.md sets beside a page of Mesos' web UI, or beside a command, has
// rows where the recorded cluster has something to show.
func TestEveryPageOfTheWebUIHasAQuery(t *testing.T) {
	pages := pagesInQueries(t)
	for _, page := range []string{"Frameworks", "Framework", "Agents", "Executor", "Roles", "Offers", "Maintenance", "Task", "Sandbox", "`mesos agent list`", "`mesos task list`", "`mesos-ps`", "`mesos-tail`"} {
		require.Contains(t, pages, page)
	}
	s, _ := newLogFixture(t, nil, map[string]string{
		unhealthyTask + "/stdout": "2026-11-21T08:00:00Z INFO up\n", unhealthyTask + "/stderr": "no time\n",
	})
	happened(t, s.source().events, begin.Add(every/2))
	_, err := s.source().events.Append(t.Context(), []events.Event{
		{ID: "4", Kind: events.KindFramework, What: events.Removed, Time: begin.Add(every / 2), Severity: events.Warning, Framework: "old", FrameworkID: "F1"},
	})
	require.NoError(t, err)
	s.clock.Advance(2 * every)
	s.user = somebody("Viewer")
	// What the workload does not have.
	elsewhere := map[string]*fixture{
		"Offers":      newFixture(t, nil, mesostest.Step(38), roles, redirect).start(),
		"Maintenance": newFixture(t, nil, mesostest.Scene{Name: "11-maintenance", Prefix: []string{"scheduled-"}}, roles, redirect).start(),
	}
	// Counted by hand in 03-workload/master-get_state.json.
	counts := map[string]int{
		"Frameworks": 9, "Framework": 7, "Agents": 3, "Executor": 4, "Home: active and unreachable tasks": 33, "Task": 1,
		"`mesos agent list`": 3, "`mesos framework list`": 9, "`mesos task list`": 33, "`mesos-ps`": 33, "`mesos-resolve`": 1,
		"Offers": 1, "Maintenance": 2, "Frameworks: completed": 2,
	}
	for page, query := range pages {
		t.Run(page, func(t *testing.T) {
			of := s
			if other := elsewhere[page]; other != nil {
				of = other
			}
			var keys map[string]any
			require.NoError(t, json.Unmarshal([]byte(query), &keys))
			response := of.ask(query)
			require.NoError(t, response.Error, query)
			rows := 0
			for _, frame := range response.Frames {
				rows += frame.Rows()
			}
			require.Positive(t, rows, query)
			if want, counted := counts[page]; counted {
				require.Equal(t, want, rows, query)
			}
			for _, notice := range response.Frames[0].Meta.Notices {
				require.NotContains(t, notice.Text, "nknown", "a key or a column of the query")
			}
		})
	}
	frame := s.ask(`{"queryType":"table","table":"frameworks","columns":["framework","hostname"],"orderBy":[{"column":"framework"}]}`).Frames[0]
	hosts := map[string]string{}
	for row := range frame.Rows() {
		if host, known := frame.ConcreteAt(1, row); known {
			name, _ := frame.ConcreteAt(0, row)
			hosts[name.(string)] = host.(string)
		}
	}
	require.Equal(t, map[string]string{"marathon": "localhost"}, hosts)
}
