package disk

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// randomHistories writes the same random series to memory, to disk and to a
// plain TSDB: counters with resets, gauges with NaN, gaps, series that end, begin late and
// come back, and polls that jitter.
func randomHistories(t *testing.T, seed uint64) (*memory.Store, *Store, *teststorage.TestStorage) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	db := teststorage.New(t)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	now := func() time.Time { return t0.Add(24 * time.Hour) }
	m := memory.New(memory.Options{Now: now})
	// Half an hour a block: queries read many of them and the head.
	disk := openDisk(t, Options{Dir: t.TempDir(), Now: now, BlockRange: 30 * time.Minute})

	type one struct {
		labels      labels.Labels
		ref, onDisk series.Ref
		value       float64
		first, last int // polls
		counter     bool
	}
	const polls = 400
	var all []*one
	for i := range 120 {
		b := labels.NewScratchBuilder(6)
		s := &one{counter: i%2 == 0, first: rnd.IntN(40), last: polls - rnd.IntN(40)}
		if rnd.IntN(4) == 0 {
			s.first, s.last = rnd.IntN(polls), rnd.IntN(polls)
		}
		name := "gauge"
		if s.counter {
			name = "counter_total"
		}
		b.Add("__name__", name)
		b.Add("cluster", "c")
		b.Add("id", fmt.Sprint(i))
		b.Add("framework", fmt.Sprintf("f%d", rnd.IntN(5)))
		if rnd.IntN(2) == 0 {
			b.Add("role", fmt.Sprintf("r%d", rnd.IntN(3)))
		}
		b.Sort()
		s.labels = b.Labels()
		all = append(all, s)
	}
	at := t0.UnixMilli()
	for poll := range polls {
		at += 15_000 + rnd.Int64N(200) - 100
		if rnd.IntN(50) == 0 {
			at += rnd.Int64N(600_000) // the collector was away
		}
		batch, second, app := m.Batch(context.Background()), disk.Batch(context.Background()), db.AppenderV2(context.Background())
		for _, s := range all {
			v := s.value
			switch {
			case poll < s.first || poll > s.last || rnd.IntN(100) == 0:
				continue // a gap, seen by look-back only
			case poll == s.last || rnd.IntN(150) == 0:
				v = series.Stale
			case s.counter && rnd.IntN(100) == 0:
				s.value, v = 0, 0
			case s.counter:
				s.value += float64(rnd.IntN(20))
				v = s.value
			case rnd.IntN(100) == 0:
				v = math.NaN()
			default:
				s.value += rnd.NormFloat64()
				v = s.value
			}
			var err error
			s.ref, err = batch.Append(s.ref, constant(s.labels), at, v)
			require.NoError(t, err)
			s.onDisk, err = second.Append(s.onDisk, constant(s.labels), at, v)
			require.NoError(t, err)
			_, err = app.Append(0, s.labels, 0, at, v, nil, nil, storage.AOptions{})
			require.NoError(t, err)
		}
		require.NoError(t, batch.Commit())
		require.NoError(t, second.Commit())
		require.NoError(t, app.Commit())
	}
	return m, disk, db
}

