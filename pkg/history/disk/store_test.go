package disk

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
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

// startDisk returns a store whose keeper looks often, and which is closed with
// the test.
func startDisk(t testing.TB, o Options) *Store {
	t.Helper()
	if o.Reserve == 0 {
		o.Reserve = 1 << 20
	}
	if o.every == 0 {
		o.every = 5 * time.Millisecond
	}
	d := New(o)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// openDisk is startDisk, and waits until samples go to disk.
func openDisk(t testing.TB, o Options) *Store {
	t.Helper()
	d := startDisk(t, o)
	onDisk(t, d)
	return d
}

// onDisk waits until samples go to disk.
func onDisk(t testing.TB, d *Store) {
	t.Helper()
	require.Eventually(t, func() bool {
		h, waiting := d.current()
		return h != nil && !waiting
	}, 10*time.Second, time.Millisecond, "note: %s", &lazyNote{d})
}

// inMemoryFor waits until memory has taken over because of a fault, and
// returns the note.
func inMemoryFor(t testing.TB, d *Store, kind faultKind) string {
	t.Helper()
	require.Eventually(t, func() bool {
		d.mu.RLock()
		defer d.mu.RUnlock()
		return d.memory != nil && d.fault.kind == kind
	}, 10*time.Second, time.Millisecond, "wanted fault %d; note: %s", kind, &lazyNote{d})
	return d.Stats().Note
}

// whileKeeperWaits changes files of a store whose keeper looks once an hour. The last polls
// have woken it: without this it may open again what is half removed, and not look again.
func whileKeeperWaits(d *Store, change func()) {
	d.tending.Lock()
	defer d.tending.Unlock()
	change()
}

type lazyNote struct{ d *Store }

func (n *lazyNote) String() string { return n.d.Stats().Note }

// polls writes n polls of all names, one every 15 s from the clock's now on,
// and returns what it wrote.
func polls(t testing.TB, s series.Sink, c *clock, n int, names ...string) map[string][]pair {
	t.Helper()
	wrote := map[string][]pair{}
	for range n {
		at := c.Advance(15 * time.Second)
		var points []point
		for i, name := range names {
			v := float64(at.Unix()%1000 + int64(i))
			points = append(points, sample(at, v, "__name__", name))
			key := labels.FromStrings("__name__", name).String()
			wrote[key] = append(wrote[key], pair{T: at.UnixMilli(), V: v})
		}
		commit(t, s, points...)
	}
	return wrote
}

// add appends what was written later.
func add(to, more map[string][]pair) {
	for key, pairs := range more {
		to[key] = append(to[key], pairs...)
	}
}

// readDisk returns all samples a query sees now but for staleness.
func readDisk(t testing.TB, s storage.Queryable, selector string) map[string][]pair {
	t.Helper()
	q, err := s.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	all := readSet(t, q.Select(context.Background(), false, &storage.SelectHints{Start: math.MinInt64, End: math.MaxInt64}, matchers(t, selector)...))
	for key, pairs := range all {
		kept := pairs[:0]
		for _, p := range pairs {
			if !series.IsStale(p.V) {
				kept = append(kept, p)
			}
		}
		all[key] = kept
	}
	return all
}

// same compares samples and says in a few words where they differ.
func same(t testing.TB, want, got map[string][]pair) {
	t.Helper()
	within(t, want, got)
	require.Len(t, got, len(want), "series")
	for key, pairs := range want {
		require.Len(t, got[key], len(pairs), key)
	}
}

// within checks that got has every sample of want.
func within(t testing.TB, want, got map[string][]pair) {
	t.Helper()
	var lacks []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		have := map[int64]float64{}
		for _, p := range got[key] {
			have[p.T] = p.V
		}
		for i, p := range want[key] {
			if v, ok := have[p.T]; !ok || v != p.V {
				lacks = append(lacks, fmt.Sprintf("%s lacks sample %d of %d at %s", key, i, len(want[key]), history.Moment(p.T)))
			}
		}
	}
	require.LessOrEqual(t, len(lacks), 0, "%d samples are missing, the first: %v", len(lacks), lacks[:min(len(lacks), 5)])
}

var everything = `{__name__!=""}`

// reopened returns the store opened again after it was closed.
func reopened(t *testing.T, d *Store) map[string][]pair {
	t.Helper()
	require.NoError(t, d.Close())
	o := d.opts
	o.From = nil
	return readDisk(t, openDisk(t, o), everything)
}

