package historytest

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/series"
)

// Refusals tests which samples an engine refuses, as Prometheus does: open returns
// one that shows now, keeps an hour and has no samples; then is called with it after
// each sample, when the series `other` has to have one sample.
func Refusals[S series.Sink](t *testing.T, open func(t *testing.T, now func() time.Time) S, then func(t *testing.T, engine S)) {
	name, other := labels.FromStrings("__name__", "a"), labels.FromStrings("__name__", "b")
	for _, test := range []struct {
		what string
		in   labels.Labels
		t    time.Time
		v    float64
		err  error  // by errors.Is
		text string // part of the sentence
	}{
		{"a newer sample", name, T0.Add(time.Second), 2, nil, ""},
		{"the same sample again", name, T0, 1, nil, ""},
		{"another value at the same time", name, T0, 2, storage.ErrDuplicateSampleForTimestamp, ""},
		{"staleness at the time of a value", name, T0, series.Stale, storage.ErrDuplicateSampleForTimestamp, ""},
		{"an older sample", name, T0.Add(-time.Second), 1, storage.ErrOutOfOrderSample, ""},
		{"9 minutes in the future", name, T0.Add(9 * time.Minute), 1, nil, ""},
		{"11 minutes in the future", name, T0.Add(11 * time.Minute), 1, storage.ErrOutOfBounds, "is 11m0s in the future, more than 10m0s: check the clocks"},
		{"older than retention", other, T0.Add(-2 * time.Hour), 1, storage.ErrOutOfBounds, "older than what is kept, which begins at 2026-03-01T11:00:00Z"},
		{"no labels", labels.EmptyLabels(), T0, 1, nil, "without labels"},
		{"a label twice", labels.FromStrings("__name__", "b", "x", "1", "x", "2"), T0, 1, nil, `the label "x" twice`},
	} {
		t.Run(test.what, func(t *testing.T) {
			engine := open(t, NewClock().Now)
			Commit(t, engine, Sample(T0, 1, "__name__", "a"))
			b := engine.Batch(context.Background())
			_, err := b.Append(0, Constant(test.in), test.t.UnixMilli(), test.v)
			switch {
			case test.err != nil:
				require.ErrorIs(t, err, test.err)
				require.ErrorContains(t, err, test.text)
			case test.text != "":
				require.ErrorContains(t, err, test.text)
			default:
				require.NoError(t, err)
			}
			// The error does not spoil the batch.
			_, err = b.Append(0, Constant(labels.FromStrings("__name__", "other")), T0.UnixMilli(), 3)
			require.NoError(t, err)
			require.NoError(t, b.Commit())
			require.Error(t, b.Commit())
			_, err = b.Append(0, Constant(name), T0.UnixMilli(), 3)
			require.Error(t, err)
			then(t, engine)
		})
	}
}