func TestPromQLAnswersAreThoseOfTSDB(t *testing.T) {
	exprs := []string{
		`gauge`,
		`gauge{framework="f1"}`,
		`gauge{framework!="f1"}`,
		`gauge{framework=~"f[12]"}`,
		`gauge{framework=~"f1|f3",role!~"r0|r1"}`,
		`gauge{role=""}`,
		`gauge{role!=""}`,
		`gauge{role=~".*"}`,
		`gauge{absent=""}`,
		`gauge{absent!=""}`,
		`gauge{absent!~"x"}`,
		`{__name__=~".+",id=~"1.*"}`,
		`{framework="f2"}`,
		`{id=~"..",framework!~"f[0-3]"}`,
		`sum by (framework) (gauge)`,
		`sum by (framework, role) (rate(counter_total[5m]))`,
		`increase(counter_total{id=~"2.*"}[1h])`,
		`max_over_time(gauge[10m])`,
		`count_over_time(gauge[3m] offset 20m)`,
		`changes(gauge[17m])`,
		`topk(3, gauge)`,
		`gauge and on (id) topk(5, avg_over_time(gauge[30m:1m] @ end()))`,
		`predict_linear(gauge[30m], 3600)`,
		`absent(gauge{id="nothing"})`,
		`absent_over_time(gauge{id="3"}[2m])`,
		`count({__name__!=""})`,
		`timestamp(gauge)`,
		`max_over_time(sum(gauge)[20m:90s])`,
	}
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	for seed := range uint64(2) {
		m, disk, db := randomHistories(t, seed)
		h, _ := disk.current()
		disk.maintaining.Lock()
		h.maintained = time.Time{} // as if a minute had passed
		disk.maintaining.Unlock()
		disk.maintain(h)
		require.NotEmpty(t, h.db.Blocks())
		oldest, _, _ := m.Span()
		start, end := time.UnixMilli(oldest).Add(-10*time.Minute), t0.Add(3*time.Hour)
		for _, expr := range exprs {
			for _, step := range []time.Duration{0, 17 * time.Second, 61 * time.Second, 20 * time.Minute} {
				ask := func(store storage.Queryable) string {
					r := promql.Request{Store: store, Expr: expr, Start: start, End: end, Step: step, Lookback: 150 * time.Second}
					if step == 0 {
						r.End = start.Add(end.Sub(start) / 2)
						res, err := engine.Instant(context.Background(), r)
						require.NoError(t, err)
						return res.Vector.String()
					}
					res, err := engine.Range(context.Background(), r)
					require.NoError(t, err)
					return res.Matrix.String()
				}
				want, memory, onDisk := ask(db), ask(m), ask(disk)
				if step == 0 { // a vector has no order
					want, memory, onDisk = sortedLines(want), sortedLines(memory), sortedLines(onDisk)
				}
				require.Equal(t, want, memory, "%s step %s seed %d", expr, step, seed)
				require.Equal(t, want, onDisk, "%s step %s seed %d", expr, step, seed)
			}
		}
	}
}

func sortedLines(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestSelectAndLabelsAreThoseOfTSDB(t *testing.T) {
	m, _, db := randomHistories(t, 9)
	rnd := rand.New(rand.NewPCG(9, 9))
	ctx := context.Background()
	a, err := m.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer a.Close()
	b, err := db.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer b.Close()

	names := []string{"__name__", "cluster", "id", "framework", "role", "absent"}
	values := []string{"", "gauge", "counter_total", "c", "1", "17", "f1", "f4", "r0", "nothing"}
	patterns := []string{"", ".*", ".+", "f.*", "f1|f2", "1.|2.", "gauge|x", "r[01]", "|r1", "(?i)F1", "nothing.*"}
	for range 500 {
		var ms []*labels.Matcher
		for range 1 + rnd.IntN(3) {
			kind := labels.MatchType(rnd.IntN(4))
			value := values[rnd.IntN(len(values))]
			if kind == labels.MatchRegexp || kind == labels.MatchNotRegexp {
				value = patterns[rnd.IntN(len(patterns))]
			}
			ms = append(ms, labels.MustNewMatcher(kind, names[rnd.IntN(len(names))], value))
		}
		hints := &storage.SelectHints{Start: math.MinInt64, End: math.MaxInt64}
		require.Equal(t, selectedLabels(t, b.Select(ctx, true, hints, ms...)), selectedLabels(t, a.Select(ctx, true, hints, ms...)), "%v", ms)
		n, err := m.CountSeries(ctx, math.MinInt64, math.MaxInt64, ms...)
		require.NoError(t, err)
		require.Len(t, selectedLabels(t, a.Select(ctx, false, nil, ms...)), n)

		name := names[rnd.IntN(len(names))]
		want, _, err := b.LabelValues(ctx, name, nil, ms...)
		require.NoError(t, err)
		got, _, err := a.LabelValues(ctx, name, nil, ms...)
		require.NoError(t, err)
		require.ElementsMatch(t, want, got, "%s of %v", name, ms)
		require.IsIncreasing(t, append([]string{"\x00", "\x01"}, got...))

		want, _, err = b.LabelNames(ctx, nil, ms...)
		require.NoError(t, err)
		got, _, err = a.LabelNames(ctx, nil, ms...)
		require.NoError(t, err)
		require.ElementsMatch(t, want, got, "%v", ms)
	}
	for _, name := range names {
		want, _, err := b.LabelValues(ctx, name, nil)
		require.NoError(t, err)
		got, _, err := a.LabelValues(ctx, name, nil)
		require.NoError(t, err)
		require.ElementsMatch(t, want, got, name)
	}
}

func selectedLabels(t *testing.T, set storage.SeriesSet) []string {
	t.Helper()
	out := []string{}
	for set.Next() {
		out = append(out, set.At().Labels().String())
	}
	require.NoError(t, set.Err())
	return out
}
