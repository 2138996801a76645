package plugin

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/series"
)

// collected returns the plugin's own metrics as Grafana's SDK gathers them: values by
// name and labels, name{label="value"}.
func (s *fixture) collected() map[string]float64 {
	s.t.Helper()
	gatherer := prometheus.NewPedanticRegistry()
	require.NoError(s.t, gatherer.Register(s.registry.own))
	families, err := gatherer.Gather()
	require.NoError(s.t, err)
	found := map[string]float64{}
	for _, family := range families {
		for _, one := range family.GetMetric() {
			var labels []string
			for _, pair := range one.GetLabel() {
				labels = append(labels, pair.GetName()+`="`+pair.GetValue()+`"`)
			}
			value := one.GetCounter().GetValue() + one.GetGauge().GetValue() + float64(one.GetHistogram().GetSampleCount())
			found[strings.TrimPrefix(family.GetName(), ownNamespace+"_")+"{"+strings.Join(labels, ",")+"}"] = value
		}
	}
	return found
}

func TestThePluginCountsItsPollsAndQueries(t *testing.T) {
	s := newFixture(t, map[string]any{"idleTimeout": "5m"}, redirect, workload)
	require.Zero(t, s.collected()[`sources{}`])
	s.start()
	s.clock.Advance(2 * every)
	for query, headers := range map[string]map[string]string{
		`{"expr":"mesos_up","instant":true}`:          nil,
		`{"expr":"mesos_up{","instant":true}`:         nil,
		`{"expr":"sum(mesos_up)","instant":true}`:     {headerFromAlert: "true"},
		`{"queryType":"nonsense"}`:                    nil,
		`{"queryType":"sql","sql":"SELECT 1 AS one"}`: nil,
	} {
		_, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: s.context(), Headers: headers, Queries: []backend.DataQuery{s.asked(query)}})
		require.NoError(t, err)
	}
	now := s.collected()
	for name, want := range map[string]float64{
		`sources{}`: 1,
		`queries_total{asker="people",kind="promql",outcome="ok"}`:          1,
		`queries_total{asker="people",kind="unreadable",outcome="invalid"}`: 1,
		`queries_total{asker="people",kind="promql",outcome="parse"}`:       1,
		`queries_total{asker="rule",kind="promql",outcome="ok"}`:            1,
		`queries_total{asker="people",kind="sql",outcome="ok"}`:             1,
		`query_duration_seconds{kind="promql"}`:                             3,
		`stream_connected{source="1-mesos"}`:                                0,
		`storage_failures_total{source="1-mesos"}`:                          0,
		`live_channels{source="1-mesos"}`:                                   0,
		`admission_waiting{asker="rule",lane="small"}`:                      0,
		`admission_refused_total{asker="people",lane="large",why="full"}`:   0,
		`admission_running{asker="people",lane="small"}`:                    0,
		`history_start_timestamp_seconds{engine="memory",source="1-mesos"}`: float64(begin.Unix()),
		`polls_total{outcome="ok",poll="state",source="1-mesos"}`:           3,
	} {
		require.Contains(t, now, name)
		require.Equal(t, want, now[name], name)
	}
	require.Greater(t, now[`history_series{engine="memory",source="1-mesos"}`], 100.0)
	require.Greater(t, now[`history_bytes{engine="memory",source="1-mesos"}`], 1000.0)

	// Requests take no time on the tests' clock.
	s.registry.own.polled("1-mesos")(collector.Polled{Poll: series.PollState, Took: time.Second})
	require.Equal(t, 1.0, s.collected()[`poll_duration_seconds{poll="state",source="1-mesos"}`])
	s.registry.own.polled("1-mesos")(collector.Polled{Poll: series.PollState, Category: mesos.Timeout})
	require.Equal(t, 1.0, s.collected()[`poll_duration_seconds{poll="state",source="1-mesos"}`], "of polls that went well only")

	s.cluster.Kill(mesostest.Master)
	s.clock.Advance(5 * every)
	failed := 0.0
	for name, value := range s.collected() {
		if strings.HasPrefix(name, "polls_total{") && strings.Contains(name, `poll="snapshot"`) && !strings.Contains(name, `outcome="ok"`) {
			failed += value
		}
	}
	require.Positive(t, failed)

	// A data source that is closed leaves nothing behind.
	require.Eventually(t, func() bool { s.clock.Advance(time.Minute); return s.held() == 0 }, 20*time.Second, time.Millisecond)
	require.Zero(t, s.collected()[`sources{}`])
	for name := range s.collected() {
		require.NotContains(t, name, "1-mesos")
	}
}

