package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
)

// queryRequest is the body of POST /api/ds/query.
type queryRequest struct {
	From    string            `json:"from"` // epoch in ms as a string, or now-1h
	To      string            `json:"to"`
	Queries []json.RawMessage `json:"queries"`
}

// queryModel holds the keys that Grafana itself reads of each query; the whole
// object goes to the plugin.
type queryModel struct {
	RefID         string          `json:"refId"`
	QueryType     string          `json:"queryType"`
	MaxDataPoints *int64          `json:"maxDataPoints"`
	IntervalMS    *int64          `json:"intervalMs"`
	Datasource    json.RawMessage `json:"datasource"`
}

// tracingHeaders are passed on to the plugin, as Grafana's tracing header
// middleware does (pkg/services/pluginsintegration/clientmiddleware).
var tracingHeaders = []string{
	"X-Query-Group-Id", "X-Panel-Id", "X-Dashboard-Uid", "X-Datasource-Uid",
	"X-Grafana-From-Expr", "X-Grafana-Org-Id", "X-Panel-Plugin-Id", "X-Cache-Skip",
}

// alertHeader marks the queries of alert rules. Grafana sets it inside its
// scheduler and passes it on from no client; the host does with --rules only.
const alertHeader = "FromAlert"

// query answers POST /api/ds/query: one answer per refId; the status is 400 when
// one of them has an error, and the good ones keep their frames beside it.
func (s *server) query(w http.ResponseWriter, r *http.Request) {
	var body queryRequest
	if err := readBody(w, r, &body); err != nil {
		writeMessage(w, http.StatusBadRequest, "bad request data")
		return
	}
	if len(body.Queries) == 0 {
		writePublic(w, http.StatusBadRequest, "query.noQueries", "No queries found")
		return
	}
	perSource, order, err := s.split(body)
	if err != nil {
		var missing unknownSource
		if errors.As(err, &missing) {
			writeMessage(w, http.StatusNotFound, "Data source not found")
			return
		}
		writePublic(w, http.StatusBadRequest, "query.invalidQuery", err.Error())
		return
	}

	answer := backend.NewQueryDataResponse()
	for _, uid := range order {
		one, _ := s.sources.find(uid)
		part, err := s.queryOne(r, one, perSource[uid])
		if err != nil {
			s.failed(w, r.Context(), "query data", err)
			return
		}
		for refID, response := range part.Responses {
			answer.Responses[refID] = response
		}
	}
	status := http.StatusOK
	for _, response := range answer.Responses {
		if response.Error != nil {
			status = http.StatusBadRequest
		}
	}
	writeJSON(w, status, answer)
}

// unknownSource is the error for the UID of a missing data source.
type unknownSource string

func (u unknownSource) Error() string { return "data source " + string(u) + " is not known" }

// split parses the queries and sorts them by data source, in order of appearance.
func (s *server) split(body queryRequest) (map[string][]backend.DataQuery, []string, error) {
	times := gtime.NewTimeRange(body.From, body.To)
	from, err := times.ParseFrom()
	if err != nil {
		return nil, nil, fmt.Errorf("from %q: %w", body.From, err)
	}
	to, err := times.ParseTo()
	if err != nil {
		return nil, nil, fmt.Errorf("to %q: %w", body.To, err)
	}
	perSource, order := map[string][]backend.DataQuery{}, []string{}
	for _, raw := range body.Queries {
		// Grafana's defaults for what is absent (pkg/services/query).
		model := queryModel{RefID: "A"}
		if err := json.Unmarshal(raw, &model); err != nil {
			return nil, nil, fmt.Errorf("query: %w", err)
		}
		uid := datasourceUID(model.Datasource)
		if uid == "__expr__" {
			return nil, nil, fmt.Errorf("query %s is an expression, and the workbench has none: use a Grafana", model.RefID)
		}
		if _, ok := s.sources.find(uid); !ok {
			return nil, nil, unknownSource(uid)
		}
		if _, seen := perSource[uid]; !seen {
			order = append(order, uid)
		}
		perSource[uid] = append(perSource[uid], backend.DataQuery{
			RefID:         model.RefID,
			QueryType:     model.QueryType,
			MaxDataPoints: valueOr(model.MaxDataPoints, 100),
			Interval:      time.Duration(valueOr(model.IntervalMS, 1000)) * time.Millisecond,
			TimeRange:     backend.TimeRange{From: from.UTC(), To: to.UTC()},
			JSON:          raw,
		})
	}
	return perSource, order, nil
}

func (s *server) queryOne(r *http.Request, one source, queries []backend.DataQuery) (*backend.QueryDataResponse, error) {
	services, err := s.process.get()
	if err != nil {
		return nil, err
	}
	req := &backend.QueryDataRequest{
		PluginContext: s.pluginContext(one, r),
		Queries:       queries,
		Headers:       map[string]string{},
	}
	for _, name := range tracingHeaders {
		if value := r.Header.Get(name); value != "" {
			req.SetHTTPHeader(name, value)
		}
	}
	if value := r.Header.Get(alertHeader); s.rules && value != "" {
		req.Headers[alertHeader] = value
	}
	response, err := services.data.QueryData(r.Context(), backend.ToProto().QueryDataRequest(req))
	if err != nil {
		return nil, err
	}
	return backend.FromProto().QueryDataResponse(response)
}

// failed answers for a plugin that could not be asked or gave a gRPC error. The
// browser gets Grafana's general sentence, the log gets the cause.
func (s *server) failed(w http.ResponseWriter, ctx context.Context, doing string, err error) {
	switch {
	case ctx.Err() != nil:
		w.WriteHeader(499) // The client has disconnected; Grafana writes the same status.
	case errors.Is(err, errUnavailable):
		writePublic(w, http.StatusInternalServerError, "plugin.unavailable", "Plugin unavailable")
	default:
		s.log.Error("The plugin failed.", "doing", doing, "error", err)
		writePublic(w, http.StatusInternalServerError, "plugin.requestFailureError", "An error occurred within the plugin")
	}
}

// datasourceUID reads `"datasource": {"uid": "x"}` and the older `"datasource": "x"`.
func datasourceUID(raw json.RawMessage) string {
	var ref struct {
		UID string `json:"uid"`
	}
	if json.Unmarshal(raw, &ref) == nil {
		return ref.UID
	}
	var uid string
	_ = json.Unmarshal(raw, &uid) // Anything else is no UID, hence unknown.
	return uid
}

func valueOr(value *int64, absent int64) int64 {
	if value == nil {
		return absent
	}
	return *value
}

func appURL(r *http.Request) string { return "http://" + r.Host + "/" }
