package history_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
)

func TestTheLatestLabelIsThatOfTheNewestSample(t *testing.T) {
	now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
	store := memory.New(memory.Options{Now: func() time.Time { return now }})
	defer store.Close()
	latest := func() string {
		value, err := history.LatestLabel(t.Context(), store, now, store.Stats().Start, "mesos_up", "cluster")
		require.NoError(t, err)
		return value
	}
	add := func(cluster string, ago time.Duration) {
		batch := store.Batch(context.Background())
		_, err := batch.Append(0, func() labels.Labels {
			return labels.FromStrings(labels.MetricName, "mesos_up", "cluster", cluster, "poll", "state")
		}, now.Add(-ago).UnixMilli(), 1)
		require.NoError(t, err)
		require.NoError(t, batch.Commit())
	}
	require.Empty(t, latest(), "there is nothing")
	add("first", 90*24*time.Hour)
	require.Equal(t, "first", latest(), "after an outage of months")
	add("other", 30*time.Minute)
	add("second", 20*time.Minute)
	add("first", 25*time.Minute)
	require.Equal(t, "second", latest())
}
