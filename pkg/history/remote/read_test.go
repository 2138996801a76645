package remote

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/history/remote/remotetest"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

func sortMatchers(m []*labels.Matcher) {
	sort.Slice(m, func(i, j int) bool { return m[i].String() < m[j].String() })
}

// fill writes half an hour of polls into a store, some of whose series end.
func fill(t *testing.T, sinks []series.Sink, clock *historytest.Clock) (began, end time.Time) {
	t.Helper()
	began = clock.Now()
	for n := range 120 {
		at := clock.Now()
		var points []historytest.Point
		for i := range 12 {
			l := []string{"cluster", "c", "agent", "a" + strconv.Itoa(i), "role", "r" + strconv.Itoa(i%3)}
			v, ended := float64((n*7+i*13)%50), float64(n*(i+1))
			if i == 5 && n == 70 {
				v, ended = series.Stale, series.Stale // it ends, and comes back
			}
			if i == 5 && n > 70 && n < 90 {
				continue
			}
			points = append(points,
				historytest.Sample(at, v, append(l, "__name__", "mesos_agent_cpus_allocated")...),
				historytest.Sample(at, ended, append(l, "__name__", "mesos_agent_tasks_ended_total")...))
		}
		points = append(points, historytest.Sample(at, 1, "__name__", "mesos_up", "cluster", "c", "poll", "state"))
		for _, sink := range sinks {
			historytest.Commit(t, sink, points...)
		}
		clock.Advance(15 * time.Second)
	}
	return began, clock.Now()
}

// with returns labels and others.
func with(some, others map[string]string) map[string]string {
	all := maps.Clone(some)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, others)
	return all
}

