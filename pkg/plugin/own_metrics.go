package plugin

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/query"
	"community-mesos-datasource/pkg/series"
)

// This file has the plugin's own metrics, which Grafana serves at /metrics/plugins/<id>,
// and the traces of polls. The label source is the one in the log: org id and UID of the
// data source.

// ownMetrics are the plugin's own metrics. Counts are made when something happens; what
// there is now is looked up when metrics are collected.
type ownMetrics struct {
	registry *Registry

	polls         *prometheus.CounterVec
	pollDuration  *prometheus.HistogramVec
	queries       *prometheus.CounterVec
	queryDuration *prometheus.HistogramVec
}

// ownNamespace begins every name: grafana_plugin is what Grafana's documentation has for
// metrics of plugins, which share one Prometheus.
const ownNamespace = "grafana_plugin_mesos"

var durations = []float64{0.005, 0.02, 0.1, 0.5, 2, 5, 10, 25}

func newOwnMetrics(r *Registry) *ownMetrics {
	return &ownMetrics{
		registry: r,
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ownNamespace, Name: "polls_total", Help: "Polls by kind and outcome: ok, or the category of the error.",
		}, []string{"source", "poll", "outcome"}),
		pollDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: ownNamespace, Name: "poll_duration_seconds", Help: "Time of polls that went well, from the request to the last byte.", Buckets: durations,
		}, []string{"source", "poll"}),
		queries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: ownNamespace, Name: "queries_total", Help: "Queries by kind, who asked (people, rule, expression, live) and outcome: ok, or the kind of the error.",
		}, []string{"kind", "asker", "outcome"}),
		queryDuration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: ownNamespace, Name: "query_duration_seconds", Help: "Time of queries, waiting for admission included.", Buckets: durations,
		}, []string{"kind"}),
	}
}

// described returns the description of a metric whose value is looked up.
func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(ownNamespace, "", name), help, labels, nil)
}

var (
	ownSources = described("sources", "Data sources that are polled or have a history.")
	ownLive    = described("live_channels", "Channels of live panels that run.", "source")

	ownHistorySeries = described("history_series", "Series that have samples now.", "source", "engine")
	ownHistoryBytes  = described("history_bytes", "Bytes of samples, labels and index, as far as the engine can tell.", "source", "engine")
	ownHistoryStart  = described("history_start_timestamp_seconds", "Time from which on samples are kept.", "source", "engine")
	ownDropped       = described("series_dropped", "Series that the last poll did not write, because of maxSeries or memoryLimit.", "source")
	ownStored        = described("storage_failures_total", "Batches of samples that could not be stored.", "source")
	ownRemoteLag     = described("remote_lag_seconds", "Age of the oldest sample that the engine remote has not acknowledged, 0 if there is none.", "source")
	ownRemoteBatches = described("remote_batches", "Batches that the engine remote has not wholly acknowledged.", "source")
	ownRemoteSent    = described("remote_samples_total", "Samples that the engine remote has acknowledged.", "source")
	ownRemoteRefused = described("remote_refused_total", "Samples that the engine remote refused for good, by reason: out_of_order, too_old, duplicate, too_large, limit, other.", "source", "reason")
	ownRemotePartly  = described("remote_partly_total", "Samples of which the engine remote refused an unknown part, because of a limit of its own.", "source")
	ownRemoteDropped = described("remote_dropped_total", "Samples that retention or a limit dropped before the engine remote acknowledged them.", "source")
	ownLeaseHeld     = described("lease_held", "1 while this Grafana polls the cluster for all replicas, 0 while another does or none.", "source")
	ownLeaseTerms    = described("lease_terms_total", "Times that this Grafana began to poll the cluster for all replicas.", "source")
	ownRemoteFailing = described("remote_failing", "1 while requests to the engine remote fail, 0 while they do not.", "source")
	ownEvents        = described("events", "Events in the log.", "source", "where")
	ownEventsBytes   = described("events_bytes", "Bytes of the log of events.", "source", "where")

	ownConnected    = described("stream_connected", "1 while the event stream is open, 0 while it is not.", "source")
	ownOpened       = described("stream_opened_total", "Times the event stream began. All but the first are resyncs.", "source")
	ownStreamEvents = described("stream_events_total", "Changes read from the event stream.", "source")
	ownStreamLost   = described("stream_dropped_total", "Changes that were too many to apply; /state was asked in their place.", "source")

	ownRunning = described("admission_running", "Queries that run now, by lane.", "asker", "lane")
	ownWaiting = described("admission_waiting", "Queries that wait for admission now, by lane.", "asker", "lane")
	ownRefused = described("admission_refused_total", "Queries that were refused, by lane: too many waited (full), or they waited too long (late).", "asker", "lane", "why")
	ownHeld    = described("admission_held_bytes", "About how many bytes the admitted queries take.")
)

// Describe implements prometheus.Collector.
func (m *ownMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, one := range []prometheus.Collector{m.polls, m.pollDuration, m.queries, m.queryDuration} {
		one.Describe(ch)
	}
	for _, desc := range []*prometheus.Desc{
		ownSources, ownLive, ownHistorySeries, ownHistoryBytes, ownHistoryStart, ownDropped, ownStored, ownEvents, ownEventsBytes,
		ownRemoteLag, ownRemoteBatches, ownRemoteSent, ownRemoteRefused, ownRemotePartly, ownRemoteDropped, ownRemoteFailing, ownLeaseHeld, ownLeaseTerms,
		ownConnected, ownOpened, ownStreamEvents, ownStreamLost, ownRunning, ownWaiting, ownRefused, ownHeld,
	} {
		ch <- desc
	}
}

