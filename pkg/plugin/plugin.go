// Package plugin is Grafana's doors: query data, health, resources; and what
// lives behind them for the life of the process. It wires; what Mesos means is
// known further down.
//
// Its files: plugin.go binds the doors; settings.go reads a data source's
// settings; registry.go keeps one collector and one history per data source;
// querydata.go, health.go and resources.go are a door each; lifetime.go ends
// the process in order.
package plugin

import (
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"
)

// ID is the plugin's id, as in plugin.json.
const ID = "community-mesos-datasource"

// Plugin answers Grafana's requests out of a registry.
type Plugin struct {
	registry  *Registry
	resources backend.CallResourceHandler
}

// New binds Grafana's doors to a registry.
func New(registry *Registry) *Plugin {
	p := &Plugin{registry: registry}
	p.resources = httpadapter.New(p.routes())
	return p
}

// ServeOpts are the doors for the SDK's Manage.
func (p *Plugin) ServeOpts() backend.ServeOpts {
	return backend.ServeOpts{
		QueryDataHandler:    p,
		CheckHealthHandler:  p,
		CallResourceHandler: p.resources,
	}
}

var (
	_ backend.QueryDataHandler   = (*Plugin)(nil)
	_ backend.CheckHealthHandler = (*Plugin)(nil)
)