// What another engine answers is what the local one answers, whose series go no further.
func TestTheRemoteEngineAnswersAsTheLocalOne(t *testing.T) {
	for _, kind := range remotetest.Kinds {
		for _, own := range []map[string]string{nil, {"replica": "a"}} {
			t.Run(kind.Name+" with "+strconv.Itoa(len(own))+" labels added", func(t *testing.T) {
				e := remotetest.Start(t, kind)
				target := targetOf(e)
				target.Labels = with(kind.Adds, own)
				// What is not this cluster's, or not this replica's, must make no difference.
				other := target
				if own != nil {
					other.Labels = with(kind.Adds, map[string]string{"replica": "b"})
				}
				s, clock := open(t, target)
				whole := memory.New(memory.Options{Now: clock.Now})
				defer whole.Close()
				// Subqueries are evaluated at whole minutes, and a Prometheus before 3.0 counts one at the very beginning of
				// a range: no point of the query below is at one.
				clock.Advance(clock.Now().Truncate(time.Minute).Add(time.Minute + 7*time.Second).Sub(clock.Now()))
				began, end := fill(t, []series.Sink{s, whole}, clock)
				settled(t, s)
				strangers, _ := open(t, other, func(o *Options) {
					o.Now, o.Cluster, o.Local = clock.Now, "other", memory.New(memory.Options{Now: clock.Now})
				})
				for _, cluster := range []string{"other", "c"} {
					if cluster == "c" && own == nil {
						continue
					}
					for at := began; at.Before(end); at = at.Add(15 * time.Second) {
						historytest.Commit(t, strangers, historytest.Sample(at, 1e9, "__name__", "mesos_agent_cpus_allocated", "cluster", cluster, "agent", "a1", "role", "r1"),
							historytest.Sample(at, 1e9, "__name__", "node_secret", "cluster", cluster))
					}
				}
				settled(t, strangers)
				// After a restart there is nothing local.
				again, _ := open(t, target, func(o *Options) { o.Now, o.Local = clock.Now, memory.New(memory.Options{Now: clock.Now}) })
				engine := promql.NewEngine(promql.EngineOptions{})
				defer engine.Close()
				e.Flush()
				for _, expr := range []string{
					`mesos_agent_cpus_allocated`,
					`sum by (role) (mesos_agent_cpus_allocated)`,
					`count({__name__=~"mesos_agent.*"})`,
					`count({__name__=~".+"}) by (cluster)`,
					`mesos_agent_cpus_allocated{agent="a5"}`,
					`mesos_agent_cpus_allocated / ignoring (agent) group_left sum without (agent) (mesos_agent_cpus_allocated)`,
					`mesos_agent_cpus_allocated{agent="a1"} or mesos_agent_cpus_allocated{agent="a2"}`,
					`max_over_time(mesos_agent_cpus_allocated{role="r1"}[293s])`,
					`topk(2, mesos_agent_cpus_allocated)`,
					`label_replace(mesos_up, "cluster", "other", "", "")`,
					`absent(mesos_nothing{x="1"})`,
					`absent(mesos_nothing{cluster="c", x="1"})`,
					`absent(mesos_nothing{cluster="other", x="1"})`,
					`absent(mesos_nothing{cluster=~"c|d", x="1"})`,
					`absent_over_time(mesos_nothing{cluster="c", cluster=~".+"}[5m])`,
					`sum_over_time(mesos_agent_cpus_allocated[5m:])`,
					`node_secret or {cluster="other"} or {cluster=~".*", agent="none"}`,
					`mesos_up + 1`,
					`mesos_agent_tasks_ended_total offset 5m`,
					`mesos_agent_cpus_allocated @ ` + strconv.FormatInt(began.Add(10*time.Minute).Unix(), 10),
				} {
					bound := rewritten(t, expr)
					request := promql.Request{Store: whole, Expr: expr, Start: began.Add(time.Minute), End: began.Add(29 * time.Minute), Step: 30 * time.Second, Lookback: 40 * time.Second}
					want, err := engine.Range(t.Context(), request)
					require.NoError(t, err, expr)
					request.Store = again
					// VictoriaMetrics finds a new series some moments after it took it.
					require.EventuallyWithT(t, func(t *assert.CollectT) {
						got, err := engine.Range(context.Background(), request)
						require.NoError(t, err, expr)
						require.Equal(t, texts(want.Matrix), texts(got.Matrix), "%s: %s", expr, bound)
					}, 10*time.Second, 200*time.Millisecond)
					request.Store, request.End = whole, began.Add(10*time.Minute)
					wanted, err := engine.Instant(t.Context(), request)
					require.NoError(t, err, expr)
					request.Store = again
					given, err := engine.Instant(t.Context(), request)
					require.NoError(t, err, expr)
					require.Equal(t, vectorTexts(wanted.Vector), vectorTexts(given.Vector), expr)
				}
				// Look-ups see no label and no value of others.
				l := promql.LookUp{Store: again, Start: began, End: end}
				names, err := engine.LabelNames(t.Context(), l)
				require.NoError(t, err)
				require.Empty(t, names.Warnings)
				require.Equal(t, []string{"__name__", "agent", "cluster", "poll", "role"}, names.Values)
				for label, want := range map[string][]string{
					"cluster": {"c"}, "role": {"r0", "r1", "r2"}, "__name__": {"mesos_agent_cpus_allocated", "mesos_agent_tasks_ended_total", "mesos_up"},
				} {
					values, err := engine.LabelValues(t.Context(), label, l)
					require.NoError(t, err)
					require.Equal(t, want, values.Values, label)
				}
				l.Match = [][]*labels.Matcher{historytest.Matchers(t, `{cluster="other"}`), historytest.Matchers(t, `{__name__=~"node.*"}`)}
				values, err := engine.LabelValues(t.Context(), "agent", l)
				require.NoError(t, err)
				require.Empty(t, values.Values)

				require.Eventually(t, func() bool { return again.askReach(t.Context()) }, 10*time.Second, 100*time.Millisecond)
				require.WithinDuration(t, began, again.Remote().Reach, 30*time.Second)
				require.WithinDuration(t, began, again.Stats().Start, 30*time.Second)
			})
		}
	}
}

func texts(m prom.Matrix) []string {
	var all []string
	for _, s := range m { // a text per point, so that a difference is seen
		for _, p := range s.Floats {
			all = append(all, s.Metric.String()+" "+strconv.FormatInt(p.T, 10)+"="+strconv.FormatFloat(p.F, 'g', 9, 64))
		}
	}
	slices.Sort(all)
	return all
}

func vectorTexts(v prom.Vector) []string {
	var m prom.Matrix
	for _, s := range v {
		m = append(m, prom.Series{Metric: s.Metric, Floats: []prom.FPoint{{T: 0, F: s.F}}})
	}
	return texts(m)
}
