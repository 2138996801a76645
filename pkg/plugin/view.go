package plugin

import (
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/tables"
)

// view returns a function that returns what the tables of SQL show now, but for events; nil
// before the first model. of returns the collector that has it.
func (s *source) view(of func() *collector.Collector, settings Settings, now func() time.Time) func() *tables.View {
	return func() *tables.View {
		collecting := of()
		if collecting == nil {
			return nil
		}
		latest := collecting.Cluster()
		if latest == nil {
			return nil
		}
		status := collecting.Status()
		v := &tables.View{
			Model: s.models.Of(latest), Now: now(), WebUI: settings.webUI(status.Leader),
			Maintenance: collecting.Maintenance(),
		}
		for _, m := range status.Masters {
			v.Masters = append(v.Masters, tables.Master{Address: m.Address, Leading: m.Leading, Error: m.Error})
		}
		if current := collecting.CurrentTasks(); current != nil {
			v.Use = func(t *cluster.Task) tables.Use { return tables.Use(current.Measured(t)) }
			v.AgentUse = func(a *cluster.Agent) tables.Use { return tables.Use(current.AgentMeasured(a.ID)) }
		}
		return v
	}
}
