package memory

import (
	"context"
	"fmt"
	"testing"
	"time"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

// Labels are what they were, whether they are kept in parts or not, and in the same order.
func TestLabelsKeptInPartsAreTheSame(t *testing.T) {
	all := []labels.Labels{
		labels.FromStrings("__name__", "a"),
		labels.FromStrings("__name__", "a", "agent", "x"),
		labels.FromStrings("__name__", "b", "agent", "x"),
		labels.FromStrings("__name__", "b", "agent", "x", "state", "y"),
		labels.FromStrings("__name__", "b", "agent", "xy"),
		labels.FromStrings("Zone", "z", "__name__", "a", "agent", "x"), // the name is not the first
		labels.FromStrings("agent", "x"),
		labels.FromStrings("agent", "x", "state", "y"),
	}
	var names names
	var s sharer
	kept := make([]seriesLabels, len(all))
	for i, l := range all {
		kept[i], _ = s.split(&names, nameOf(l), l)
		require.Equal(t, l, kept[i].all())
		require.Equal(t, l.Len(), kept[i].len())
		l.Range(func(x labels.Label) { require.Equal(t, x.Value, kept[i].get(x.Name)) })
		require.Empty(t, kept[i].get("none"))
	}
	for i := range all {
		for j := range all {
			require.Equal(t, labels.Compare(all[i], all[j]), kept[i].compare(kept[j]), "%s %s", all[i], all[j])
			require.Equal(t, i == j, kept[i].are(nameOf(all[j]), all[j]), "%s %s", all[i], all[j])
		}
	}
	require.Len(t, names.all, 2)
}

// The series of one agent have the rest of their labels once.
func TestSeriesOfOneThingShareTheirLabels(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	batch := m.Batch(context.Background())
	at := c.Advance(time.Second).UnixMilli()
	for agent := range 3 {
		for n := range 20 {
			l := labels.FromStrings("__name__", fmt.Sprint("mesos_agent_", n), "agent", fmt.Sprint("agent", agent), "cluster", "test")
			if n >= 10 {
				l = labels.FromStrings("__name__", "mesos_agent_tasks", "agent", fmt.Sprint("agent", agent), "cluster", "test", "state", fmt.Sprint(n))
			}
			_, err := batch.Append(0, constant(l), at, 1)
			require.NoError(t, err)
		}
	}
	require.NoError(t, batch.Commit())
	texts, shared := map[string]bool{}, 0
	for s := range m.byRef.all() {
		text := s.labels.rest.String()
		require.Equal(t, text == "" || s.shares, texts[text], "the first one accounts for them")
		texts[text] = true
		if s.shares {
			shared++
		}
	}
	require.Equal(t, 3*9, shared)
	require.EqualValues(t, 160, unsafe.Sizeof(memSeries{}), "a size class of Go's allocator: a million series are many")
}
