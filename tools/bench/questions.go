//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	sdk "github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/query"
)

// question is the query of a panel or a rule, and how long it took: the median of
// several runs, in milliseconds.
type question struct {
	Name   string  `json:"name"`
	Rule   bool    `json:"rule"`
	Own    string  `json:"own"` // what it is, where it has a line of its own
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
	{Name: "of half a CPU and 1 GiB by rack, 100 agents over 24 h", Own: "fits", json: fits + `"groupBy":["attr_rack"],"filters":[{"label":"agent","operator":"=~","value":"agent000.*"}]}`},
	{Name: "the largest hole of all agents, instant", Own: "fits", Rule: true, json: fits + `"aggregate":"max","groupBy":["cluster"],"instant":true}`},
	{Name: "frameworks and agents", Own: "topology", json: `{"queryType":"topology"}`},
	{Name: "tasks, frameworks and racks", Own: "topology", json: `{"queryType":"topology","groupBy":["task","framework","attr_rack"]}`},
	{Name: "tasks by framework and state", Own: "SQL", json: `{"queryType":"sql","sql":"SELECT framework, state, count(*) AS tasks, sum(cpus) AS cpus FROM tasks GROUP BY framework, state"}`},
	{Name: "all columns of one task", Own: "SQL", json: `{"queryType":"sql","sql":"SELECT * FROM tasks WHERE task_id = '$task'"}`},
}

const fits = `{"queryType":"metrics","entity":"cluster","resource":"tasks","measure":"fits","shape":{"cpus":0.5,"memory":"1GiB"},`

// tries is how often each query runs.
const tries = 15

// ask runs all queries.
func (b *backend) ask() ([]question, error) {
	now := b.clock.Now()
	tasks := b.collector.Cluster().Tasks()
	if len(tasks) == 0 {
		return nil, errors.New("the cluster has no tasks to ask for")
	}
	some := strings.NewReplacer("$task", tasks[len(tasks)/2].ID)
	var answered []question
	for _, q := range questions {
		asked := sdk.DataQuery{
			RefID: "A", JSON: json.RawMessage(some.Replace(q.json)),
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
