package memory

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// honest checks the running figures against a count of everything.
func honest(t testing.TB, m *Store) {
	t.Helper()
	m.mu.RLock()
	defer m.mu.RUnlock()
	var bytes, fixed int64
	chained := 0
	for s := range m.byRef.all() {
		bytes += s.size()
		fixed += s.fixedSize()
	}
	for _, s := range m.byHash {
		for ; s != nil; s = s.next {
			chained++
		}
	}
	require.Equal(t, bytes, m.bytes)
	require.Equal(t, fixed, m.fixed)
	require.Equal(t, m.byRef.len(), chained)
}

func TestBatchIsVisibleAtCommitOnly(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	b := m.Batch(context.Background())
	ref, err := b.Append(0, constant(labels.FromStrings("__name__", "a")), t0.UnixMilli(), 1)
	require.NoError(t, err)
	require.NotZero(t, ref)
	require.Empty(t, read(t, m, `{__name__!=""}`))
	require.Zero(t, m.Stats().Series)
	require.NoError(t, b.Commit())
	require.Equal(t, map[string][]pair{`{__name__="a"}`: {{T: t0.UnixMilli(), V: 1}}}, read(t, m, `a`))
	require.Equal(t, history.Stats{Engine: "memory", Series: 1, Bytes: m.bytes, Start: t0.Local()}, m.Stats())
	honest(t, m)

	_, err = b.Append(ref, nil, t0.UnixMilli()+1, 1)
	require.Error(t, err)
	require.Error(t, b.Commit())
	require.Error(t, b.Rollback())
}

func TestRollbackLeavesNothing(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	name := labels.FromStrings("__name__", "a")
	b := m.Batch(context.Background())
	ref, err := b.Append(0, constant(name), t0.UnixMilli(), 1)
	require.NoError(t, err)
	require.NoError(t, b.Rollback())
	require.Empty(t, read(t, m, `{__name__!=""}`))
	require.Zero(t, m.Stats().Bytes)

	called := false
	b = m.Batch(context.Background())
	again, err := b.Append(ref, func() labels.Labels { called = true; return name }, t0.UnixMilli(), 2)
	require.NoError(t, err)
	require.True(t, called, "the reference of a series rolled back is unknown")
	require.NotEqual(t, ref, again)
	require.NoError(t, b.Commit())
	require.Len(t, read(t, m, `a`), 1)
}

func TestReferencesSpareTheLabels(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	name := labels.FromStrings("__name__", "a", "empty", "")
	never := func() labels.Labels { t.Error("labels asked for a known reference"); return name }
	b := m.Batch(context.Background())
	ref, err := b.Append(0, constant(name), t0.UnixMilli(), 1)
	require.NoError(t, err)
	same, err := b.Append(ref, never, t0.UnixMilli()+1, 2)
	require.NoError(t, err, "known within the batch that made it")
	require.Equal(t, ref, same)
	found, err := b.Append(0, constant(labels.FromStrings("__name__", "a")), t0.UnixMilli()+2, 3)
	require.NoError(t, err)
	require.Equal(t, ref, found, "an empty label is no label")
	require.NoError(t, b.Commit())

	b = m.Batch(context.Background())
	_, err = b.Append(ref, never, t0.UnixMilli()+3, 4)
	require.NoError(t, err)
	require.NoError(t, b.Commit())
	require.Len(t, read(t, m, `a`)[`{__name__="a"}`], 4)
}

func TestAppendRefusesWhatPrometheusRefuses(t *testing.T) {
	historytest.Refusals(t, func(_ *testing.T, now func() time.Time) *Store {
		return New(Options{Now: now, Retention: time.Hour})
	}, func(t *testing.T, m *Store) {
		require.Len(t, read(t, m, `other`), 1)
		honest(t, m)
	})
}

