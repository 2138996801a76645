package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// Maintained returns which machines went into maintenance, and which came back, between
// two answers of the leader, oldest first. Without one before, it returns the windows
// that are under way: their schedule tells when they began.
//
// A machine is in maintenance during its window, and while an operator has declared it
// down, also before its window and after it. When it was declared down or brought up
// again lies between the two answers.
func Maintained(before, after *mesos.Maintenance) []events.Event {
	if after == nil {
		return nil
	}
	m := maintaining{to: after.Sent}
	now := maintainedMachines(after)
	was := map[mesos.Machine]maintained{}
	if before != nil {
		m.from, was = before.Sent, maintainedMachines(before)
	}
	for machine, w := range now {
		m.machine(machine, was[machine], w)
	}
	for machine, w := range was {
		if _, planned := now[machine]; !planned && w.underWay(m.from) {
			m.add(machine, w, events.WindowEnded, moment{m.to, m.from})
		}
	}
	slices.SortFunc(m.all, func(a, b events.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return m.all
}

// MaintenanceOver returns that what these events opened has ended, of those of them that
// are not under way in an answer of the leader: it ended while nobody looked.
func MaintenanceOver(open []events.Event, now *mesos.Maintenance) []events.Event {
	machines := maintainedMachines(now)
	byKey := map[string]mesos.Machine{}
	for machine := range machines {
		byKey[maintenanceKey(machine)] = machine
	}
	var over []events.Event
	for _, e := range open {
		if e.Kind != events.KindMaintenance || e.Opens == "" || !e.End.IsZero() {
			continue
		}
		machine, planned := byKey[e.Opens]
		w := machines[machine]
		if planned && w.underWay(now.Sent) {
			continue
		}
		m := maintaining{from: e.Time, to: now.Sent}
		when := moment{m.to, m.from}
		if planned {
			when = m.when(w.end)
		}
		ended := e
		ended.ID, ended.What = e.ID+"/"+string(events.WindowEnded), events.WindowEnded
		ended.Time, ended.NotBefore = when.time, when.notBefore
		ended.Opens, ended.Closes = "", []string{e.Opens}
		ended.Message = maintenanceEnded(e.Agent)
		over = append(over, ended)
	}
	return over
}

// MaintenanceGoesOn returns events without those that open what one of open has opened, and
// nothing has ended: when a machine was declared down is not known from one answer.
func MaintenanceGoesOn(open, all []events.Event) []events.Event {
	opened := map[string]bool{}
	for _, e := range open {
		opened[e.Opens] = e.Opens != "" && e.End.IsZero()
	}
	return slices.DeleteFunc(all, func(e events.Event) bool { return opened[e.Opens] })
}

func maintenanceKey(m mesos.Machine) string { return identity("maintenance", m.Hostname, m.IP) }

func maintenanceEnded(name string) string {
	return fmt.Sprintf("The maintenance of the machine %s ended.", name)
}

// maintained is the maintenance of a machine, which is in one window at most.
type maintained struct {
	start, end time.Time // zero: without an end, or (both) in no window
	down       bool
}

func maintainedMachines(m *mesos.Maintenance) map[mesos.Machine]maintained {
	all := map[mesos.Machine]maintained{}
	for _, w := range m.Windows {
		one := maintained{start: w.Start}
		if w.Duration > 0 {
			one.end = w.Start.Add(w.Duration)
		}
		for _, machine := range w.Machines {
			all[machine] = one
		}
	}
	for _, machine := range m.Down {
		one := all[machine]
		one.down = true
		all[machine] = one
	}
	return all
}

// underWay reports whether the machine is in maintenance at a moment.
func (m maintained) underWay(at time.Time) bool {
	planned := !m.start.IsZero() && !m.start.After(at) && (m.end.IsZero() || m.end.After(at))
	return m.down || planned
}

// maintaining makes events of what lies between two moments; from is zero where there is
// no first one.
type maintaining struct {
	from, to time.Time
	all      []events.Event
}

// machine tells what happened to a machine that the later answer has.
func (m *maintaining) machine(machine mesos.Machine, was, is maintained) {
	began := !m.from.IsZero() && was.underWay(m.from)
	goesOn := is.underWay(m.to)
	passed := was.start.Equal(is.start) && was.end.Equal(is.end) && m.between(is.start) && m.between(is.end)
	switch {
	case !began && goesOn && m.from.IsZero():
		if !is.start.IsZero() && !is.start.After(m.to) {
			m.add(machine, is, events.WindowBegan, moment{time: is.start})
		}
	case !began && goesOn:
		m.add(machine, is, events.WindowBegan, m.when(is.start))
	case began && !goesOn:
		m.add(machine, was, events.WindowEnded, m.when(is.end))
	case !began && passed: // it was planned before, and has not been removed since
		m.add(machine, is, events.WindowBegan, moment{time: is.start})
		m.add(machine, is, events.WindowEnded, moment{time: is.end})
	}
}

func (m *maintaining) between(t time.Time) bool { return t.After(m.from) && !t.After(m.to) }

// when returns the planned moment where it lies between the two answers.
func (m *maintaining) when(planned time.Time) moment {
	if m.between(planned) {
		return moment{time: planned}
	}
	return moment{m.to, m.from}
}

func (m *maintaining) add(machine mesos.Machine, w maintained, what events.What, when moment) {
	name := cmp.Or(machine.Hostname, machine.IP)
	key := maintenanceKey(machine)
	turn := w.start
	if !when.notBefore.IsZero() { // a machine may be in maintenance several times in one window
		turn = when.time
	}
	e := events.Event{
		ID:        identity(key, string(what), micros(unixSeconds(turn))),
		Kind:      events.KindMaintenance,
		What:      what,
		Time:      when.time,
		NotBefore: when.notBefore,
		Severity:  SeverityOf(events.KindMaintenance, what),
		Agent:     name,
	}
	if what == events.WindowEnded {
		e.Closes = []string{key}
		e.Message = maintenanceEnded(name)
	} else {
		e.Opens = key
		e.Message = fmt.Sprintf("The machine %s is in maintenance%s.", name, w.planned())
	}
	m.all = append(m.all, e)
}

func (m maintained) planned() string {
	const written = "2006-01-02 15:04:05 UTC"
	switch {
	case m.start.IsZero():
		return ""
	case m.end.IsZero():
		return fmt.Sprintf(", planned from %s on", m.start.Format(written))
	}
	return fmt.Sprintf(", planned from %s to %s", m.start.Format(written), m.end.Format(written))
}
