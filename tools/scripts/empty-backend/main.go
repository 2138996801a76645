// A backend that answers every query with one empty frame and is healthy
// otherwise. The demo's check must fail on it. Only the check's test builds it.
package main

import (
	"context"
	"log"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

type empty struct{}

// QueryData returns an empty frame per query.
func (empty) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	for _, q := range req.Queries {
		response.Responses[q.RefID] = backend.DataResponse{Frames: data.Frames{data.NewFrame("")}}
	}
	return response, nil
}

// CallResource answers every request with an empty object.
func (empty) CallResource(_ context.Context, _ *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	return sender.Send(&backend.CallResourceResponse{Status: 200, Body: []byte(`{"series":[],"entities":[],"functions":[]}`)})
}

func main() {
	const id = "community-mesos-datasource"
	backend.SetupPluginEnvironment(id)
	if err := backend.Manage(id, backend.ServeOpts{QueryDataHandler: empty{}, CallResourceHandler: empty{}}); err != nil {
		log.Fatal(err)
	}
}
