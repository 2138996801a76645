package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/concurrent"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/query"
)

// Headers that say what sent the queries.
const (
	headerFromAlert = "FromAlert"           // "true" for alert and recording rules
	headerFromExpr  = "X-Grafana-From-Expr" // set when an expression reads the answer
)

// maxQueries is how many queries one request may have. A panel has some ten; 200
// is what one with a query for each of a large cluster's frameworks may need.
const maxQueries = 200

// requestTimeout is how long all queries of one request may take together: rules
// give up after 30 s, and should have our sentence by then.
const requestTimeout = 26 * time.Second

// queriesAtOnce is how many queries of one request are answered at once.
const queriesAtOnce = 8

// QueryData answers the queries of a panel, of Explore or of a rule, concurrently.
// It never returns a Go error, of which panels show no text: what is wrong is the
// error of each query that it concerns, a panic included.
func (p *Plugin) QueryData(ctx context.Context, req *backend.QueryDataRequest) (response *backend.QueryDataResponse, _ error) {
	fail := func(status backend.Status, source backend.ErrorSource, text string) {
		response = backend.NewQueryDataResponse()
		// Beyond the bound the answer would be larger than the request.
		for _, q := range req.Queries[:min(len(req.Queries), maxQueries)] {
			response.Responses[q.RefID] = backend.ErrDataResponseWithSource(status, source, p.registry.pathless(text))
		}
	}
	refuse := func(err error) { fail(backend.StatusBadRequest, backend.ErrorSourceDownstream, err.Error()) }
	defer func() {
		if cause := recover(); cause != nil {
			fail(backend.StatusInternal, backend.ErrorSourcePlugin, p.panicked("answering queries", cause))
		}
	}()
	if n := len(req.Queries); n > maxQueries {
		refuse(fmt.Errorf("the request has %d queries: %d are the most; use fewer queries, with filters or groupBy for several series", n, maxQueries))
		return response, nil
	}
	src, err := p.registry.For(ctx, req.PluginContext)
	if err != nil {
		refuse(err)
		return response, nil
	}
	options := query.Options{
		Alert:      req.Headers[headerFromAlert] == "true",
		Expression: req.GetHTTPHeader(headerFromExpr) != "" || req.Headers[headerFromExpr] != "",
		Ready:      p.registry.ready(ctx, src),
		Names:      &query.Names{},
	}
	if asksLogs(req.Queries) {
		options.Sandboxes, options.NoSandboxes = p.registry.sandboxes(ctx, src, req.PluginContext.User)
	}
	view, err := p.registry.query(src)
	if err != nil {
		refuse(err)
		return response, nil
	}

	ctx, sent := p.registry.engine.Answers(ctx)
	if ctx.Done() == nil {
		defer sent()
	} else {
		context.AfterFunc(ctx, sent) // the answer is on its way until the request ends
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	// Its error is never set: the function below returns none.
	response, _ = concurrent.QueryData(ctx, req, func(ctx context.Context, q concurrent.Query) backend.DataResponse {
		return p.registry.withoutPaths(query.Run(ctx, view, q.DataQuery, options)) // Run recovers
	}, queriesAtOnce)
	options.Names.Apart(response.Responses)
	return response, nil
}

// withoutPaths returns a response whose error and notices have no path of the
// server.
func (r *Registry) withoutPaths(response backend.DataResponse) backend.DataResponse {
	if response.Error != nil {
		if text := r.pathless(response.Error.Error()); text != response.Error.Error() {
			response.Error = errors.New(text)
		}
	}
	for _, frame := range response.Frames {
		if frame.Meta == nil {
			continue
		}
		for i := range frame.Meta.Notices {
			frame.Meta.Notices[i].Text = r.pathless(frame.Meta.Notices[i].Text)
		}
	}
	return response
}

// ready waits for the first poll. Its error concerns queries only while there is no history
// to answer from. Where another Grafana polls there is nothing to wait for.
func (r *Registry) ready(ctx context.Context, src *source) error {
	if r.settle(ctx, src) {
		return nil
	}
	if collecting := src.polling(); collecting != nil {
		return collecting.Ready(ctx)
	}
	return collector.ErrStopped
}