func TestOrderIsCheckedWithinABatchToo(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	name := constant(labels.FromStrings("__name__", "a"))
	b := m.Batch(context.Background())
	at := t0.UnixMilli()
	for _, step := range []struct {
		t   int64
		v   float64
		err error
	}{{at, 1, nil}, {at, 1, nil}, {at, 2, storage.ErrDuplicateSampleForTimestamp}, {at - 1, 1, storage.ErrOutOfOrderSample}, {at + 1, 2, nil}} {
		_, err := b.Append(0, name, step.t, step.v)
		require.ErrorIs(t, err, step.err)
	}
	require.NoError(t, b.Commit())
	require.Equal(t, []pair{{T: at, V: 1}, {T: at + 1, V: 2}}, read(t, m, `a`)[`{__name__="a"}`])
}

func TestBatchesThatOverlap(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	name := constant(labels.FromStrings("__name__", "a"))
	begin := func(t1 int64, v float64) series.Batch {
		b := m.Batch(context.Background())
		_, err := b.Append(0, name, t1, v)
		require.NoError(t, err)
		return b
	}
	at := t0.UnixMilli()
	first, second, same, late := begin(at, 1), begin(at+10, 2), begin(at+10, 2), begin(at+5, 3)
	_, err := late.Append(0, constant(labels.FromStrings("__name__", "b")), at+5, 3)
	require.NoError(t, err)
	require.NoError(t, first.Commit())
	require.NoError(t, second.Commit(), "the series it made exists by now")
	require.NoError(t, same.Commit(), "the same sample twice is one")
	require.ErrorIs(t, late.Commit(), storage.ErrOutOfOrderSample)
	require.Equal(t, map[string][]pair{`{__name__="a"}`: {{T: at, V: 1}, {T: at + 10, V: 2}}}, read(t, m, `{__name__=~"a|b"}`), "all of a batch or nothing")
	honest(t, m)
}

func TestQuerySeesNothingOfLaterCommits(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	ctx := context.Background()
	commit(t, m, sample(t0, 0, "__name__", "a"), sample(t0, 0, "__name__", "b"))
	var queriers []storage.Querier
	var sets []storage.SeriesSet // selected at the first moment
	for i := range 300 {
		q, err := m.Querier(math.MinInt64, math.MaxInt64)
		require.NoError(t, err)
		queriers = append(queriers, q)
		sets = append(sets, q.Select(ctx, false, nil, matchers(t, `a`)...))
		now := c.Advance(time.Second)
		commit(t, m, sample(now, float64(i+1), "__name__", "a"), sample(now, float64(i+1), "__name__", "b"),
			sample(now, 1, "__name__", "c", "i", fmt.Sprint(i)))
	}
	for i, q := range queriers {
		for _, set := range []storage.SeriesSet{sets[i], q.Select(ctx, true, nil, matchers(t, `{__name__=~"a|b"}`)...)} {
			for name, points := range readSet(t, set) {
				require.Len(t, points, i+1, name)
				require.Equal(t, float64(i), points[i].V)
			}
		}
		require.Len(t, readSet(t, q.Select(ctx, true, nil, matchers(t, `c`)...)), i)
		values, _, err := q.LabelValues(ctx, "i", nil)
		require.NoError(t, err)
		require.Len(t, values, i)
		values, _, err = q.LabelValues(ctx, "i", nil, matchers(t, `c`)...)
		require.NoError(t, err)
		require.Len(t, values, i)
		names, _, err := q.LabelNames(ctx, nil)
		require.NoError(t, err)
		require.Equal(t, i > 0, len(names) == 2, "%v", names)
		require.NoError(t, q.Close())
		require.NoError(t, q.Close(), "closing twice is once")
	}
	require.Empty(t, m.queries)
	commit(t, m, sample(c.Advance(time.Second), 1, "__name__", "a"))
	require.Nil(t, m.find(labels.FromStrings("__name__", "a").Hash(), "a", labels.FromStrings("__name__", "a")).undo, "notes go with the queries")
}

// A pausingStore lets commits happen between the selections of one query.
type pausingStore struct{ *Store }

