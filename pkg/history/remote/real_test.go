package remote

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/history/remote/remotetest"
	"community-mesos-datasource/pkg/promql"
)

func targetOf(e *remotetest.Engine) Target {
	return Target{URL: e.URL, WriteURL: e.WriteURL, HTTP: e.Client(), Labels: e.Adds}
}

// Every sample is there once, over outages of the engine, also those that the queue in
// memory does not hold.
func TestNoSampleIsLostOrDoubledOverAnOutage(t *testing.T) {
	for _, kind := range remotetest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			e := remotetest.Start(t, kind)
			s, clock := open(t, targetOf(e), func(o *Options) { o.queued = 200 })
			const series = 30
			began := clock.Now()
			want := map[string]map[int64]float64{}
			poll := func(n int) {
				var points []historytest.Point
				for i := range series {
					at := clock.Now().Add(-time.Duration(i%3) * time.Second) // as agents, each at its own moment
					v := float64(n*1000 + i)
					points = append(points, historytest.Sample(at, v, "__name__", "mesos_test", "cluster", "c", "i", strconv.Itoa(i)))
					key, _ := json.Marshal(map[string]string{"__name__": "mesos_test", "cluster": "c", "i": strconv.Itoa(i)})
					if want[string(key)] == nil {
						want[string(key)] = map[int64]float64{}
					}
					want[string(key)][at.UnixMilli()] = v
				}
				historytest.Commit(t, s, points...)
				// A slow poll, whose time is before that of what is committed already.
				at := clock.Now().Add(-7 * time.Second)
				historytest.Commit(t, s, historytest.Sample(at, float64(n), "__name__", "mesos_slow", "cluster", "c"))
				key := `{"__name__":"mesos_slow","cluster":"c"}`
				if want[key] == nil {
					want[key] = map[int64]float64{}
				}
				want[key][at.UnixMilli()] = float64(n)
				clock.Advance(15 * time.Second)
			}
			for n := range 100 {
				switch n {
				case 20, 60:
					settled(t, s)
					e.Stop()
				case 50, 63:
					e.Start()
				}
				poll(n)
				if n%10 == 0 {
					time.Sleep(20 * time.Millisecond)
				}
			}
			settled(t, s)
			require.Eventually(t, func() bool { // VictoriaMetrics shows samples after a second or more
				return equalMaps(want, e.Raw(`{__name__=~"mesos_.*"}`, began.Add(time.Hour)))
			}, 20*time.Second, 200*time.Millisecond)
			st := s.Remote()
			require.Zero(t, st.RefusedInAll(), st.Refusal)
			require.Zero(t, st.Dropped)
			require.Zero(t, st.Unsent)
			require.EqualValues(t, 100*(series+1), st.Sent)
			require.Equal(t, kind.Protocol, st.Protocol)
		})
	}
}

func equalMaps(want, got map[string]map[int64]float64) bool {
	if len(want) != len(got) {
		return false
	}
	for key, points := range want {
		if len(points) != len(got[key]) {
			return false
		}
		for at, v := range points {
			if g, ok := got[key][at]; !ok || g != v {
				return false
			}
		}
	}
	return true
}

// What engines refuse has its reason, in their own words, and the rest of the request is taken.
func TestWhatRealEnginesRefuseHasItsReason(t *testing.T) {
	for _, kind := range remotetest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			e := remotetest.Start(t, kind)
			s, clock := open(t, targetOf(e))
			const polls, series = 20, 10
			for range polls {
				poll(t, s, clock, series)
			}
			settled(t, s)
			newest := clock.Now().Add(-15 * time.Second)
			for reason, of := range map[string]struct {
				at time.Time
				v  float64
			}{
				outOfOrder: {newest.Add(-7 * time.Second), 1},
				tooOld:     {newest.Add(-30 * time.Hour), 1},
				duplicate:  {newest, 1e6},
			} {
				// Another process, which has not sent them before.
				other, _ := open(t, targetOf(e), func(o *Options) {
					o.Now, o.Local = clock.Now, memory.New(memory.Options{Now: clock.Now, Retention: 100 * time.Hour})
				})
				var points []historytest.Point
				for i := range 5 {
					points = append(points,
						historytest.Sample(of.at, of.v, "__name__", "mesos_test", "cluster", "c", "i", strconv.Itoa(i)),
						historytest.Sample(clock.Now(), 1, "__name__", "mesos_new", "cluster", "c", "i", reason+strconv.Itoa(i)))
				}
				historytest.Commit(t, other, points...)
				settled(t, other)
				st := other.Remote()
				if !kind.Strict {
					require.Zero(t, st.RefusedInAll(), st.Refusal)
					require.EqualValues(t, 10, st.Sent)
					continue
				}
				require.Equal(t, map[string]int64{reason: 5}, st.Refused, st.Refusal)
				require.EqualValues(t, 5, st.Sent, "what is new")
			}
		})
	}
}

