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

// endsOf returns the ends of tasks that a log has.
func endsOf(log events.Log, from, to time.Time) ([]end, error) {
	all, more, err := log.Select(context.Background(), events.Filter{From: from, To: to, Kinds: []events.Kind{events.KindTask}, Limit: mostEnds})
	if err != nil {
		return nil, err
	}
	if more > 0 {
		return nil, fmt.Errorf("the event log has more than %d events", mostEnds)
	}
	ends := []end{}
	for _, e := range all {
		if isEnd(e) {
			ends = append(ends, end{e.TaskID, e.Framework, e.Agent, e.Role, string(e.What), float64(e.Time.UnixMilli()) / 1000})
		}
	}
	return ends, nil
}

// isEnd reports whether an event is the end of a task.
func isEnd(e events.Event) bool {
	return e.Kind == events.KindTask && !cluster.TaskState(e.What).Live()
}