func (s pausingStore) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := s.Store.Querier(mint, maxt)
	return pausingQuerier{q}, err
}

type pausingQuerier struct{ storage.Querier }

func (q pausingQuerier) Select(ctx context.Context, sorted bool, h *storage.SelectHints, m ...*labels.Matcher) storage.SeriesSet {
	time.Sleep(500 * time.Microsecond)
	return q.Querier.Select(ctx, sorted, h, m...)
}

// A writer adds the same value to all series at once; readers must find
// one value in all of them, whenever and however slowly.
func TestQueriesDuringCommitsSeeWholePolls(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now, Limit: 600_000})
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	poll := func(n int) {
		var points []point
		for i := range 40 {
			points = append(points, sample(c.Now(), float64(n), "__name__", "a", "i", fmt.Sprint(i)), sample(c.Now(), float64(n), "__name__", "b", "i", fmt.Sprint(i)))
		}
		if n%3 == 0 { // new series come with every third poll, and end with it
			points = append(points, sample(c.Now(), float64(n), "__name__", "b", "i", fmt.Sprint("new", n)))
		}
		commit(t, m, points...)
	}
	poll(0)
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for range 50 {
				res, err := engine.Instant(context.Background(), promql.Request{Store: pausingStore{m}, End: c.Now().Add(time.Minute), Lookback: time.Hour,
					Expr: `max(a) - min(b{i!~"new.*"}) + count(count_values("v", {__name__=~"a|b",i=~"1|2|3"}))`})
				if err != nil || len(res.Vector) != 1 || res.Vector[0].F != 1 {
					t.Errorf("saw part of a poll: %v %v", res.Vector, err)
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { readers.Wait(); close(done) }()
	for n := 1; ; n++ {
		select {
		case <-done:
			require.Greater(t, n, 20, "commits while queries ran")
			honest(t, m)
			return
		default:
			c.Advance(15 * time.Second)
			poll(n)
		}
	}
}

func TestSamplesOlderThanRetentionGo(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now, Retention: time.Hour})
	require.True(t, m.Stats().Start.IsZero(), "nothing yet")
	var most int64
	for i := range 8 * 240 {
		now := c.Advance(15 * time.Second)
		points := []point{sample(now, rand.Float64(), "__name__", "a")}
		if i < 10 {
			points = append(points, sample(now, 1, "__name__", "short", "i", fmt.Sprint(i)))
		}
		commit(t, m, points...)
		st := m.Stats()
		require.Empty(t, st.TruncatedBy)
		if i < 200 {
			require.Equal(t, t0.Add(15*time.Second).Local(), st.Start)
		} else if i > 240 {
			require.Equal(t, now.Add(-time.Hour).Local(), st.Start)
			got := read(t, m, `a`)[`{__name__="a"}`]
			require.Len(t, got, 241, "exactly an hour, both ends included")
			require.Equal(t, st.Start.UnixMilli(), got[0].T)
		}
		if i > 400 {
			most = max(most, st.Bytes)
			require.Equal(t, 1, st.Series, "series that ended are gone")
		}
	}
	require.Less(t, most, int64(8000), "an hour of one series, 8 hours written")
	q, err := m.Querier(0, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	values, _, err := q.LabelValues(context.Background(), "__name__", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, values)
	honest(t, m)
}

func TestReferencesOfForgottenSeriesAreUnknown(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now, Retention: time.Hour})
	name := labels.FromStrings("__name__", "a")
	b := m.Batch(context.Background())
	ref, err := b.Append(0, constant(name), c.Now().UnixMilli(), 1)
	require.NoError(t, err)
	require.NoError(t, b.Commit())

	overdue := m.Batch(context.Background()) // begins before, commits after
	_, err = overdue.Append(ref, nil, c.Now().Add(5*time.Minute).UnixMilli(), 5)
	require.NoError(t, err)

	commit(t, m, sample(c.Advance(2*time.Hour), 1, "__name__", "b"))
	require.Empty(t, read(t, m, `a`))
	require.NoError(t, overdue.Commit())
	honest(t, m)
	commit(t, m, sample(c.Advance(2*time.Hour), 1, "__name__", "b"))

	called := false
	b = m.Batch(context.Background())
	again, err := b.Append(ref, func() labels.Labels { called = true; return name }, c.Now().UnixMilli(), 2)
	require.NoError(t, err)
	require.True(t, called)
	require.NotEqual(t, ref, again)
	require.NoError(t, b.Commit())
	require.Equal(t, []pair{{T: c.Now().UnixMilli(), V: 2}}, read(t, m, `a`)[`{__name__="a"}`])
	honest(t, m)
}

