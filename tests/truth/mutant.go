package main

import (
	"context"

	"github.com/community/mesos-datasource/pkg/collector"
	"github.com/community/mesos-datasource/pkg/mesos"
)

// A mutant is a client that loses tasks on their way from the master: the
// comparison must see it, or it would see nothing.
type mutant struct {
	collector.Client
	every int
}

// State implements collector.Client.
func (m *mutant) State(ctx context.Context) (*mesos.State, error) {
	state, err := m.Client.State(ctx)
	if state == nil {
		return state, err
	}
	n := 0
	for i := range state.Frameworks {
		framework := &state.Frameworks[i]
		kept := framework.Tasks[:0]
		for _, task := range framework.Tasks {
			if n++; n%m.every != 0 {
				kept = append(kept, task)
			}
		}
		framework.Tasks = kept
	}
	return state, err
}
