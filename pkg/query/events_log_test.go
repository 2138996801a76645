package query

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
)

// The log in SQLite and the one that looks at every event give the same answers.
func TestTheLogInSQLiteAnswersAsOneThatLooksAtEveryEvent(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	var all []events.Event
	for i := range 1_000 {
		at := ago(30).Add(time.Duration(i) * 1_800 * time.Millisecond).Truncate(time.Microsecond)
		var e events.Event
		switch n := random.IntN(20); {
		case n == 0:
			e = agentEvent(at, fmt.Sprint("S", random.IntN(5)), events.What(pick("added", "lost", "back")), events.Severity(pick("info", "error")))
			e.NotBefore = at.Add(-time.Minute)
		case n == 1:
			agent := fmt.Sprint("S", random.IntN(5))
			e = agentEvent(at, agent, events.Draining, events.Warning)
			e.Opens = agent + "/drain"
		case n == 2:
			agent := fmt.Sprint("S", random.IntN(5))
			e = agentEvent(at, agent, events.Drained, events.Info)
			e.Closes = []string{agent + "/drain"}
		case n == 3 && random.IntN(5) == 0:
			e = gapEvent(at.Add(-5*time.Second), at)
			e.Opens = fmt.Sprint("gap", i)
		default:
			e = taskEvent(at, fmt.Sprint("web.", random.IntN(300)), events.What(pick("staging", "running", "failed", "finished", "lost")), events.Severity(pick("info", "info", "error")))
			e.Framework, e.Role, e.Reason = pick("marathon", "spark, \"etl\"", "x|y"), pick("web", "", "batch"), pick("", "executor_terminated", "agent_removed")
			e.Labels = map[string]string{"label_team": pick("blue", "green", "ré'd")}
		}
		e.ID = fmt.Sprint(i)
		all = append(all, e)
	}
	src, list := eventful(t)
	kept := sqlite.New(sqlite.Options{Now: func() time.Time { return noon }})
	t.Cleanup(func() { require.NoError(t, kept.Close()) })
	for len(all) > 0 { // in batches, and each twice
		n := min(len(all), 70)
		for range 2 {
			want, err := list.Append(context.Background(), all[:n])
			require.NoError(t, err)
			got, err := kept.Append(context.Background(), all[:n])
			require.NoError(t, err)
			require.Len(t, got, len(want))
		}
		all = all[n:]
	}
	inSQLite := src
	inSQLite.Events = kept
	list.stats = kept.Stats()

	filters := []string{
		``, `"kinds":["agent"],`, `"kinds":["agent","collection"],`, `"severity":"warning",`, `"severity":"error","kinds":["task"],`,
	}
	for _, f := range []Filter{
		{"event", OperatorEqual, Values{List: []string{"failed"}}},
		{"event", OperatorNotEqual, Values{List: []string{"failed", "running"}, Many: true}},
		{"framework", OperatorEqual, Values{List: []string{`spark, "etl"`}}},
		{"framework", OperatorMatch, Values{List: []string{`x\|y|mara.*`}}},
		{"framework", OperatorNotMatch, Values{List: []string{`(x\|y|marathon)`}}},
		{"role", OperatorEqual, Values{List: []string{""}}},
		{"role", OperatorNotEqual, Values{List: []string{""}}},
		{"reason", OperatorMatch, Values{List: []string{"agent_.*", ""}, Many: true}},
		{"task_id", OperatorMatch, Values{List: []string{"web.1.*"}}},
		{"task_id", OperatorNotMatch, Values{List: []string{"web.*"}}},
		{"task_id", OperatorEqual, Values{List: []string{"web.7", "web.8"}, Many: true}},
		{"label_team", OperatorEqual, Values{List: []string{"ré'd"}}},
		{"label_team", OperatorNotEqual, Values{List: []string{"blue"}}},
		{"label_other", OperatorEqual, Values{List: []string{""}}},
		{"kind", OperatorNotEqual, Values{List: []string{"task"}}},
		{"severity", OperatorEqual, Values{List: []string{"warning"}}},
		{"agent", OperatorMatch, Values{List: []string{"S[13].*"}}},
	} {
		raw, err := json.Marshal([]Filter{f})
		require.NoError(t, err)
		filters = append(filters, `"filters":`+string(raw)+`,`)
	}
	compared := 0
	for _, filter := range filters {
		for _, format := range []string{
			`"annotations","limit":10000`, `"table"`, `"table","limit":7`, `"timeline"`, `"timeline","limit":3`, `"count"`,
			`"count","groupBy":["event","severity"]`, `"count","groupBy":["label_team","agent"]`,
		} {
			for _, span := range [][2]float64{{10, 0}, {40, 0}, {20, 12}, {5, 4.9}} {
				q := asked(`{"queryType":"events",` + filter + `"format":` + format + `}`)
				q.TimeRange = backend.TimeRange{From: ago(span[0]), To: ago(span[1])}
				want, got := Run(context.Background(), src, q, Options{}), Run(context.Background(), inSQLite, q, Options{})
				require.NoError(t, want.Error, string(q.JSON))
				require.NoError(t, got.Error, string(q.JSON))
				wanted, given := withoutIDs(t, want.Frames), withoutIDs(t, got.Frames)
				if at := differs(wanted, given); at >= 0 {
					t.Fatalf("%s over %v: wanted ...%s, given ...%s", q.JSON, span, wanted[max(0, at-300):min(len(wanted), at+100)], given[max(0, at-300):min(len(given), at+100)])
				}
				for _, frame := range want.Frames {
					compared += frame.Rows()
				}
			}
		}
	}
	require.Greater(t, compared, 20_000)
}

// withoutIDs returns frames as JSON, but for the IDs of events, of which SQLite keeps hashes.
func withoutIDs(t *testing.T, frames data.Frames) []byte {
	for _, frame := range frames {
		frame.Fields = slices.DeleteFunc(frame.Fields, func(f *data.Field) bool { return f.Name == "id" })
	}
	raw, err := json.Marshal(frames)
	require.NoError(t, err)
	return raw
}

// differs returns where two texts begin to differ, -1 if nowhere.
func differs(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