func TestWhatWasCommittedToDiskIsThereAfterReopening(t *testing.T) {
	c, dir := newClock(), filepath.Join(t.TempDir(), "history", "1-mesos")
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	wrote := polls(t, d, c, 300, "a", "b", "c")
	same(t, wrote, readDisk(t, d, `{__name__!=""}`))
	st := d.Stats()
	require.Equal(t, "disk", st.Engine)
	require.Equal(t, 3, st.Series)
	require.True(t, st.Start.Equal(t0.Add(15*time.Second)))
	require.Empty(t, st.Note)

	began := time.Now()
	require.NoError(t, d.Close())
	require.Less(t, time.Since(began), 1500*time.Millisecond, "Grafana ends the process 2 s after it is asked to end")
	_, err := d.Querier(0, 1)
	require.ErrorIs(t, err, history.ErrClosed)
	require.ErrorIs(t, d.Batch(context.Background()).Commit(), history.ErrClosed)
	require.NoError(t, d.Close())

	again := openDisk(t, Options{Dir: dir, Now: c.Now})
	same(t, wrote, readDisk(t, again, `{__name__!=""}`))
	require.Positive(t, again.Stats().Bytes)
}

func TestOpeningEndsSeriesThatWereOpen(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	polls(t, d, c, 10, "open", "ended")
	last := c.Now()
	commit(t, d, sample(last.Add(time.Millisecond), series.Stale, "__name__", "ended"))
	require.NoError(t, d.Close())

	c.Advance(time.Minute)
	d = openDisk(t, Options{Dir: dir, Now: c.Now})
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	at := func(when time.Time) int {
		res, err := engine.Instant(context.Background(), promql.Request{Store: d, Expr: `{__name__!=""}`, End: when, Lookback: time.Hour})
		require.NoError(t, err)
		return len(res.Vector)
	}
	require.Equal(t, 2, at(last), "both until their last poll")
	require.Zero(t, at(last.Add(time.Second)), "an old value never answers for now")
	require.NoError(t, d.Close())

	// Nothing was open this time, so nothing is ended again.
	d = openDisk(t, Options{Dir: dir, Now: c.Now})
	q, err := d.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	for name, pairs := range readSet(t, q.Select(context.Background(), false, nil, history.EverySeries)) {
		require.Len(t, pairs, 11, name)
	}
}

func TestReferencesOfDiskSpareTheLabels(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	name := labels.FromStrings("__name__", "a", "empty", "")
	write := func(d *Store, ref series.Ref, lset func() labels.Labels, v float64) series.Ref {
		b := d.Batch(context.Background())
		ref, err := b.Append(ref, lset, c.Advance(15*time.Second).UnixMilli(), v)
		require.NoError(t, err)
		require.NoError(t, b.Commit())
		return ref
	}
	never := func() labels.Labels { t.Error("labels asked for a known reference"); return name }
	ref := write(d, 0, constant(name), 1)
	require.Equal(t, ref, write(d, ref, never, 2))
	require.Equal(t, ref, write(d, 0, constant(labels.FromStrings("__name__", "a")), 3), "an empty label is no label")
	require.Len(t, readDisk(t, d, `a`)[`{__name__="a"}`], 3)

	// To another place the reference means nothing, and to this one nothing of
	// another generation does.
	d.takeOver(fault{kind: full, text: "for the test"})
	other := write(d, ref, constant(labels.FromStrings("__name__", "b")), 4)
	onDisk(t, d)
	write(d, other, constant(labels.FromStrings("__name__", "b")), 5)
	require.Len(t, readDisk(t, d, `a`)[`{__name__="a"}`], 3)
	require.Len(t, readDisk(t, d, `b`)[`{__name__="b"}`], 2)
}

func TestDiskRefusesWhatMemoryRefuses(t *testing.T) {
	historytest.Refusals(t, func(t *testing.T, now func() time.Time) *Store {
		return openDisk(t, Options{Dir: t.TempDir(), Now: now, Retention: time.Hour})
	}, func(t *testing.T, d *Store) {
		require.Len(t, readDisk(t, d, `other`), 1)
	})
}

func TestRollbackOnDiskLeavesNothing(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now})
	require.True(t, d.Stats().Start.IsZero(), "a history without samples has not begun")
	b := d.Batch(context.Background())
	_, err := b.Append(0, constant(labels.FromStrings("__name__", "a")), t0.UnixMilli(), 1)
	require.NoError(t, err)
	require.NoError(t, b.Rollback())
	require.Empty(t, readDisk(t, d, `{__name__!=""}`))
}

