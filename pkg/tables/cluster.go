package tables

import (
	"maps"
	"slices"
	"time"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// Master is a master of the cluster.
type Master struct {
	Address string // host:port
	Leading bool   // when it answered last
	Error   string // why it could not be read, "" where it could
}

// mastersTable is the table of masters.
var mastersTable = tableOf(Table{
	Name: "masters", Aliases: []string{"master"},
	Help: "Masters as they were last seen.",
}, func(v *View) things[Master] { return listed(v.Masters) }, []column[Master]{
	textOf("address", "host:port of the master", func(m Master) string { return m.Address }),
	{Column{"leading", Boolean, NoUnit, "Whether it leads; NULL where it does not answer"}, func(_ *View, m Master) value {
		if m.Error != "" {
			return null
		}
		return boolean(m.Leading)
	}},
	{Column{"up", Boolean, NoUnit, "Whether it answered when it was last asked"}, func(_ *View, m Master) value { return boolean(m.Error == "") }},
	textOf("error", "Why it did not answer", func(m Master) string { return m.Error }),
	ofLeader(Column{"version", Text, NoUnit, "Version of Mesos"}, func(c *cluster.Cluster) value { return text(c.Version) }),
	ofLeader(Column{"elected_time", Time, NoUnit, "When it was elected"}, func(c *cluster.Cluster) value { return unix(c.ElectedTime) }),
	ofLeader(Column{"start_time", Time, NoUnit, "When it started"}, func(c *cluster.Cluster) value { return unix(c.Leader.Started) }),
	ofLeader(Column{"hostname", Text, NoUnit, "Host name that it advertises"}, func(c *cluster.Cluster) value { return text(c.Leader.Hostname) }),
	ofLeader(Column{"build_time", Time, NoUnit, "When its Mesos was built"}, func(c *cluster.Cluster) value { return unix(c.Leader.Built) }),
	ofLeader(Column{"build_user", Text, NoUnit, "Who built it"}, func(c *cluster.Cluster) value { return text(c.Leader.BuildUser) }),
	ofLeader(Column{"git_sha", Text, NoUnit, "Commit that it was built of"}, func(c *cluster.Cluster) value { return text(c.Leader.GitSHA) }),
})

// ofLeader returns a column of masters that only the leader tells of itself.
func ofLeader(c Column, of func(*cluster.Cluster) value) column[Master] {
	c.Help += "; NULL but of the leader"
	return column[Master]{c, func(v *View, m Master) value {
		if !m.Leading {
			return null
		}
		return of(v.Cluster)
	}}
}

// flag is a flag of the leader.
type flag struct{ name, value string }

// flagsTable is the table of flags.
var flagsTable = tableOf(Table{
	Name: "flags", Aliases: []string{"flag"},
	Help: "Flags of the leader. What may be a secret is redacted.",
	unknown: func(v *View) string {
		if v.Cluster.Flags == nil {
			return "the leader does not tell its flags to this principal"
		}
		return ""
	},
}, func(v *View) things[flag] {
	var all []flag
	for _, name := range slices.Sorted(maps.Keys(v.Cluster.Flags)) {
		all = append(all, flag{name, v.Cluster.Flags[name]})
	}
	return listed(all)
}, []column[flag]{
	textOf("name", "Name of the flag", func(f flag) string { return f.name }),
	textOf("value", "Value of the flag, as text", func(f flag) string { return f.value }),
}, "name")

// window is the maintenance of one machine.
type window struct {
	machine    mesos.Machine
	start, end time.Time
	mode       string
}

// maintenanceTable is the table of maintenance.
var maintenanceTable = tableOf(Table{
	Name: "maintenance",
	Help: "Machines that are in the maintenance schedule, or declared down.",
	unknown: func(v *View) string {
		switch {
		case v.Maintenance != nil:
			return ""
		case catalogue.Older(v.Cluster.Version, "0.25.0"):
			return "the master has no maintenance schedule: Mesos has one since 0.25"
		default:
			return "the maintenance schedule has not been read"
		}
	},
}, func(v *View) things[window] { return listed(windowsOf(v.Maintenance)) }, []column[window]{
	textOf("hostname", "Host name of the machine", func(w window) string { return w.machine.Hostname }),
	textOf("ip", "Address of the machine", func(w window) string { return w.machine.IP }),
	textOf("mode", "up, draining or down, as the master has it", func(w window) string { return w.mode }),
	{Column{"start_time", Time, NoUnit, "When its window begins; NULL outside of the schedule"}, func(_ *View, w window) value { return moment(w.start) }},
	{Column{"end_time", Time, NoUnit, "When its window ends; NULL where it has no end"}, func(_ *View, w window) value { return moment(w.end) }},
})

// windowsOf returns the machines of a schedule in its order, then those that are down
// outside of it.
func windowsOf(m *mesos.Maintenance) []window {
	if m == nil {
		return nil
	}
	mode := func(machine mesos.Machine) string {
		switch {
		case slices.Contains(m.Down, machine):
			return "down"
		case slices.Contains(m.Draining, machine):
			return "draining"
		}
		return "up"
	}
	var all []window
	planned := map[mesos.Machine]bool{}
	for _, w := range m.Windows {
		for _, machine := range w.Machines {
			one := window{machine: machine, start: w.Start, mode: mode(machine)}
			if w.Duration > 0 {
				one.end = w.Start.Add(w.Duration)
			}
			all = append(all, one)
			planned[machine] = true
		}
	}
	for _, machine := range m.Down {
		if !planned[machine] {
			all = append(all, window{machine: machine, mode: "down"})
		}
	}
	return all
}

// eventsTable is the table of events.
var eventsTable = tableOf(Table{
	Name: "events", Aliases: []string{"event"},
	Help:    "Events of the time range, the newest first. Of more than the log answers at once the oldest are missing, which is an error.",
	unknown: func(v *View) string { return v.eventsUnknown() },
}, func(v *View) things[*events.Event] { return pointed(v.listEvents()) }, func() []column[*events.Event] {
	all := []column[*events.Event]{
		{Column{"time", Time, NoUnit, "When it happened"}, func(_ *View, e *events.Event) value { return moment(e.Time) }},
	}
	for _, field := range events.Fields {
		all = append(all, textOf(string(field), eventHelp[field], func(e *events.Event) string { return e.Get(field) }))
	}
	return append(all,
		column[*events.Event]{Column{"labels", JSON, NoUnit, "Labels of the task that the setting taskLabels names, as an object"}, func(_ *View, e *events.Event) value {
			names := slices.Sorted(maps.Keys(e.Labels))
			return object(len(names), func(i int) (string, string) { return names[i], e.Labels[names[i]] })
		}},
		column[*events.Event]{Column{"end_time", Time, NoUnit, "When it ended, of an event that lasts; NULL where it has not"}, func(_ *View, e *events.Event) value { return moment(e.End) }},
		column[*events.Event]{Column{"not_before", Time, NoUnit, "Where Mesos does not give the time: it happened between this and time. Of a new leader: when the one before answered last"}, func(_ *View, e *events.Event) value { return moment(e.NotBefore) }},
		textOf("event_id", "ID of the event", func(e *events.Event) string { return e.ID }),
	)
}())

var eventHelp = map[events.Field]string{
	events.FieldKind:        "task, agent, framework, master, maintenance or collection",
	events.FieldEvent:       "What happened: running, failed, lost, added, removed, ...",
	events.FieldSeverity:    "info, warning or error",
	events.FieldAgent:       "Host name of the agent",
	events.FieldAgentID:     "ID of the agent",
	events.FieldFramework:   "Name of the framework",
	events.FieldFrameworkID: "ID of the framework",
	events.FieldRole:        "Role",
	events.FieldTask:        "Name of the task",
	events.FieldTaskID:      "ID of the task",
	events.FieldReason:      "Reason of the status, such as executor_terminated",
	events.FieldSource:      "Who made the status: executor, agent or master",
	events.FieldMessage:     "Message of the status, or a sentence",
	events.FieldCluster:     "Name of the cluster",
}
