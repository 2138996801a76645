package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/remote"
	"community-mesos-datasource/pkg/query"
)

// The resources behind /api/datasources/uid/<uid>/resources/, all of them
// read-only: catalogue, series-counts, labels, label-values, events/values, schema, schema/values, logs/tasks,
// logs/files, compile, check, rule, status.

// Bounds of a request, in bytes.
const (
	maxBody    = query.MaxQuery + 1<<10 // a query and the object around it
	maxAddress = 1 << 20                // as for Go's HTTP servers, Grafana's among them
)

// routes returns the handler of all resources.
func (p *Plugin) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /catalogue", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, query.Catalogue())
	})
	mux.HandleFunc("POST /compile", p.compile)
	mux.HandleFunc("GET /series-counts", p.withSource(seriesCounts))
	mux.HandleFunc("POST /check", p.check)
	mux.HandleFunc("POST /rule", p.withSource(tryRule))
	mux.HandleFunc("GET /labels", p.withSource(labels))
	mux.HandleFunc("GET /label-values", p.withSource(labelValues))
	mux.HandleFunc("GET /events/values", p.withSource(eventValues))
	mux.HandleFunc("GET /logs/tasks", p.withSource(logTasks))
	mux.HandleFunc("GET /logs/files", p.withSource(logFiles))
	mux.HandleFunc("GET /schema", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, query.SQLSchema())
	})
	mux.HandleFunc("GET /schema/values", p.withSource(columnValues))
	mux.HandleFunc("GET /status", p.withSource(status))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.writeError(w, http.StatusNotFound, fmt.Errorf("no resource %s %s: there are GET catalogue, series-counts, labels, label-values, events/values, schema, schema/values, logs/tasks, logs/files, status and POST compile, check, rule", r.Method, r.URL.Path))
	})
	return p.bounded(mux)
}

// bounded refuses requests that are too large before anything reads them, and
// turns a panic into an answer.
func (p *Plugin) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if cause := recover(); cause != nil {
				p.writeError(w, http.StatusInternalServerError, errors.New(p.panicked("answering "+r.URL.Path, cause)))
			}
		}()
		if n := len(r.URL.RawQuery) + len(r.URL.Path); n > maxAddress {
			p.writeError(w, http.StatusRequestURITooLong, fmt.Errorf("the address has %d bytes: %d are the most; use fewer or shorter selectors", n, maxAddress))
			return
		}
		// The SDK has the whole body in memory already. It is not copied before there is
		// room for it.
		if r.ContentLength > maxBody {
			p.writeError(w, http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes: choose fewer values in the query", maxBody))
			return
		}
		next.ServeHTTP(w, r)
	})
}

type sourceHandler func(p *Plugin, src *source, w http.ResponseWriter, r *http.Request)

// withSource calls a handler with the data source of a request, or answers why
// there is none.
func (p *Plugin) withSource(handle sourceHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		src, err := p.registry.For(r.Context(), backend.PluginConfigFromContext(r.Context()))
		if err != nil {
			p.writeError(w, http.StatusBadRequest, err)
			return
		}
		handle(p, src, w, r)
	}
}

// compile answers `{query}` with `{"promql" or "sql", "warnings"}`: what the query's
// builder fields mean.
func (p *Plugin) compile(w http.ResponseWriter, r *http.Request) {
	leave, err := p.registry.engine.Parsing(r.Context(), int(r.ContentLength))
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	defer leave()
	var body struct {
		Query json.RawMessage `json:"query"`
	}
	text := http.MaxBytesReader(w, cmp.Or(r.Body, io.ReadCloser(http.NoBody)), maxBody)
	if err := json.NewDecoder(text).Decode(&body); err != nil {
		p.writeError(w, http.StatusBadRequest, fmt.Errorf(`the body must be {"query": {...}}: %w`, err))
		return
	}
	compiled, err := query.CompileChecked(r.Context(), body.Query, p.registry.sql)
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	writeJSON(w, http.StatusOK, compiled)
}

func labels(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	p.answerList(w, r, src, func(ctx context.Context, view query.Source) (query.List, error) {
		l, err := lookUp(r)
		if err != nil {
			return query.List{}, err
		}
		return query.Labels(ctx, view, l)
	})
}