func TestOwnMetricsAreNamedAsPrometheusWantsThem(t *testing.T) {
	s := newFixture(t, nil, redirect, workload).start()
	problems, err := testutil.CollectAndLint(s.registry.own)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// TestOperationsListsTheOwnMetrics compares the table of docs/operations.md with the code.
func TestOperationsListsTheOwnMetrics(t *testing.T) {
	doc, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	written := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `("+ownNamespace+"_[a-z_]+)` +\\| ([^|]*?) *\\| ([^|]*?) *\\|$").FindAllStringSubmatch(string(doc), -1) {
		written[row[1]] = strings.ReplaceAll(row[2], "`", "") + ": " + row[3]
	}
	described := make(chan *prometheus.Desc, 100)
	newOwnMetrics(nil).Describe(described)
	close(described)
	inCode := map[string]string{}
	text := regexp.MustCompile(`fqName: "([^"]+)", help: "(.*)", unit: "[^"]*", constLabels: \{\}, variableLabels: \{([^}]*)\}`)
	for desc := range described {
		found := text.FindStringSubmatch(desc.String())
		require.NotNil(t, found, desc.String())
		inCode[found[1]] = strings.ReplaceAll(found[3], ",", ", ") + ": " + found[2]
	}
	require.Equal(t, inCode, written)
}

// TestTracesOfPollsAndQueriesHaveNoSecret has a data source with a password, a poll and queries.
func TestTracesOfPollsAndQueriesHaveNoSecret(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(recorder))
	before := tracing.DefaultTracer()
	tracing.InitDefaultTracer(provider.Tracer("test"))
	t.Cleanup(func() {
		tracing.InitDefaultTracer(before)
		require.NoError(t, provider.Shutdown(context.Background()))
	})
	const secret = "hunter2"
	s := newFixture(t, nil, redirect, workload)
	s.as("grafana", secret)
	s.start()
	_, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: s.context(), Queries: []backend.DataQuery{
		s.asked(`{"expr":"mesos_up{x=\"` + secret + `\"} or mesos_up","instant":true}`),
	}})
	require.NoError(t, err)
	s.close() // all polls have ended
	var polls, queries []string
	for _, span := range recorder.Ended() {
		attributes := attribute.NewSet(span.Attributes()...)
		value := func(key string) string {
			v, _ := attributes.Value(attribute.Key(key))
			return v.Emit()
		}
		switch span.Name() {
		case "mesos.poll":
			require.False(t, span.Parent().IsValid())
			polls = append(polls, value("mesos.poll")+" "+value("mesos.poll.ok")+" "+value("mesos.source"))
		case "mesos.query":
			queries = append(queries, value("mesos.query.kind")+" "+value("mesos.query.outcome")+" "+value("mesos.query.asker")+" "+value("mesos.datasource"))
		}
		for _, one := range span.Attributes() {
			require.NotContains(t, one.Value.Emit(), secret, "%s %s", span.Name(), one.Key)
		}
	}
	slices.Sort(polls)
	require.Contains(t, slices.Compact(polls), "snapshot true 1-mesos")
	require.Contains(t, polls, "state true 1-mesos")
	require.Equal(t, []string{"promql ok people mesos"}, queries)
}
