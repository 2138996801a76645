package samples

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/series"
)

// CurrentTasks calls yield for the series of tasks and executors as the model
// has them, kept or not.
func CurrentTasks(m *cluster.Cluster, name string, wanted []string, yield func(labels.Labels, float64)) {
	b := begin(context.Background(), callbackSink{yield}, series.PollState, 1, name, m.Time.UnixMilli())
	writeTasks(b, &traits{gpus: m.HasGPUs}, m, wanted,
		newTable(taskColumns(), taskKey.label), newTable(executorColumns(), executorKey.label))
}

// CurrentUse calls yield for the use of single tasks and executors while its
// history is not kept.
func (w *Writer) CurrentUse(name string, wanted []string, t time.Time, yield func(labels.Labels, float64)) {
	b := begin(context.Background(), callbackSink{yield}, series.PollAgents, 1, name, t.UnixMilli())
	tasks, executors := newTable(taskUse, taskKey.label), newTable(executorUse, executorKey.label)
	for _, own := range w.perAgent {
		for _, one := range own.current {
			writeSingle(b, one, wanted, tasks, executors)
		}
	}
}

// callbackSink is a sink that keeps nothing.
type callbackSink struct {
	yield func(labels.Labels, float64)
}

func (s callbackSink) Batch(context.Context) series.Batch { return s }
func (callbackSink) Room(time.Duration) int               { return 0 }
func (s callbackSink) Append(_ series.Ref, lset func() labels.Labels, _ int64, v float64) (series.Ref, error) {
	s.yield(lset(), v)
	return 1, nil
}
func (callbackSink) Commit() error   { return nil }
func (callbackSink) Rollback() error { return nil }
