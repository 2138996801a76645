//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	sdk "github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/query"
)

// question is the query of a panel or a rule, and how long it took: the median of
// several runs, in milliseconds.
type question struct {
	Name   string  `json:"name"`
	Rule   bool    `json:"rule"`
	SQL    bool    `json:"sql"` // over the latest model
	Series int     `json:"series"`
	Points int     `json:"points"`
	Wall   float64 `json:"wall"`
	CPU    float64 `json:"cpu"`

	json string
}

// questions are the budgets' panels over 24 h, each of at most 100 series, and
// rules as the plugin ships them.
var questions = []question{
	{Name: "CPUs by framework", json: `{"queryType":"metrics","entity":"framework","resource":"cpus","measure":"allocated"}`},
	{Name: "memory by role", json: `{"queryType":"metrics","entity":"role","resource":"memory","measure":"allocated"}`},
	{Name: "CPUs by agent", json: `{"queryType":"metrics","entity":"agent","resource":"cpus","measure":"allocated","filters":[{"label":"agent","operator":"=~","value":"agent000.*"}]}`},
	{Name: "CPU utilization by agent", json: `{"queryType":"metrics","entity":"agent","resource":"cpus","measure":"utilization","filters":[{"label":"agent","operator":"=~","value":"agent000.*"}]}`},
	{Name: "utilization of the cluster", Rule: true, json: `{"queryType":"metrics","entity":"cluster","resource":"cpus","measure":"utilization","groupBy":["cluster"],"instant":true}`},
	{Name: "the cluster is up", Rule: true, json: `{"queryType":"promql","expr":"min by (cluster) (mesos_up{poll=\"snapshot\"})","instant":true}`},
	{Name: "failed tasks by framework", Rule: true, json: `{"queryType":"metrics","entity":"framework","resource":"tasks","measure":"failed","instant":true}`},
	{Name: "tasks by framework and state", SQL: true, json: `{"queryType":"sql","sql":"SELECT framework, state, count(*) AS tasks, sum(cpus) AS cpus FROM tasks GROUP BY framework, state"}`},
	{Name: "one task", SQL: true, json: `{"queryType":"sql","sql":"SELECT count(*) AS tasks FROM tasks WHERE task_id = 'one'"}`},
}

// tries is how often each query runs.
const tries = 15

// ask runs all queries.
func (b *backend) ask() ([]question, error) {
	now := b.clock.Now()
	var answered []question
	for _, q := range questions {
		asked := sdk.DataQuery{
			RefID: "A", JSON: json.RawMessage(q.json),
			TimeRange: sdk.TimeRange{From: now.Add(-24 * time.Hour), To: now},
			// A panel of a thousand pixels; a rule looks back ten minutes.
			MaxDataPoints: 1000, Interval: 2 * time.Minute,
		}
		if q.Rule {
			asked.TimeRange.From, asked.Interval = now.Add(-10*time.Minute), time.Minute
		}
		var wall, spent []float64
		for range tries {
			begin, before := time.Now(), cpu()
			response := query.Run(context.Background(), b.source(), asked, query.Options{Alert: q.Rule})
			wall, spent = append(wall, milliseconds(time.Since(begin))), append(spent, milliseconds(cpu()-before))
			if response.Error != nil {
				return nil, fmt.Errorf("asking for %s: %w", q.Name, response.Error)
			}
			q.Series, q.Points = 0, 0
			for _, frame := range response.Frames {
				q.Series += len(frame.Fields) - 1
				q.Points += frame.Rows()
			}
			if q.Points == 0 {
				return nil, fmt.Errorf("asking for %s: the answer is empty", q.Name)
			}
		}
		q.Wall, q.CPU = median(wall), median(spent)
		answered = append(answered, q)
	}
	return answered, nil
}
