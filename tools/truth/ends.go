package main

import (
	"context"
	"fmt"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
)

// An end is the event of a task that ended.
type end struct {
	TaskID    string  `json:"taskId"`
	Framework string  `json:"framework"`
	Agent     string  `json:"agent"`
	Role      string  `json:"role"`
	State     string  `json:"state"`
	At        float64 `json:"at"` // Unix seconds
}

// mostEnds is how many events are read at most, far more than a scenario has.
const mostEnds = 1_000_000

// A happening is an event of another kind, or a task that began to run.
type happening struct {
	Kind  string  `json:"kind"`
	Event string  `json:"event"`
	ID    string  `json:"id"` // of the task; of an agent its host name
	At    float64 `json:"at"` // Unix seconds
}

// told returns the ends of tasks that a log has, and what else of it is compared.
func told(log events.Log, from, to time.Time) ([]end, []happening, error) {
	all, more, err := log.Select(context.Background(), events.Filter{From: from, To: to, Limit: mostEnds})
	if err != nil {
		return nil, nil, err
	}
	if more > 0 {
		return nil, nil, fmt.Errorf("the event log has more than %d events", mostEnds)
	}
	ends, others := []end{}, []happening{}
	for _, e := range all {
		if isEnd(e) {
			ends = append(ends, end{e.TaskID, e.Framework, e.Agent, e.Role, string(e.What), float64(e.Time.UnixMilli()) / 1000})
		}
		if name, compared := comparedAs(e); compared {
			others = append(others, happening{string(e.Kind), string(e.What), name, float64(e.Time.UnixMilli()) / 1000})
		}
	}
	return ends, others, nil
}

// comparedAs returns whose event this is; false where it is not compared one by one.
func comparedAs(e events.Event) (name string, compared bool) {
	switch {
	case e.Kind == events.KindTask && e.What == events.What(cluster.Running):
		return e.TaskID, true
	case e.Kind == events.KindAgent && e.What == events.Disconnected:
		return e.Agent, true
	case e.Kind == events.KindMaster:
		return "", true
	}
	return "", false
}

// isEnd reports whether an event is the end of a task.
func isEnd(e events.Event) bool {
	return e.Kind == events.KindTask && !cluster.TaskState(e.What).Live()
}
