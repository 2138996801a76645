package tables

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// moment of the views: twenty minutes after the recorded tasks began.
var now = time.Unix(1795247700, 0).UTC()

var (
	redirect = mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_redirect"}}
	roles    = mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_roles"}}
	workload = mesostest.Scene{Name: "03-workload"}
)

// recordedView returns the view of recorded responses.
func recordedView(t testing.TB, scenes ...mesostest.Scene) *View {
	t.Helper()
	masters := mesostest.NewCluster(t, os.DirFS("../../testdata/captures"), scenes...)
	client, err := mesos.New(mesos.Config{Masters: masters.Masters()})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	state, err := client.State(context.Background())
	require.NoError(t, err)
	roles, err := client.Roles(context.Background())
	require.NoError(t, err)
	at := func(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	return &View{
		Model: &Model{Cluster: cluster.Build(state, nil).WithRoles(roles)}, Now: now, WebUI: "http://master.example:5050",
		Masters: []Master{{Address: "127.0.0.1:5050", Leading: true}, {Address: "127.0.0.1:5051", Error: "connection refused"}},
		Maintenance: &mesos.Maintenance{
			Windows: []mesos.MaintenanceWindow{{Machines: []mesos.Machine{{Hostname: "agent1.fixture.test", IP: "127.0.0.1"}}, Start: at(600), Duration: time.Hour}},
			Down:    []mesos.Machine{{Hostname: "agent9.fixture.test"}},
		},
		Use: func(task *cluster.Task) Use {
			if task.ID == "chronos.burner.1" {
				return Use{CPUs: 0.6, Memory: 18837504, Disk: unknownUse.Disk, Seconds: 63.3}
			}
			return unknownUse
		},
		Events: func() (Events, error) {
			return Events{List: []events.Event{
				{ID: "3", Kind: events.KindTask, What: "failed", Severity: events.Error, Time: at(-10), Framework: "chronos", TaskID: "b", Task: "job b", Reason: "executor_terminated", Message: "exited with 1", Labels: map[string]string{"label_team": "blue"}},
				{ID: "2", Kind: events.KindTask, What: "failed", Severity: events.Error, Time: at(-400), Framework: "chronos", TaskID: "a", Task: "job a", Reason: "executor_terminated"},
				{ID: "1", Kind: events.KindAgent, What: events.Draining, Severity: events.Warning, Time: at(-900), Agent: "agent2.fixture.test", AgentID: "S2"},
			}}, nil
		},
	}
}

// answerRows returns the rows of an answer, as JSON has them; a time is text.
func answerRows(r *Result) (rows [][]any) {
	for i := range r.Rows {
		row := make([]any, len(r.Columns))
		for k := range r.Columns {
			c := &r.Columns[k]
			switch x, number := c.Number(i); {
			case number:
				row[k] = x
			case c.Booleans != nil && c.Booleans[i] != nil:
				row[k] = *c.Booleans[i]
			case c.Text(i) != "":
				row[k] = c.Text(i)
			case c.Texts != nil && c.Texts[i] != nil:
				row[k] = ""
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func ask(t testing.TB, v *View, sql string) *Result {
	t.Helper()
	result, err := NewEngine().Run(context.Background(), Request{SQL: sql, View: v, Limit: 10_000})
	require.NoError(t, err, sql)
	return result
}

func TestEveryTableIsReadAsAWhole(t *testing.T) {
	v := recordedView(t, mesostest.Step(38), roles, redirect)
	for _, table := range Tables {
		result := ask(t, v, "SELECT * FROM "+table.Name)
		for i, c := range result.Columns {
			require.Equal(t, table.Columns[i].Name, c.Name)
			if !c.Empty() {
				require.Equal(t, table.Columns[i].Type, c.Type, "%s.%s", table.Name, c.Name)
			}
		}
		if os.Getenv("SHOW") != "" && result.Rows > 0 {
			for i, c := range result.Columns {
				raw, _ := json.Marshal(answerRows(result)[0][i])
				t.Log(table.Name, c.Name, string(raw))
			}
		}
		for _, alias := range table.Aliases {
			require.Equal(t, result.Rows, ask(t, v, "SELECT * FROM "+alias).Rows)
		}
	}
}

// A rule shows no notices, so it gets no part of the tasks as if it were all.
func TestRulesDoNotCountAPartOfTheTasks(t *testing.T) {
	v := recordedView(t, mesostest.Scene{Name: "03-workload"})
	some := *v.Cluster // a copy
	some.TasksUnknown = true
	for _, evaluated := range []bool{false, true} {
		hidden := &View{Model: &Model{Cluster: &some}, Now: now, Evaluated: evaluated}
		for _, sql := range []string{"SELECT count(*) FROM tasks", "SELECT count(*) FROM executors", "SELECT count(*) FROM agents a JOIN tasks t ON t.agent_id = a.agent_id"} {
			_, err := NewEngine().Run(context.Background(), Request{SQL: sql, View: hidden, Limit: 10})
			if evaluated {
				require.ErrorContains(t, err, "sees a part of the tasks and executors only", sql)
			} else {
				require.NoError(t, err, sql)
			}
		}
		_, err := NewEngine().Run(context.Background(), Request{SQL: "SELECT count(*) FROM agents", View: hidden, Limit: 10})
		require.NoError(t, err)
	}
}

func TestMaintenanceOfAnOldMasterSaysSinceWhenMesosHasIt(t *testing.T) {
	old := *recordedView(t, workload).Cluster // a copy
	for version, want := range map[string]string{"0.22.2": "Mesos has one since 0.25", "0.25.0": "the maintenance schedule has not been read"} {
		old.Version = version
		v := &View{Model: &Model{Cluster: &old}, Now: now}
		_, err := NewEngine().Run(t.Context(), Request{SQL: "SELECT * FROM maintenance", View: v, Limit: 10})
		require.ErrorContains(t, err, want)
	}
}

// indexOf returns where a text is in another one.
func indexOf(t *testing.T, text, part string) int {
	t.Helper()
	at := strings.Index(text, part)
	require.GreaterOrEqual(t, at, 0, part)
	return at
}