func TestOldestSamplesGoWhenBytesRunOut(t *testing.T) {
	const limit = 400_000
	c := newClock()
	m := New(Options{Now: c.Now, Limit: limit, Retention: 15 * 24 * time.Hour})
	rnd := rand.New(rand.NewPCG(1, 1))
	starts := map[time.Time]bool{}
	for range 5 * 240 {
		now := c.Advance(15 * time.Second)
		var points []point
		for i := range 50 {
			points = append(points, sample(now, rnd.Float64(), "__name__", "a", "i", fmt.Sprint(i)))
		}
		commit(t, m, points...)
		require.LessOrEqual(t, m.Stats().Bytes, int64(limit))
		starts[m.Stats().Start] = true
	}
	st := m.Stats()
	require.Equal(t, "memoryLimit", st.TruncatedBy)
	require.Empty(t, st.Note)
	require.Equal(t, 50, st.Series)
	require.Less(t, len(starts), 60, "not with every commit")
	require.True(t, st.Start.After(t0.Add(time.Hour)) && st.Start.Before(c.Now().Add(-time.Hour)), "history begins at %s", st.Start)
	honest(t, m)

	// What begins at Start is whole: every series has every poll since.
	want := int(c.Now().Sub(st.Start)/(15*time.Second)) + 1
	for name, points := range read(t, m, `a`) {
		require.InDelta(t, want, len(points), 1, name)
		require.GreaterOrEqual(t, points[0].T, st.Start.UnixMilli(), name)
	}

	m.SetLimits(15*24*time.Hour, limit/2)
	require.LessOrEqual(t, m.Stats().Bytes, int64(limit/2))
	require.Equal(t, "memoryLimit", m.Stats().TruncatedBy)
	m.SetLimits(time.Hour, 0)
	require.Empty(t, m.Stats().TruncatedBy, "age is what bounds it now")
	require.Equal(t, c.Now().Add(-time.Hour).Local(), m.Stats().Start)
	honest(t, m)
}

func TestLiveSeriesSurviveALimitThatIsTooSmall(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now, Limit: 50_000})
	rnd := rand.New(rand.NewPCG(1, 1))
	refused := 0
	for n := range 600 {
		c.Advance(15 * time.Second)
		b := m.Batch(context.Background())
		for i := range 50 + n/4 {
			_, err := b.Append(0, constant(labels.FromStrings("__name__", "a", "i", fmt.Sprint(i))), c.Now().UnixMilli(), rnd.Float64())
			if err != nil {
				require.ErrorIs(t, err, series.ErrFull)
				refused++
			}
		}
		require.NoError(t, b.Commit())
	}
	st := m.Stats()
	require.Positive(t, refused)
	require.GreaterOrEqual(t, st.Series, 50)
	require.Contains(t, st.Note, "raise memoryLimit or lower maxSeries")
	for name, points := range read(t, m, `a`) {
		require.Equal(t, c.Now().UnixMilli(), points[len(points)-1].T, name)
		require.GreaterOrEqual(t, len(points), 239, name)
	}
	honest(t, m)

	m.SetLimits(0, 0)
	require.Empty(t, m.Stats().Note)
	commit(t, m, sample(c.Now(), 1, "__name__", "new"))
}