// Where Thanos' receiver is away, its query answers with what the others have, and says so. A rule
// gets an error.
func TestThanosAnswersInPart(t *testing.T) {
	e := remotetest.Start(t, remotetest.Thanos)
	s, clock := open(t, targetOf(e))
	for range 20 {
		poll(t, s, clock, 10)
	}
	settled(t, s)
	again, _ := open(t, targetOf(e), func(o *Options) { o.Now, o.Local = clock.Now, memory.New(memory.Options{Now: clock.Now}) })
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	ask := func(alert bool) (promql.Result, error) {
		return engine.Range(t.Context(), promql.Request{Store: again, Expr: `count(mesos_test)`, Start: clock.Now().Add(-4 * time.Minute), End: clock.Now(), Step: 15 * time.Second, Lookback: 40 * time.Second, Alert: alert})
	}
	for _, alert := range []bool{false, true} {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			res, err := ask(alert)
			require.NoError(c, err)
			require.Len(c, res.Matrix, 1)
			require.Empty(c, res.Warnings)
		}, 20*time.Second, 100*time.Millisecond)
	}
	e.StopWriting()
	for later := range 2 {
		res, err := ask(false)
		require.NoError(t, err)
		require.Empty(t, res.Matrix)
		require.Len(t, res.Warnings, 1)
		require.Contains(t, res.Warnings[0], "connection refused")
		_, err = ask(true)
		require.ErrorContains(t, err, "The query cannot be evaluated: the remote engine refuses it: ")
		require.ErrorContains(t, err, "connection refused")
		if later == 1 || testing.Short() {
			break
		}
		time.Sleep(12 * time.Second) // without --endpoint-strict it is forgotten then, and nothing is said any more
	}
}

// What Thanos adds to series is seen where it is not named in the settings; the tenant is the one that
// is named there, if it reads our header.
func TestThanosAddsLabels(t *testing.T) {
	e := remotetest.Start(t, remotetest.Thanos)
	s, clock := open(t, targetOf(e))
	for range 20 {
		historytest.Commit(t, s, historytest.Sample(clock.Now(), 1, "__name__", "mesos_up", "cluster", "c", "poll", "state"))
		poll(t, s, clock, 10)
	}
	settled(t, s)
	// Its query hears of a new tenant with some delay.
	require.Eventually(t, func() bool { return len(e.Raw(`{cluster="c", tenant_id="`+remotetest.Tenant+`"}`, clock.Now())) == 11 }, 20*time.Second, 100*time.Millisecond)
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	for _, hidden := range []bool{true, false} {
		target, want := targetOf(e), []string{"__name__", "cluster", "i", "poll"}
		if !hidden {
			target.Labels = nil
			want = append(want, "receive", "tenant_id")
		}
		again, _ := open(t, target, func(o *Options) { o.Now, o.Local = clock.Now, memory.New(memory.Options{Now: clock.Now}) })
		names, err := engine.LabelNames(t.Context(), promql.LookUp{Store: again, Start: clock.Now().Add(-time.Hour), End: clock.Now()})
		require.NoError(t, err)
		require.Equal(t, want, names.Values)
		require.Eventually(t, func() bool { return !again.Remote().Reach.IsZero() && len(again.Remote().Foreign) == len(want)-4 }, 10*time.Second, 10*time.Millisecond)
		if !hidden {
			require.Contains(t, again.Stats().Note, `the remote engine adds labels to series (receive="a", tenant_id="mesos"), so that they differ from those that are kept here: write them as remoteLabels`)
		}
	}
}
