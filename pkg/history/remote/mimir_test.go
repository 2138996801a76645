package remote

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/history/remote/remotetest"
	"community-mesos-datasource/pkg/promql"
)

// These tests are of what Mimir alone has: limits of a tenant, and one of several replicas.

// A tenant that has as many series as it may: the others are taken with each poll, and what is refused is said in
// Mimir's words.
func TestMimirHasALimitOfSeries(t *testing.T) {
	e := remotetest.Start(t, remotetest.Mimir, "-ingester.max-global-series-per-user=20")
	s, clock := open(t, targetOf(e))
	const polls, series = 10, 30
	began := clock.Now()
	for range polls {
		poll(t, s, clock, series)
		settled(t, s)
	}
	st := s.Remote()
	require.EqualValues(t, polls*20, st.Sent)
	require.EqualValues(t, polls*(series-20), st.RefusedInAll()+st.Partly)
	require.Equal(t, []string{overLimit}, slices.Collect(maps.Keys(st.Refused)))
	require.Contains(t, s.Stats().Note, "per-user series limit of 20 exceeded")
	require.Contains(t, s.Stats().Note, "-ingester.max-global-series-per-user")
	found := e.Raw("mesos_test", began.Add(time.Hour))
	require.Len(t, found, 20)
	for _, points := range found {
		require.Len(t, points, polls)
	}
}

// What is above the rate of a tenant waits, and is there once. A request above its burst would be refused for ever, and is split.
func TestMimirHasALimitOfTheRate(t *testing.T) {
	e := remotetest.Start(t, remotetest.Mimir, "-distributor.ingestion-rate-limit=100", "-distributor.ingestion-burst-size=60",
		"-distributor.retry-after-header.min-backoff=1s", "-distributor.retry-after-header.max-backoff=1s")
	s, clock := open(t, targetOf(e), func(o *Options) { o.backOff = 50 * time.Millisecond })
	began := clock.Now()
	said := make(chan struct{})
	go func() {
		defer close(said)
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if s.Remote().Failing != "" {
				return
			}
		}
	}()
	for range 8 {
		poll(t, s, clock, 50)
	}
	<-said
	settled(t, s)
	st := s.Remote()
	require.EqualValues(t, 400, st.Sent)
	require.Zero(t, st.RefusedInAll())
	for _, points := range e.Raw("mesos_test", began.Add(time.Hour)) {
		require.Len(t, points, 8)
	}
}

// Of two Grafanas with a label __replica__ each, Mimir takes the samples of one, and the label off.
func TestMimirTakesOneOfSeveralReplicas(t *testing.T) {
	e := remotetest.Start(t, remotetest.Mimir, "-distributor.ha-tracker.enable=true", "-distributor.ha-tracker.store=inmemory",
		"-distributor.ha-tracker.enable-for-all-users=true")
	clock := historytest.NewClockAt(time.Now().Add(-40 * time.Minute).Truncate(time.Second))
	began := clock.Now()
	var both []*Store
	for _, name := range []string{"a", "b"} {
		target := targetOf(e)
		target.Labels = map[string]string{"__replica__": name}
		s, _ := open(t, target, func(o *Options) { o.Now, o.Local = clock.Now, memory.New(memory.Options{Now: clock.Now}) })
		both = append(both, s)
	}
	for n := range 20 {
		for i, s := range both { // each has its own values
			historytest.Commit(t, s, historytest.Sample(clock.Now(), float64(100*i+n), "__name__", "mesos_test", "cluster", "c"))
			settled(t, s)
		}
		clock.Advance(15 * time.Second)
	}
	for _, s := range both {
		require.EqualValues(t, 20, s.Remote().Sent, s.Remote().Refusal)
		require.Zero(t, s.Remote().RefusedInAll())
	}
	found := e.Raw("mesos_test", began.Add(time.Hour))
	require.Len(t, found, 1)
	points := found[`{"__name__":"mesos_test","cluster":"c"}`]
	require.Len(t, points, 20)
	for at, v := range points {
		require.Equal(t, float64(at-began.UnixMilli())/15_000, v, "those of the first one")
	}
	// Who asks does not know the label any more.
	target := targetOf(e)
	target.Labels = map[string]string{"__replica__": "b"}
	again, _ := open(t, target, func(o *Options) { o.Now, o.Local = clock.Now, memory.New(memory.Options{Now: clock.Now}) })
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	answer, err := engine.Range(t.Context(), promql.Request{Store: again, Expr: "mesos_test", Start: began, End: began.Add(4 * time.Minute), Step: 15 * time.Second, Lookback: 40 * time.Second})
	require.NoError(t, err)
	require.Len(t, answer.Matrix, 1)
	require.Len(t, answer.Matrix[0].Floats, 17)
}

// A query looks back as far as it is asked to, and not five minutes.
func TestMimirLooksBackAsFarAsItIsAsked(t *testing.T) {
	e := remotetest.Start(t, remotetest.Mimir)
	s, clock := open(t, targetOf(e))
	at := clock.Now()
	historytest.Commit(t, s, historytest.Sample(at, 1, "__name__", "mesos_test", "cluster", "c"))
	settled(t, s)
	again, _ := open(t, targetOf(e), func(o *Options) { o.Now, o.Local = clock.Now, memory.New(memory.Options{Now: clock.Now}) })
	expr, err := promQL.ParseExpr("mesos_test")
	require.NoError(t, err)
	for after, want := range map[time.Duration]int{30 * time.Second: 1, 50 * time.Second: 0} {
		answer, err := again.Evaluate(t.Context(), history.Evaluation{Expr: expr, End: at.Add(after), Lookback: 40 * time.Second, MaxSamples: 10})
		require.NoError(t, err)
		require.Len(t, answer.Vector, want, after)
	}
}