func TestFirstBatchLargerThanTheLimitIsBounded(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now, Limit: 1 << 20})
	b := m.Batch(context.Background())
	kept := 0
	for i := range 5000 {
		if _, err := b.Append(0, constant(taskSeries(benchMetrics[i%5], i/5)), c.Now().UnixMilli(), 1); err == nil {
			kept++
		} else {
			require.ErrorIs(t, err, series.ErrFull)
		}
	}
	require.NoError(t, b.Commit())
	st := m.Stats()
	require.Equal(t, kept, st.Series)
	require.LessOrEqual(t, st.Bytes, int64(1<<20))
	require.Greater(t, st.Bytes, int64(1<<20)*9/10)
	require.InEpsilon(t, roomWithin(1<<20, time.Hour), kept, 0.2, "with a single sample each")
	require.Zero(t, roomWithin(0, time.Minute), "any number")
}

func TestEndedSeriesMakeRoomFirst(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now, Limit: 300_000})
	for n := range 2000 { // a task an hour, for weeks
		now := c.Advance(time.Hour)
		commit(t, m, sample(now, float64(n), "__name__", "task", "task_id", fmt.Sprint(n)), sample(now, float64(n), "__name__", "total"))
		require.LessOrEqual(t, m.Stats().Bytes, int64(300_000))
	}
	st := m.Stats()
	require.Equal(t, "memoryLimit", st.TruncatedBy)
	require.Less(t, st.Series, 700)
	require.Greater(t, st.Series, 200)
	for name, points := range read(t, m, `{__name__!=""}`) {
		require.NotEmpty(t, points, "%s lies before %s", name, st.Start)
	}
	honest(t, m)
}

func TestSeriesOfEqualHashesAreToldApart(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	names := []labels.Labels{labels.FromStrings("__name__", "a"), labels.FromStrings("__name__", "b"), labels.FromStrings("__name__", "c")}
	var all []*memSeries
	for i, l := range names {
		s := newSeries(storage.SeriesRef(i+1), 42, seriesLabels{name: nameOf(l)}, false)
		m.insert(s)
		all = append(all, s)
	}
	for i, l := range names {
		require.Same(t, all[i], m.find(42, nameOf(l), l))
	}
	for _, i := range []int{1, 2, 0} {
		m.remove(all[i])
		require.Nil(t, m.find(42, nameOf(names[i]), names[i]))
		honest(t, m)
	}
	require.Empty(t, m.byHash)
	require.Zero(t, m.bytes)
}

func TestHintsNarrowASelection(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	for i := range 10 {
		commit(t, m, sample(t0.Add(time.Duration(i)*time.Minute), 1, "__name__", "a", "i", fmt.Sprint(i)), sample(t0.Add(time.Duration(i)*time.Minute), 1, "__name__", "b"))
	}
	q, err := m.Querier(t0.UnixMilli(), t0.Add(time.Hour).UnixMilli())
	require.NoError(t, err)
	defer q.Close()
	ctx := context.Background()
	minute := func(i int) int64 { return t0.Add(time.Duration(i) * time.Minute).UnixMilli() }
	sel := func(h storage.SelectHints, selector string) map[string][]pair {
		return readSet(t, q.Select(ctx, true, &h, matchers(t, selector)...))
	}
	require.Len(t, sel(storage.SelectHints{Start: minute(3), End: minute(5)}, `a`), 3)
	require.Len(t, sel(storage.SelectHints{Start: minute(3), End: minute(5)}, `b`)[`{__name__="b"}`], 3)
	require.Len(t, sel(storage.SelectHints{Start: minute(3), End: minute(5), DisableTrimming: true}, `a`), 10)
	require.Len(t, sel(storage.SelectHints{Start: 0, End: math.MaxInt64, Limit: 4}, `a`), 4)
	shards := 0
	for i := range uint64(3) {
		shards += len(sel(storage.SelectHints{Start: 0, End: math.MaxInt64, ShardCount: 3, ShardIndex: i}, `a`))
	}
	require.Equal(t, 10, shards)

	values, _, err := q.LabelValues(ctx, "i", &storage.LabelHints{Limit: 3})
	require.NoError(t, err)
	require.Equal(t, []string{"0", "1", "2"}, values)
	values, _, err = q.LabelValues(ctx, "i", &storage.LabelHints{Limit: 2}, matchers(t, `{i=~"[4-9]"}`)...)
	require.NoError(t, err)
	require.Equal(t, []string{"4", "5"}, values)
	names, _, err := q.LabelNames(ctx, &storage.LabelHints{Limit: 1}, matchers(t, `a`)...)
	require.NoError(t, err)
	require.Equal(t, []string{"__name__"}, names)

	narrow, err := m.Querier(minute(2), minute(3))
	require.NoError(t, err)
	defer narrow.Close()
	values, _, err = narrow.LabelValues(ctx, "i", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"2", "3"}, values, "only what has samples in the time asked for")
}

