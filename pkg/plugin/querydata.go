package plugin

import (
	"context"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/query"
)

// Headers by which Grafana tells who asks.
const (
	headerFromAlert = "FromAlert"           // "true" for alert and recording rules
	headerFromExpr  = "X-Grafana-From-Expr" // set when an expression reads the answer
)

// QueryData answers the queries of a panel, of Explore or of a rule, side by
// side. It never returns a Go error: panels would then show none of our text,
// so whatever is wrong is an error of each query it concerns.
func (p *Plugin) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	failed := func(err error) (*backend.QueryDataResponse, error) {
		for _, q := range req.Queries {
			response.Responses[q.RefID] = backend.ErrDataResponseWithSource(backend.StatusBadRequest, backend.ErrorSourceDownstream, err.Error())
		}
		return response, nil
	}
	src, err := p.registry.For(ctx, req.PluginContext)
	if err != nil {
		return failed(err)
	}
	options := query.Options{
		Alert:      req.Headers[headerFromAlert] == "true",
		Expression: req.GetHTTPHeader(headerFromExpr) != "" || req.Headers[headerFromExpr] != "",
		Ready:      src.ready(ctx),
	}
	view, err := p.registry.query(src)
	if err != nil {
		return failed(err)
	}

	var wait sync.WaitGroup
	answers := make([]backend.DataResponse, len(req.Queries))
	for i, q := range req.Queries {
		wait.Go(func() { answers[i] = query.Run(ctx, view, q, options) })
	}
	wait.Wait()
	for i, q := range req.Queries {
		response.Responses[q.RefID] = answers[i]
	}
	return response, nil
}

// ready waits for the first poll. Its error concerns queries only while there
// is no history to answer from.
func (s *source) ready(ctx context.Context) error {
	if collecting := s.polling(); collecting != nil {
		return collecting.Ready(ctx)
	}
	return collector.ErrStopped
}