func labelValues(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	p.answerList(w, r, src, func(ctx context.Context, view query.Source) (query.List, error) {
		l, err := lookUp(r)
		if err != nil {
			return query.List{}, err
		}
		return query.LabelValues(ctx, view, r.URL.Query().Get("label"), l)
	})
}

// eventValues answers the values of a field of events.
func eventValues(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	p.answerList(w, r, src, func(ctx context.Context, view query.Source) (query.List, error) {
		l, err := lookUp(r)
		if err != nil {
			return query.List{}, err
		}
		return query.EventValues(ctx, view, r.URL.Query().Get("field"), l)
	})
}

// columnValues answers the values of a column of a table.
func columnValues(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	p.answerList(w, r, src, func(ctx context.Context, view query.Source) (query.List, error) {
		l, err := lookUp(r)
		if err != nil {
			return query.List{}, err
		}
		return query.ColumnValues(ctx, view, r.URL.Query().Get("table"), r.URL.Query().Get("column"), l)
	})
}

// lookUp reads what labels, label-values and events/values have in common.
func lookUp(r *http.Request) (query.LookUp, error) {
	values := r.URL.Query()
	l := query.LookUp{Match: matches(r), Search: values.Get("search"), Filters: json.RawMessage(values.Get("filters"))}
	var err error
	if l.From, err = timeBound(r, "start"); err != nil {
		return l, err
	}
	if l.To, err = timeBound(r, "end"); err != nil {
		return l, err
	}
	if !l.To.IsZero() && l.From.After(l.To) {
		return l, &query.InvalidError{Key: "start", Text: fmt.Sprintf("%.40q is after end, %.40q", values.Get("start"), values.Get("end"))}
	}
	if text := values.Get("limit"); text != "" {
		if l.Limit, err = strconv.Atoi(text); err != nil || l.Limit < 0 {
			return l, &query.InvalidError{Key: "limit", Text: fmt.Sprintf("must be a whole number, not %.20q", text)}
		}
	}
	return l, nil
}

// answerList writes a list in the shape of Prometheus' HTTP API, so that its
// clients can read it.
func (p *Plugin) answerList(w http.ResponseWriter, r *http.Request, src *source, list func(context.Context, query.Source) (query.List, error)) {
	view, ok := p.historyOf(w, r, src)
	if !ok {
		return
	}
	listed, err := list(r.Context(), view)
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	if listed.Values == nil {
		listed.Values = []string{}
	}
	for i := range listed.Warnings {
		listed.Warnings[i] = p.registry.pathless(listed.Warnings[i])
	}
	writeJSON(w, http.StatusOK, struct {
		Status   string   `json:"status"`
		Data     []string `json:"data"`
		Total    int      `json:"total,omitempty"` // how many there are, where that is known
		Warnings []string `json:"warnings,omitempty"`
	}{"success", listed.Values, listed.Total, listed.Warnings})
}

// historyOf returns what look-ups read, once there is something; otherwise it answers why
// there is nothing.
func (p *Plugin) historyOf(w http.ResponseWriter, r *http.Request, src *source) (view query.Source, ok bool) {
	unready := p.registry.ready(r.Context(), src)
	view, err := p.registry.query(src)
	if err != nil {
		p.writeError(w, http.StatusBadRequest, err)
		return view, false
	}
	// As for queries, history answers before errors do.
	if unready != nil && view.Store.Stats().Start.IsZero() {
		p.writeError(w, http.StatusServiceUnavailable, unready)
		return view, false
	}
	return view, true
}

// seriesCounts answers how many series each name has now.
func seriesCounts(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	view, ok := p.historyOf(w, r, src)
	if !ok {
		return
	}
	counts, err := query.SeriesCounts(r.Context(), view)
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Status   string         `json:"status"`
		Data     map[string]int `json:"data"`
		Warnings []string       `json:"warnings,omitempty"`
	}{"success", counts.Series, counts.Warnings})
}

// matches returns the request's selectors: match[] as in Prometheus' HTTP API, and
// match.
func matches(r *http.Request) []string {
	values := r.URL.Query()
	return append(values["match[]"], values["match"]...)
}