// Three days with churn, compacted on the way: queries see all of it.
func TestBlocksAreWrittenMergedAndDeleted(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now, Retention: 24 * time.Hour})
	rnd := rand.New(rand.NewPCG(1, 1))
	for hour := range 72 {
		for range 20 {
			at := c.Advance(3 * time.Minute)
			commit(t, d, sample(at, rnd.NormFloat64(), "__name__", "steady"),
				sample(at, rnd.NormFloat64(), "__name__", "churn", "hour", fmt.Sprint(hour)))
		}
	}
	onDisk(t, d)
	h, _ := d.current()
	require.Eventually(t, func() bool { return !h.behind(defaultBlockRange) }, 10*time.Second, time.Millisecond)
	blocks := h.db.Blocks()
	require.NotEmpty(t, blocks)
	require.Less(t, len(blocks), 24, "blocks are merged, and deleted with retention")
	oldest, _, _ := h.span()
	require.GreaterOrEqual(t, oldest, t0.Add(44*time.Hour).UnixMilli(), "what is older than retention goes, a block at a time")

	kept := readDisk(t, d, `steady`)[`{__name__="steady"}`]
	require.Len(t, kept, 24*20+1, "a query sees retention and no more")
	require.Empty(t, d.Stats().Note)

	d.SetLimits(6*time.Hour, 0)
	require.Len(t, readDisk(t, d, `steady`)[`{__name__="steady"}`], 6*20+1)
	require.True(t, d.Stats().Start.Equal(c.Now().Add(-6*time.Hour)))
}

// Bytes bound the history before age does: the oldest blocks go.
func TestTheOldestBlocksGoBeyondTheLimit(t *testing.T) {
	const limit = 600 << 10
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now, Retention: 15 * 24 * time.Hour, Limit: limit})
	rnd := rand.New(rand.NewPCG(1, 1))
	var wrote []pair
	for range 3 * 24 * 20 {
		at := c.Advance(3 * time.Minute)
		points := []point{sample(at, rnd.NormFloat64(), "__name__", "a")}
		wrote = append(wrote, pair{T: at.UnixMilli(), V: points[0].V})
		for i := range 20 {
			points = append(points, sample(at, rnd.NormFloat64(), "__name__", "noise", "i", fmt.Sprint(i)))
		}
		commit(t, d, points...)
	}
	onDisk(t, d)
	h := mustHandle(t, d)
	// Where compaction is behind, blocks are written that are gone at once.
	require.Eventually(t, func() bool { return !h.behind(defaultBlockRange) }, 10*time.Second, time.Millisecond)
	st := d.Stats()
	require.Equal(t, "history_limit", st.TruncatedBy)
	require.True(t, st.Start.After(t0.Add(3*time.Hour)), "the beginning is gone: %s", st.Start)
	require.True(t, st.Start.Before(c.Now().Add(-6*time.Hour)), "and not more than needed: %s", st.Start)
	size := int64(0)
	for _, b := range h.db.Blocks() {
		size += b.Size()
	}
	require.Less(t, size, int64(limit))
	kept := readDisk(t, d, `a`)[`{__name__="a"}`]
	require.Equal(t, wrote[len(wrote)-len(kept):], kept, "the rest is whole")
	require.Equal(t, st.Start.UnixMilli(), kept[0].T)
}

func TestFirstQueriesWaitForTheOpening(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	wrote := polls(t, d, c, 50, "a")
	require.NoError(t, d.Close())
	// No wait for the opening here: a query that comes at once sees the history.
	d = startDisk(t, Options{Dir: dir, Now: c.Now})
	same(t, wrote, readDisk(t, d, `a`))
}

// A directory that another process gives back soon may hold months.
func TestTheStartIsUnknownDuringTheOpening(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	before := openDisk(t, Options{Dir: dir, Now: c.Now})
	start := c.Now().Add(15 * time.Second)
	polls(t, before, c, 50, "a")
	d := startDisk(t, Options{Dir: dir, Now: c.Now, wait: time.Minute})
	polls(t, d, c, 3, "a")
	require.Equal(t, 1, d.Stats().Series)
	require.Zero(t, d.Stats().Start)
	require.NoError(t, before.Close())
	onDisk(t, d)
	require.True(t, start.Equal(d.Stats().Start), d.Stats().Start)
}

// What memory takes during the opening is on disk afterwards.
func TestMemoryMovesToDisk(t *testing.T) {
	c, dir := newClock(), t.TempDir()
	d := openDisk(t, Options{Dir: dir, Now: c.Now})
	wrote := polls(t, d, c, 50, "a", "b")
	d.takeOver(fault{kind: full, text: "for the test"})
	onDisk(t, d)
	add(wrote, polls(t, d, c, 50, "a", "b"))
	require.NoError(t, d.Close())
	d = startDisk(t, Options{Dir: dir, Now: c.Now})
	add(wrote, polls(t, d, c, 3, "a", "b")) // most likely not open yet
	onDisk(t, d)
	same(t, wrote, readDisk(t, d, `{__name__!=""}`))
	require.Empty(t, d.Stats().Note)
	require.NoError(t, d.Close())
	d = openDisk(t, Options{Dir: dir, Now: c.Now})
	same(t, wrote, readDisk(t, d, `{__name__!=""}`))
}
