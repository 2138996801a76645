package promql

import (
	"context"
	"fmt"
	"testing"

	"community-mesos-datasource/pkg/history/memory"

	"github.com/stretchr/testify/require"
)

// BenchmarkSearchOfManyValues is a key stroke in a menu of 100,000 values: a search that
// counts what it finds, and lists 1,000.
func BenchmarkSearchOfManyValues(b *testing.B) {
	const many = 100_000
	m := memory.New(memory.Options{Now: newClock().Now})
	points := make([]point, many)
	for i := range points {
		points[i] = sample(t0, 1, "__name__", "mesos_task_state", "task_id", fmt.Sprintf("service-%d.instance-%06d", i%500, i))
	}
	commit(b, m, points...)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	for search, found := range map[string]int{"": many, "instance-0": many, "service-42.": many / 500, "099999": 1} {
		b.Run(fmt.Sprintf("%q finds %d", search, found), func(b *testing.B) {
			l := LookUp{Store: m, Match: selectors(b, "mesos_task_state"), Search: search, Limit: 1000, Count: true}
			for b.Loop() {
				listing, err := e.LabelValues(context.Background(), "task_id", l)
				require.NoError(b, err)
				require.Equal(b, found, listing.Total)
			}
		})
	}
}