// latestTime is the latest time that a bound may be: the end of the year 9999.
var latestTime = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)

// timeBound returns a bound of a look-up, given in Unix seconds or milliseconds or in
// RFC 3339 as in Prometheus' HTTP API; the zero time is none.
func timeBound(r *http.Request, key string) (time.Time, error) {
	text := r.URL.Query().Get(key)
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	number, err := strconv.ParseFloat(text, 64)
	if number > 1e11 { // milliseconds, since 1973
		number /= 1000
	}
	if err != nil || !(number >= 0 && number <= float64(latestTime.Unix())) { // neither is NaN
		return time.Time{}, &query.InvalidError{Key: key, Text: fmt.Sprintf("must be a time in Unix seconds or milliseconds, or like 2026-01-31T12:00:00Z, not %.40q", text)}
	}
	return time.UnixMilli(int64(number * 1000)), nil
}

// StatusAnswer is the response of GET status.
type StatusAnswer struct {
	collector.Status
	Problems map[string]string `json:"problems,omitempty"` // latest error by kind of poll
	History  HistoryStatus     `json:"history"`
	Events   EventsStatus      `json:"events"`
	Live     LiveStatus        `json:"live"`
	// Replicas says which of several Grafanas polls; absent where replicas is not set.
	Replicas *ReplicasStatus `json:"replicas,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`

	masters int // in the settings
}

// LiveStatus is what live panels cost: their channels, of which Grafana runs one however many
// watch, and how often one was computed.
type LiveStatus struct {
	Channels int64 `json:"channels"`
	Computed int64 `json:"computed"`
}

// HistoryStatus is how full the history is.
type HistoryStatus struct {
	Engine    string     `json:"engine"`
	Series    int        `json:"series"`
	Bytes     int64      `json:"bytes"`
	Start     *time.Time `json:"start,omitempty"` // absent while empty
	Truncated bool       `json:"truncated"`       // bytes, not age, decide how far it reaches
	// TruncatedBy is the setting of those bytes: memoryLimit or history_limit.
	TruncatedBy string `json:"truncatedBy,omitempty"`
	Note        string `json:"note,omitempty"`
	// Remote is absent without the engine remote. The fields above are of what is kept
	// locally then.
	Remote *RemoteStatus `json:"remote,omitempty"`
}

// RemoteStatus is what is known of the engine remote.
type RemoteStatus struct {
	Protocol string `json:"protocol,omitempty"` // version of remote write; absent before a request was taken
	// LagSeconds is how old the oldest sample is that is not acknowledged, 0 if there is none.
	LagSeconds float64 `json:"lagSeconds"`
	Batches    int     `json:"batches"`           // not wholly acknowledged
	Samples    *int64  `json:"samples,omitempty"` // not acknowledged; absent while that is not known, after a restart
	Sent       int64   `json:"sent"`              // samples that were acknowledged since the start
	// Refused has the samples that were refused for good since the start, by reason.
	Refused map[string]int64 `json:"refused"`
	// Partly counts samples of which the engine refused an unknown part, because of a limit of its own.
	Partly int64 `json:"partly,omitempty"`
	// Dropped counts samples that retention or a limit dropped here before they were acknowledged.
	Dropped      int64      `json:"dropped"`
	Acknowledged *time.Time `json:"acknowledged,omitempty"` // time of the newest sample that was
	Failing      string     `json:"failing,omitempty"`      // why requests fail
	Since        *time.Time `json:"since,omitempty"`        // when that began
	Reach        *time.Time `json:"reach,omitempty"`        // time of the oldest sample of this cluster; absent while it is not known
	// ReachesFurther reports whether there may be older ones, which were not looked for.
	ReachesFurther bool   `json:"reachesFurther,omitempty"`
	ReachError     string `json:"reachError,omitempty"`
}

