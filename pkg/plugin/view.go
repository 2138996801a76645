package plugin

import (
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/tables"
)

// view returns a function that returns what the tables of SQL show now, nil before the first
// model.
func (s *source) view(collecting *collector.Collector, settings Settings, now func() time.Time) func() *tables.View {
	return func() *tables.View {
		latest := collecting.Cluster()
		if latest == nil {
			return nil
		}
		return &tables.View{Model: s.models.Of(latest), Now: now(), WebUI: settings.webUI(collecting.Status().Leader)}
	}
}
