// Package plugin implements Grafana's interfaces (query data, health, resources)
// and holds what outlives a request. It connects the other packages and knows
// nothing of Mesos itself.
//
// Its files: plugin.go registers the handlers; settings.go parses a data
// source's settings; clients.go makes the HTTP clients; registry.go holds one
// collector and one history per data source, store.go chooses the history;
// querydata.go, health.go, resources.go and live.go implement one interface each;
// lifetime.go ends the process in order.
package plugin

import (
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"
)

// ID is the plugin's id, as in plugin.json.
const ID = "community-mesos-datasource"

// Plugin answers Grafana's requests from the sources of a registry.
type Plugin struct {
	registry  *Registry
	resources backend.CallResourceHandler
}

// New returns a Plugin that uses the sources of registry.
func New(registry *Registry) *Plugin {
	p := &Plugin{registry: registry}
	p.resources = httpadapter.New(p.routes())
	return p
}

// ServeOpts returns the handlers in the form that the SDK's Manage takes.
func (p *Plugin) ServeOpts() backend.ServeOpts {
	return backend.ServeOpts{
		QueryDataHandler:    p,
		CheckHealthHandler:  p,
		CallResourceHandler: p.resources,
		StreamHandler:       p,
	}
}

var (
	_ backend.QueryDataHandler   = (*Plugin)(nil)
	_ backend.CheckHealthHandler = (*Plugin)(nil)
	_ backend.StreamHandler      = (*Plugin)(nil)
)