func remoteStatus(kept history.Store, now time.Time) *RemoteStatus {
	far, ok := kept.(*remote.Store)
	if !ok {
		return nil
	}
	st := far.Remote()
	answer := &RemoteStatus{
		Protocol: st.Protocol, LagSeconds: st.Lag(now).Seconds(), Batches: st.Batches, Sent: st.Sent, Refused: st.Refused, Partly: st.Partly, Dropped: st.Dropped,
		Failing: st.Failing, ReachError: st.ReachError, Acknowledged: timeOrNil(st.Acknowledged), Since: timeOrNil(st.Since), Reach: timeOrNil(st.Reach), ReachesFurther: st.ReachesFurther,
	}
	if st.UnsentKnown {
		answer.Samples = &st.Unsent
	}
	return answer
}

// localStats returns the figures of what is kept locally, with what is to be said of both.
func localStats(kept history.Store) history.Stats {
	stats := kept.Stats()
	if far, ok := kept.(*remote.Store); ok {
		local := far.Local.Stats()
		stats.Start, stats.TruncatedBy = local.Start, local.TruncatedBy
	}
	return stats
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func historyStatus(stats history.Stats) HistoryStatus {
	answer := HistoryStatus{Engine: stats.Engine, Series: stats.Series, Bytes: stats.Bytes, Truncated: stats.TruncatedBy != "", TruncatedBy: stats.TruncatedBy, Note: stats.Note}
	if !stats.Start.IsZero() {
		answer.Start = &stats.Start
	}
	return answer
}

// EventsStatus is how full the log of events is.
type EventsStatus struct {
	Where  string     `json:"where"` // disk or memory
	Events int        `json:"events"`
	Bytes  int64      `json:"bytes"`
	Start  *time.Time `json:"start,omitempty"` // of the oldest event; absent while empty
	Since  *time.Time `json:"since,omitempty"` // from when on every event that was learned is kept
	Note   string     `json:"note,omitempty"`
}

func eventsStatus(stats events.Stats) EventsStatus {
	answer := EventsStatus{Where: stats.Where, Events: stats.Events, Bytes: stats.Bytes, Note: stats.Problem}
	if !stats.Start.IsZero() {
		answer.Start = &stats.Start
	}
	if !stats.Since.IsZero() {
		answer.Since = &stats.Since
	}
	return answer
}

// status answers what the data source knows of itself: to administrators with the
// paths of the server, to others without.
func status(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	_ = p.registry.ready(r.Context(), src) // what went wrong is part of the answer
	raw, err := json.Marshal(src.statusAnswer())
	if err != nil {
		p.writeError(w, http.StatusInternalServerError, err)
		return
	}
	if !maySeePaths(backend.PluginConfigFromContext(r.Context()).User) {
		raw = []byte(p.registry.pathless(string(raw)))
	}
	writeJSON(w, http.StatusOK, json.RawMessage(raw))
}

func (s *source) statusAnswer() StatusAnswer {
	s.mu.Lock()
	collecting, kept, log, warnings, masters := s.collector, s.store, s.events, s.settings.Warnings, len(s.settings.Masters)
	elected, follows := s.lease, s.follows()
	s.mu.Unlock()
	answer := StatusAnswer{History: historyStatus(localStats(kept)), Events: eventsStatus(log.Stats()), Warnings: warnings, masters: masters,
		Live: LiveStatus{s.channels.Load(), s.computed.Load()}}
	answer.History.Remote = remoteStatus(kept, s.now())
	if answer.Replicas = replicasStatus(elected); answer.Replicas.follows() {
		answer.Replicas.Differs = s.differing()
	}
	switch {
	case collecting == nil:
	case follows:
		answer.Status = followed{collecting, s}.Status()
	default:
		answer.Status = collecting.Status()
	}
	for _, poll := range answer.Polls {
		if poll.Err != nil {
			if answer.Problems == nil {
				answer.Problems = map[string]string{}
			}
			answer.Problems[string(poll.Poll)] = poll.Err.Error()
		}
	}
	return answer
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value) // fails if the client is gone
}

// writeError answers in the shape of Prometheus' HTTP API, with the message
// also where Grafana's frontend looks for it, and without paths of the server.
func (p *Plugin) writeError(w http.ResponseWriter, code int, err error) {
	text := p.registry.pathless(err.Error())
	writeJSON(w, code, map[string]string{"status": "error", "error": text, "message": text})
}