func TestQueriesEndWithTheirContext(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	commit(t, m, sample(t0, 1, "__name__", "a"))
	q, err := m.Querier(0, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, q.Select(ctx, false, nil, matchers(t, `a`)...).Err(), context.Canceled)
	_, _, err = q.LabelValues(ctx, "__name__", nil)
	require.ErrorIs(t, err, context.Canceled)
	_, _, err = q.LabelNames(ctx, nil, matchers(t, `{__name__=~".+"}`)...)
	require.ErrorIs(t, err, context.Canceled)
}

func TestEverythingAnswersAnErrorAfterClose(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	commit(t, m, sample(t0, 1, "__name__", "a"))
	q, err := m.Querier(0, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	b := m.Batch(context.Background())
	_, err = b.Append(0, constant(labels.FromStrings("__name__", "a")), t0.UnixMilli()+1, 1)
	require.NoError(t, err)
	require.NoError(t, m.Close())
	require.NoError(t, m.Close())

	require.ErrorIs(t, b.Commit(), history.ErrClosed)
	require.ErrorIs(t, q.Select(context.Background(), false, nil, matchers(t, `a`)...).Err(), history.ErrClosed)
	for name, call := range map[string]func() error{
		"Querier":     func() error { _, err := m.Querier(0, 1); return err },
		"CountSeries": func() error { _, err := m.CountSeries(context.Background(), 0, 1); return err },
		"Append": func() error {
			_, err := m.Batch(context.Background()).Append(0, constant(labels.FromStrings("__name__", "a")), t0.UnixMilli(), 1)
			return err
		},
		"LabelValues": func() error { _, _, err := q.LabelValues(context.Background(), "a", nil); return err },
		"LabelNames":  func() error { _, _, err := q.LabelNames(context.Background(), nil); return err },
	} {
		require.ErrorIs(t, call(), history.ErrClosed, name)
	}
	require.Equal(t, history.Stats{Engine: "memory"}, m.Stats())
	m.SetLimits(time.Hour, 1)
}

func TestStalenessEndsASeriesAtOnce(t *testing.T) {
	c := newClock()
	m := New(Options{Now: c.Now})
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	for i := range 10 {
		now := t0.Add(time.Duration(i) * 15 * time.Second)
		v := 7.0
		if i == 5 {
			v = series.Stale
		}
		if i == 7 {
			continue // no poll: look-back bridges it
		}
		commit(t, m, sample(now, v, "__name__", "a"))
	}
	res, err := engine.Range(context.Background(), promql.Request{Store: m, Expr: `a`, Start: t0, End: t0.Add(4 * time.Minute), Step: 15 * time.Second, Lookback: 38 * time.Second})
	require.NoError(t, err)
	require.Len(t, res.Matrix, 1)
	var polls []int
	for _, p := range res.Matrix[0].Floats {
		polls = append(polls, int(time.UnixMilli(p.T).Sub(t0)/(15*time.Second)))
	}
	require.Equal(t, []int{0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11}, polls, "a gap at 5; after 9 no longer than the look-back")
}
