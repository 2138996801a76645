package promql

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

func selectors(t testing.TB, texts ...string) (all [][]*labels.Matcher) {
	for _, text := range texts {
		m, err := ParseMatchers(text)
		require.NoError(t, err)
		all = append(all, m)
	}
	return all
}

// labelled returns a store with values of the label x of a, and values of y of b.
func labelled(t testing.TB) (*memory.Store, time.Time) {
	c := newClock()
	m := memory.New(memory.Options{Now: c.Now})
	points := []point{sample(t0.Add(-time.Hour), 1, "__name__", "old", "x", "old")}
	for i := range 1000 {
		points = append(points, sample(t0, 1, "__name__", "a", "x", fmt.Sprintf("Value-%04d", i)))
	}
	for i := range 300 {
		points = append(points, sample(t0, 1, "__name__", "b", "y", fmt.Sprintf("agent-%05d.rack.example.com", i)))
	}
	commit(t, m, points...)
	return m, t0
}

func TestLookUpsListLabelsAndTheirValues(t *testing.T) {
	m, now := labelled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	ctx := context.Background()

	for name, store := range map[string]storage.Queryable{"memory": m, "another": storage.QueryableFunc(m.Querier)} {
		t.Run(name, func(t *testing.T) {
			all := LookUp{Store: store, Start: now.Add(-time.Minute), End: now}
			with := func(change func(*LookUp)) LookUp {
				l := all
				change(&l)
				return l
			}
			names, err := e.LabelNames(ctx, all)
			require.NoError(t, err)
			require.Equal(t, Listing{Values: []string{"__name__", "x", "y"}}, names)
			names, err = e.LabelNames(ctx, with(func(l *LookUp) { l.Match = selectors(t, "b", "c") }))
			require.NoError(t, err)
			require.Equal(t, []string{"__name__", "y"}, names.Values)

			values, err := e.LabelValues(ctx, "x", all)
			require.NoError(t, err)
			require.Len(t, values.Values, 1000)
			require.NotContains(t, values.Values, "old")
			values, err = e.LabelValues(ctx, "x", with(func(l *LookUp) { l.Start = time.Time{} }))
			require.NoError(t, err)
			require.Len(t, values.Values, 1001)

			values, err = e.LabelValues(ctx, "x", with(func(l *LookUp) { l.Limit = 3 }))
			require.NoError(t, err)
			require.Equal(t, Listing{Values: []string{"Value-0000", "Value-0001", "Value-0002"}, More: true}, values)
			values, err = e.LabelValues(ctx, "x", with(func(l *LookUp) { l.Limit, l.Count = 3, true }))
			require.NoError(t, err)
			require.Equal(t, Listing{Values: []string{"Value-0000", "Value-0001", "Value-0002"}, More: true, Total: 1000}, values)
			values, err = e.LabelValues(ctx, "x", with(func(l *LookUp) { l.Search, l.Limit, l.Count = "vALUE-09", 2, true }))
			require.NoError(t, err)
			require.Equal(t, Listing{Values: []string{"Value-0900", "Value-0901"}, More: true, Total: 100}, values)
			values, err = e.LabelValues(ctx, "x", with(func(l *LookUp) { l.Limit = 1000 }))
			require.NoError(t, err)
			require.False(t, values.More)
			values, err = e.LabelValues(ctx, "x", with(func(l *LookUp) { l.Search, l.Limit = "vALUE-09", 99 }))
			require.NoError(t, err)
			require.True(t, values.More)
			require.Equal(t, "Value-0900", values.Values[0])

			list := fmt.Sprintf("b{y=~%q}", hosts(270))
			values, err = e.LabelValues(ctx, "y", with(func(l *LookUp) { l.Match = selectors(t, list, `b{y=~".*00299.*"}`) }))
			require.NoError(t, err)
			require.Len(t, values.Values, 271)
			names, err = e.LabelNames(ctx, with(func(l *LookUp) { l.Match = selectors(t, fmt.Sprintf("{y=~%q}", hosts(270))) }))
			require.NoError(t, err)
			require.Equal(t, []string{"__name__", "y"}, names.Values)

			n := 0
			require.NoError(t, e.Series(ctx, with(func(l *LookUp) { l.Match = selectors(t, list, "a") }), func(labels.Labels) { n++ }))
			require.Equal(t, 1270, n)
		})
	}
	requireEmpty(t, e)
}

func TestLookUpsAreBoundedAsQueriesAre(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{Timeout: 30 * time.Millisecond})
	defer e.Close()
	ctx := context.Background()
	l := LookUp{Store: m, Match: selectors(t, `{task_id=~".{0,400}.{0,400}[x-z]"}`)}
	began := time.Now()
	_, err := e.LabelValues(ctx, "task", l) // 10,000 values, 180 ms together at least
	require.Equal(t, ErrorTimeout, KindOf(err), "%v", err)
	require.ErrorContains(t, err, "took longer than it may")
	require.Less(t, time.Since(began), 5*time.Second)
	require.Zero(t, m.OpenQueriers())

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	for what, ask := range map[string]func(context.Context, LookUp) error{
		"names":  func(ctx context.Context, l LookUp) error { _, err := e.LabelNames(ctx, l); return err },
		"values": func(ctx context.Context, l LookUp) error { _, err := e.LabelValues(ctx, "task", l); return err },
		"series": func(ctx context.Context, l LookUp) error { return e.Series(ctx, l, func(labels.Labels) {}) },
	} {
		require.Equal(t, ErrorCancel, KindOf(ask(cancelled, LookUp{Store: m})), what)

		// As many as may run are running: another waits, and its sentence says so.
		var leaves []func()
		for range lookUpsAtOnce {
			leave, err := e.people.lookUp(ctx, false)
			require.NoError(t, err)
			leaves = append(leaves, leave)
		}
		err := ask(ctx, LookUp{Store: m, End: end})
		require.Equal(t, ErrorBusy, KindOf(err), "%s: %v", what, err)
		require.ErrorContains(t, err, "because as many look-up queries as may run at once were running")
		for _, leave := range leaves {
			leave()
		}

		broken := storage.QueryableFunc(func(int64, int64) (storage.Querier, error) { panic("store broken") })
		err = ask(ctx, LookUp{Store: broken})
		require.Equal(t, ErrorPanic, KindOf(err), what)
		require.NotContains(t, err.Error(), "broken")

		closed := memory.New(memory.Options{})
		require.NoError(t, closed.Close())
		require.ErrorIs(t, ask(ctx, LookUp{Store: closed}), history.ErrClosed, what)
		require.Zero(t, m.OpenQueriers())
	}
	requireEmpty(t, e)

	// Close waits for those that run, and refuses later ones.
	slow := slowStore{Store: m, begun: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- e.Series(ctx, LookUp{Store: slow, Match: selectors(t, "task")}, func(labels.Labels) {})
	}()
	<-slow.begun
	e.Close()
	require.Contains(t, []ErrorKind{ErrorCancel, ErrorTimeout}, KindOf(<-ended))
	_, err = e.LabelNames(ctx, LookUp{Store: m})
	require.True(t, errors.Is(err, history.ErrClosed))
}
