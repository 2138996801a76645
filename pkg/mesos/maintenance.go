package mesos

import (
	"context"
	"time"
)

// Maintenance is what the leader knows of planned maintenance: its schedule, and which
// machines are taken out of service already. A schedule that a principal may not see
// looks like an empty one.
type Maintenance struct {
	Answer  // of the schedule
	Windows []MaintenanceWindow
	// Down are the machines that an operator has declared down, and Draining those that
	// are in the schedule and still in service. An operator may declare a machine down
	// before its window begins, and leave it down after its end.
	Down, Draining []Machine
}

// MaintenanceWindow is when machines are planned to be unavailable.
type MaintenanceWindow struct {
	Machines []Machine
	Start    time.Time
	Duration time.Duration // 0: without an end
}

// Machine is a machine as the schedule names it: by one or both. The host name is in
// lower case, as Mesos compares it.
type Machine struct {
	Hostname string `json:"hostname"`
	IP       string `json:"ip"`
}

// maintenanceSchedule is /maintenance/schedule. Mesos writes {} where nothing is planned.
type maintenanceSchedule struct {
	Windows []struct {
		Machines       []Machine `json:"machine_ids"`
		Unavailability struct {
			Start    nanoseconds `json:"start"`
			Duration nanoseconds `json:"duration"`
		} `json:"unavailability"`
	} `json:"windows"`
}

// maintenanceStatus is /maintenance/status.
type maintenanceStatus struct {
	Down     []Machine `json:"down_machines"`
	Draining []struct {
		ID Machine `json:"id"`
	} `json:"draining_machines"`
}

// nanoseconds is TimeInfo or DurationInfo of include/mesos/mesos.proto.
type nanoseconds struct {
	Nanoseconds int64 `json:"nanoseconds"`
}

const noMaintenance = "maintenance windows are missing. Mesos has them since 0.25"

var (
	maintenanceSchedulePage = endpoint{path: "/maintenance/schedule", limit: 64 << 20, lacking: noMaintenance}
	maintenanceStatusPage   = endpoint{path: "/maintenance/status", limit: 64 << 20, lacking: noMaintenance}
)

// Maintenance returns the maintenance schedule of the leader and the status of the
// machines in it. It is one small request where nothing is planned, else two.
func (c *Client) Maintenance(ctx context.Context) (*Maintenance, error) {
	return ofLeader(ctx, c, maintenanceSchedulePage, func(ctx context.Context, target Target) (*Maintenance, error) {
		var schedule maintenanceSchedule
		h, err := c.get(ctx, target, maintenanceSchedulePage, &schedule)
		if err != nil {
			return nil, err
		}
		m := &Maintenance{Answer: h.Answer}
		if len(schedule.Windows) == 0 { // a machine is down only while it is in the schedule
			return m, nil
		}
		for _, w := range schedule.Windows {
			m.Windows = append(m.Windows, MaintenanceWindow{
				Machines: w.Machines,
				Start:    time.Unix(0, w.Unavailability.Start.Nanoseconds).UTC(),
				Duration: max(0, time.Duration(w.Unavailability.Duration.Nanoseconds)),
			})
		}
		var status maintenanceStatus
		if _, err = c.get(ctx, target, maintenanceStatusPage, &status); err != nil {
			return nil, err
		}
		m.Down = status.Down
		for _, d := range status.Draining {
			m.Draining = append(m.Draining, d.ID)
		}
		return m, nil
	})
}
