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

// A relativeRange is the time range of a rule: seconds before now, as Grafana stores them.
type relativeRange struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// formRange is what Grafana's form has first.
var formRange = relativeRange{From: 600}

// mostBefore is how far before now a rule may begin to read, in seconds: a century.
const mostBefore = 100 * 365 * 24 * 3600

func (r relativeRange) before(now time.Time) (backend.TimeRange, error) {
	if r.To < 0 || r.From <= r.To || r.From > mostBefore {
		return backend.TimeRange{}, fmt.Errorf("relativeTimeRange goes from %d to %d seconds before now", r.From, r.To)
	}
	at := func(seconds int64) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }
	return backend.TimeRange{From: at(r.From), To: at(r.To)}, nil
}

// tryRule answers `{query, relativeTimeRange}` with `{"error" or "numbers", "range"}`: what a
// rule with this query would get now.
func tryRule(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	leave, err := p.registry.engine.Parsing(r.Context(), int(r.ContentLength))
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	var body struct {
		Query json.RawMessage `json:"query"`
		Range relativeRange   `json:"relativeTimeRange"`
	}
	body.Range = formRange
	text := http.MaxBytesReader(w, cmp.Or(r.Body, io.ReadCloser(http.NoBody)), maxBody)
	err = json.NewDecoder(text).Decode(&body)
	leave() // the query takes its own turn
	var asked backend.TimeRange
	if err == nil {
		asked, err = body.Range.before(p.registry.clock.Now())
	}
	if err != nil {
		p.writeError(w, http.StatusBadRequest, fmt.Errorf(`the body must be {"query": {...}, "relativeTimeRange": {"from": 600, "to": 0}}: %w`, err))
		return
	}
	ready := p.registry.ready(r.Context(), src)
	view, err := p.registry.query(src)
	if err != nil {
		p.writeError(w, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	_, refused := p.registry.sandboxes(ctx, src, &backend.User{Login: ruleUser})
	got := query.Try(ctx, view, body.Query, asked, query.Options{Ready: ready, NoSandboxes: refused})
	got.Error = p.registry.pathless(got.Error)
	writeJSON(w, http.StatusOK, got)
}
