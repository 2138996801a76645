package query

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/promql"
)

// askedLanes records whether queries took the room of rules.
type askedLanes struct {
	Engine
	rules []bool
}

func (e *askedLanes) Instant(ctx context.Context, r promql.Request) (promql.Result, error) {
	e.rules = append(e.rules, r.Alert)
	return e.Engine.Instant(ctx, r)
}

func TestAQueryIsTriedAsARuleGetsIt(t *testing.T) {
	src := small(t)
	const builder = `"entity":"framework","resource":"cpus","measure":"allocated"`
	for query, want := range map[string]Trial{
		`{` + builder + `,"instant":true}`:                  {Numbers: 2},
		`{` + builder + `,"instant":true,"format":"table"}`: {Numbers: 2},
		`{` + builder + `,"range":true}`:                    {Numbers: 2, Range: true},
		`{"expr":"nothing","instant":true}`:                 {},
		`{` + builder + `,"instant":true,"filters":[{"label":"framework","operator":"=","value":"$framework"}]}`: {
			Error: "$framework",
		},
		`{` + builder + `,"entitty":"agent"}`:                                   {Error: "entitty"},
		`{"queryType":"logs","taskId":"t"}`:                                     {Error: "rule"},
		`{"queryType":"topology"}`:                                              {Error: "rule"},
		`{"queryType":"table","table":"tasks"}`:                                 {Error: "rule"},
		`{"queryType":"variable","variable":{"labelValues":{"label":"agent"}}}`: {Error: "numbers"},
		`nonsense`: {Error: "JSON"},
	} {
		got := Try(context.Background(), src, json.RawMessage(query), asked(query).TimeRange, Options{})
		require.Contains(t, got.Error, want.Error, query)
		require.Equal(t, want.Error == "", got.Error == "", "%s: %s", query, got.Error)
		want.Error, got.Error = "", ""
		require.Equal(t, want, got, query)
	}
}

func TestATrialWaitsWithTheQueriesOfPeople(t *testing.T) {
	src := small(t)
	lanes := &askedLanes{Engine: src.Engine}
	src.Engine = lanes
	const query = `{"entity":"framework","resource":"cpus","measure":"allocated","instant":true}`
	Try(context.Background(), src, json.RawMessage(query), asked(query).TimeRange, Options{})
	Run(context.Background(), src, asked(query), Options{Alert: true})
	require.Equal(t, []bool{false, true}, lanes.rules)
}
