// A backend that answers every query with one empty frame and is otherwise
// well: what the demo's check must not be satisfied with. It is built by the
// check's own test only.
package main

import (
	"context"
	"log"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

type empty struct{}

// QueryData answers an empty frame per query.
func (empty) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	for _, q := range req.Queries {
		response.Responses[q.RefID] = backend.DataResponse{Frames: data.Frames{data.NewFrame("")}}
	}
	return response, nil
}

// CallResource answers an empty object to everything.
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
