package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/query"
)

// trialRange is how much of the past a rule is tried with, which is what Grafana's form
// has first.
const trialRange = 10 * time.Minute

// tryRule answers `{query}` with `{"error" or "numbers", "range"}`: what a rule with this
// query would get now.
func tryRule(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	leave, err := p.registry.engine.Parsing(r.Context(), int(r.ContentLength))
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	var body struct {
		Query json.RawMessage `json:"query"`
	}
	text := http.MaxBytesReader(w, cmp.Or(r.Body, io.ReadCloser(http.NoBody)), maxBody)
	err = json.NewDecoder(text).Decode(&body)
	leave() // the query takes its own turn
	if err != nil {
		p.writeError(w, http.StatusBadRequest, fmt.Errorf(`the body must be {"query": {...}}: %w`, err))
		return
	}
	ready := src.ready(r.Context())
	view, err := p.registry.query(src)
	if err != nil {
		p.writeError(w, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	now := time.Now()
	_, refused := src.sandboxes(&backend.User{Login: ruleUser})
	got := query.Try(ctx, view, body.Query, backend.TimeRange{From: now.Add(-trialRange), To: now}, query.Options{Ready: ready, NoSandboxes: refused})
	got.Error = p.registry.pathless(got.Error)
	writeJSON(w, http.StatusOK, got)
}
