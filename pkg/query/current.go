package query

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
)

// This file answers instant queries about single tasks and executors while
// their history is not kept: from the latest state of the cluster.

// CurrentTasks calls yield for every series of tasks and executors as of the
// latest state, and returns when that was; the zero time before the first.
type CurrentTasks func(yield func(of labels.Labels, value float64)) time.Time

// withTasks is the store to read from: with the current tasks beside it where
// they are asked for and have no history. The caller releases it.
func (s Source) withTasks(ctx context.Context, r reads) (storage.Queryable, func(), error) {
	if s.CurrentTasks == nil || !r.ofTasks() || s.Status().TaskSeries {
		return s.Store, func() {}, nil
	}
	return withCurrentTasks(ctx, s.Store, s.CurrentTasks, r)
}

// withCurrentTasks is the store with the current values of the task series that
// an expression names beside it. The caller closes what it returns.
func withCurrentTasks(ctx context.Context, store history.Store, current CurrentTasks, r reads) (storage.Queryable, func(), error) {
	type value struct {
		of labels.Labels
		v  float64
	}
	var values []value
	at := current(func(of labels.Labels, v float64) {
		if r.any || slices.Contains(r.names, of.Get(labels.MetricName)) {
			values = append(values, value{of, v})
		}
	})
	if len(values) == 0 {
		return store, func() {}, nil
	}
	beside := memory.New(memory.Options{Now: func() time.Time { return at }})
	release := func() { _ = beside.Close() } // memory only: nothing to lose
	batch := beside.Batch(ctx)
	for _, one := range values {
		if _, err := batch.Append(0, func() labels.Labels { return one.of }, at.UnixMilli(), one.v); err != nil {
			_ = batch.Rollback()
			release()
			return nil, nil, fmt.Errorf("look at the current tasks: %w", err)
		}
	}
	if err := batch.Commit(); err != nil {
		release()
		return nil, nil, fmt.Errorf("look at the current tasks: %w", err)
	}
	return storage.QueryableFunc(func(mint, maxt int64) (storage.Querier, error) {
		kept, err := store.Querier(mint, maxt)
		if err != nil {
			return nil, err
		}
		now, err := beside.Querier(mint, maxt)
		if err != nil {
			_ = kept.Close()
			return nil, err
		}
		return storage.NewMergeQuerier([]storage.Querier{kept, now}, nil, storage.ChainedSeriesMerge), nil
	}), release, nil
}
