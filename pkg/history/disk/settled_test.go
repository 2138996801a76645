package disk

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// A panel that is refreshed while history grows, is merged into blocks, deleted, opened again and gets late
// samples has the points that the samples have, whatever was kept of its points.
func TestKeptPointsAreThoseOfTheSamples(t *testing.T) {
	const agents, every = 6, 5 * time.Minute
	c := newClock()
	o := Options{Dir: t.TempDir(), Now: c.Now, Retention: 4 * 24 * time.Hour}
	d := openDisk(t, o)
	engine := promql.NewEngine(promql.EngineOptions{})
	t.Cleanup(engine.Close)
	rnd := rand.New(rand.NewPCG(7, 11))

	ended := make([]float64, agents)
	poll := func(late time.Duration) {
		at := c.Advance(every).Add(late)
		var points []point
		for i := range agents {
			agent := fmt.Sprintf("agent%d", i)
			if i == 5 && at.Sub(t0) > 3*24*time.Hour || i == 4 && at.Sub(t0) < 2*24*time.Hour {
				continue // it has gone, or is still to come
			}
			gauge := rnd.NormFloat64()
			switch rnd.IntN(60) {
			case 0:
				continue // it was not read
			case 1:
				ended[i] = 0
			case 2:
				gauge = series.Stale
			}
			ended[i] += float64(rnd.IntN(20))
			points = append(points, sample(at, gauge, "__name__", "gauge", "agent", agent), sample(at, ended[i], "__name__", "ended_total", "agent", agent))
		}
		commit(t, d, points...)
	}

	expressions := []string{
		`gauge`,
		`sum by (agent) (gauge)`,
		`sum(increase(ended_total[1h]))`,
		`sum by (agent) (rate(ended_total[1h] offset 2h))`,
		`max by (agent) (max_over_time(gauge[1h]))`,
		`max_over_time(sum(gauge)[2h:10m])`,
		`topk(2, gauge)`,
		`absent(gauge{agent="agent5"})`,
		`gauge / on (agent) group_left () (ended_total > 0)`,
		`rate(gauge[1h])`, // with a sentence that it is no counter by its name
		`gauge - gauge @ end()`,
	}
	used := map[string]int{}
	ask := func(expr string, span, step time.Duration) {
		r := promql.Request{Expr: expr, End: c.Now().Truncate(step), Step: step, Lookback: every * 5 / 2}
		r.Start = r.End.Add(-span)
		r.Store = storage.QueryableFunc(d.Querier)
		want, err := engine.Range(context.Background(), r)
		require.NoError(t, err)
		r.Store = d
		got, err := engine.Range(context.Background(), r)
		require.NoError(t, err)
		where := fmt.Sprintf("%s over %s, %s after the beginning", expr, span, c.Now().Sub(t0))
		require.ElementsMatch(t, want.Infos, got.Infos, where)
		require.Len(t, got.Matrix, len(want.Matrix), where)
		for i, s := range want.Matrix {
			require.Equal(t, s.Metric.String(), got.Matrix[i].Metric.String(), where)
			require.Len(t, got.Matrix[i].Floats, len(s.Floats), where)
			for n, p := range s.Floats {
				have := got.Matrix[i].Floats[n]
				require.Equal(t, p.T, have.T, where)
				// Series are added up in another order.
				if !(math.Abs(have.F-p.F) <= 1e-9*math.Max(1, math.Abs(p.F))) {
					require.Equal(t, p.F, have.F, where)
				}
			}
			for n := range got.Matrix[i].Floats { // it is the caller's
				got.Matrix[i].Floats[n].F = -12345
			}
		}
		if got.Samples < want.Samples/2 {
			used[expr]++
		}
	}
	askAll := func() {
		for _, expr := range expressions {
			ask(expr, 3*24*time.Hour, time.Hour)
			ask(expr, 5*24*time.Hour, 2*time.Hour) // more than is kept
		}
	}
	for day := range 8 {
		for hour := range 24 {
			for range int(time.Hour / every) {
				poll(0)
			}
			if hour%5 == 0 {
				askAll()
			}
		}
		switch day {
		case 4: // the clock was set back for a while
			c.Advance(-3 * time.Hour)
			for range 10 {
				poll(7 * time.Second)
			}
			askAll()
			c.Advance(3 * time.Hour)
		case 6:
			require.NoError(t, d.Close())
			d = openDisk(t, o)
			askAll()
		}
	}
	for _, expr := range expressions[:len(expressions)-1] {
		require.Greater(t, used[expr], 20, expr)
	}
	require.Zero(t, used[expressions[len(expressions)-1]], "it depends on the end of the range")
}

// Points are not kept while samples wait in memory, and kept ones are not used once samples
// of them are left out.
func TestSettledIsWhatIsInBlocks(t *testing.T) {
	c := newClock()
	d := openDisk(t, Options{Dir: t.TempDir(), Now: c.Now, Retention: 10 * 24 * time.Hour})
	_, ok := d.Settled()
	require.False(t, ok, "there is no block")
	for range 12 * 24 {
		polls(t, d, c, 1, "a")
		c.Advance(5*time.Minute - 15*time.Second)
	}
	require.Eventually(t, func() bool {
		settled, ok := d.Settled()
		return ok && len(settled.Parts) > 1 && settled.Until > t0.Add(18*time.Hour).UnixMilli()
	}, 10*time.Second, time.Millisecond)
	d.maintaining.Lock() // nothing is merged meanwhile
	settled, _ := d.Settled()
	h, _ := d.current()
	require.LessOrEqual(t, settled.Until, h.db.Head().MinTime())
	oldest := h.db.Blocks()[0]
	require.Equal(t, oldest.MinTime(), settled.From)
	require.NoError(t, d.betweenQueries(h, func() error {
		return oldest.Delete(context.Background(), oldest.MinTime(), oldest.MinTime()+time.Hour.Milliseconds(), matchers(t, "a")...)
	}))
	after, ok := d.Settled()
	d.maintaining.Unlock()
	require.True(t, ok)
	from, _ := after.Unchanged(settled)
	require.GreaterOrEqual(t, from, oldest.MaxTime())

	whileKeeperWaits(d, func() {
		d.takeOver(fault{refused, "for the test"})
		_, ok = d.Settled()
	})
	require.False(t, ok, "memory takes the samples")
}
