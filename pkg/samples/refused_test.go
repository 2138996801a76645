package samples

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// full takes no samples while full is set.
type full struct {
	*written
	full bool
}

func (f *full) Room(time.Duration) int { return 1_000_000 }

func (f *full) Batch(context.Context) series.Batch { return f }

func (f *full) Commit() error {
	if f.full {
		return errors.New("disk full")
	}
	return nil
}

// What was refused between two /state is past when a /state is written, also where the
// event stream has ended and nothing is written between them any more.
func TestWhatWasRefusedBetweenTwoStatesEndsWithTheNext(t *testing.T) {
	sink := &full{written: &written{refs: map[string]series.Ref{}, by: map[series.Ref]string{}, all: map[string]string{}, times: map[string][]int64{}}}
	w := NewWriter(sink)
	w.cluster = "c"
	ctx := context.Background()
	at := func(second int64) *cluster.Cluster {
		state := large(2, 4)
		state.Sent = time.Unix(second, 0)
		return cluster.Build(state, nil)
	}
	health := Health{Poll: series.PollState, OK: true}
	require.NoError(t, w.State(ctx, at(100), Settings{MaxSeries: 1_000_000}, health))

	sink.full = true
	require.ErrorContains(t, w.Sums(ctx, at(115), false, &mesos.Metrics{}), "disk full")
	require.ErrorContains(t, w.Model(ctx, at(115), Change{Tasks: func(string, string) bool { return true }}, Settings{MaxSeries: 1_000_000}), "disk full")
	require.Positive(t, w.Kept().Dropped)
	require.Contains(t, w.Kept().DroppedWhy, "disk full")

	sink.full = false
	require.NoError(t, w.State(ctx, at(130), Settings{MaxSeries: 1_000_000}, health))
	require.Zero(t, w.Kept().Dropped)
	require.Empty(t, w.Kept().DroppedWhy)
}