// Collect implements prometheus.Collector.
func (m *ownMetrics) Collect(ch chan<- prometheus.Metric) {
	for _, one := range []prometheus.Collector{m.polls, m.pollDuration, m.queries, m.queryDuration} {
		one.Collect(ch)
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	counter := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value, labels...)
	}
	sources := m.registry.all()
	gauge(ownSources, float64(len(sources)))
	for _, src := range sources {
		src.mu.Lock()
		kept, events, collecting, closed, elected := src.store, src.events, src.collector, src.closed, src.lease
		src.mu.Unlock()
		if closed {
			continue
		}
		gauge(ownLive, float64(src.channels.Load()), src.key)
		if kept != nil {
			stats := localStats(kept)
			gauge(ownHistorySeries, float64(stats.Series), src.key, stats.Engine)
			gauge(ownHistoryBytes, float64(stats.Bytes), src.key, stats.Engine)
			if !stats.Start.IsZero() { // unknown is a gap, not 0
				gauge(ownHistoryStart, float64(stats.Start.UnixMilli())/1000, src.key, stats.Engine)
			}
		}
		if far, ok := kept.(*remote.Store); ok {
			st := far.Remote()
			gauge(ownRemoteLag, st.Lag(src.now()).Seconds(), src.key)
			gauge(ownRemoteBatches, float64(st.Batches), src.key)
			counter(ownRemoteSent, float64(st.Sent), src.key)
			for _, reason := range remote.Reasons {
				counter(ownRemoteRefused, float64(st.Refused[reason]), src.key, reason)
			}
			counter(ownRemotePartly, float64(st.Partly), src.key)
			counter(ownRemoteDropped, float64(st.Dropped), src.key)
			failing := 0.0
			if st.Failing != "" {
				failing = 1
			}
			gauge(ownRemoteFailing, failing, src.key)
		}
		if elected != nil {
			st := elected.State()
			holds := 0.0
			if st.Held {
				holds = 1
			}
			gauge(ownLeaseHeld, holds, src.key)
			counter(ownLeaseTerms, float64(st.Term), src.key)
		}
		if events != nil {
			stats := events.Stats()
			gauge(ownEvents, float64(stats.Events), src.key, stats.Where)
			gauge(ownEventsBytes, float64(stats.Bytes), src.key, stats.Where)
		}
		if collecting == nil {
			continue
		}
		status := collecting.Status()
		gauge(ownDropped, float64(status.SeriesDropped), src.key)
		counter(ownStored, float64(status.Storage.Failures), src.key)
		connected := 0.0
		if status.Stream.Connected {
			connected = 1
		}
		gauge(ownConnected, connected, src.key)
		counter(ownOpened, float64(status.Stream.Opened), src.key)
		counter(ownStreamEvents, float64(status.Stream.Events), src.key)
		counter(ownStreamLost, float64(status.Stream.Dropped), src.key)
	}
	for _, lane := range m.registry.engine.Admission() {
		asker := "people"
		if lane.Rules {
			asker = "rule"
		}
		gauge(ownRunning, float64(lane.Running), asker, lane.Lane)
		gauge(ownWaiting, float64(lane.Waiting), asker, lane.Lane)
		counter(ownRefused, float64(lane.Full), asker, lane.Lane, "full")
		counter(ownRefused, float64(lane.Late), asker, lane.Lane, "late")
	}
	gauge(ownHeld, float64(promql.Held()))
}

// polled returns what counts the polls of a source.
func (m *ownMetrics) polled(source string) func(collector.Polled) {
	return func(p collector.Polled) {
		outcome := string(p.Category)
		if outcome == "" {
			outcome = query.OutcomeOK
		}
		m.polls.WithLabelValues(source, string(p.Poll), outcome).Inc()
		if p.Took > 0 {
			m.pollDuration.WithLabelValues(source, string(p.Poll)).Observe(p.Took.Seconds())
		}
	}
}

// answered counts a query.
func (m *ownMetrics) answered(a query.Answered) {
	kind := string(a.Kind)
	if kind == "" {
		kind = "unreadable"
	}
	m.queries.WithLabelValues(kind, a.Asker, a.Outcome).Inc()
	m.queryDuration.WithLabelValues(kind).Observe(a.Took.Seconds())
}

// forget removes what was counted for a source that is closed.
func (m *ownMetrics) forget(source string) {
	of := prometheus.Labels{"source": source}
	m.polls.DeletePartialMatch(of)
	m.pollDuration.DeletePartialMatch(of)
}

// all returns the sources that there are.
func (r *Registry) all() []*source {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*source, 0, len(r.sources))
	for _, src := range r.sources {
		all = append(all, src)
	}
	return all
}

// pollSpan begins the trace of a poll of a source.
func pollSpan(source string) func(context.Context, series.Poll) (context.Context, func(bool)) {
	return func(ctx context.Context, poll series.Poll) (context.Context, func(bool)) {
		began := time.Now()
		ctx, span := tracing.DefaultTracer().Start(ctx, "mesos.poll", trace.WithNewRoot(), trace.WithAttributes(
			attribute.String("mesos.source", source), attribute.String("mesos.poll", string(poll)),
		))
		return ctx, func(ok bool) {
			span.SetAttributes(attribute.Bool("mesos.poll.ok", ok), attribute.Float64("mesos.poll.seconds", time.Since(began).Seconds()))
			if !ok {
				span.SetStatus(codes.Error, "the poll failed: the log says why")
			}
			span.End()
		}
	}
}
