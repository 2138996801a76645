package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/mesos"
)

func TestMaintenanceBeginsAndEnds(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 21, 8, minute, 0, 0, time.UTC) }
	a, b := mesos.Machine{Hostname: "a.example", IP: "10.0.0.1"}, mesos.Machine{IP: "10.0.0.2"}
	window := func(start, minutes int, machines ...mesos.Machine) mesos.MaintenanceWindow {
		return mesos.MaintenanceWindow{Machines: machines, Start: at(start), Duration: time.Duration(minutes) * time.Minute}
	}
	look := func(minute int, windows []mesos.MaintenanceWindow, down ...mesos.Machine) *mesos.Maintenance {
		m := &mesos.Maintenance{Windows: windows, Down: down}
		m.Sent = at(minute)
		return m
	}
	planned := []mesos.MaintenanceWindow{window(10, 20, a), window(15, 0, b)} // b's without an end
	type told struct {
		machine         string
		what            events.What
		time, notBefore int // minutes; notBefore -1: Mesos tells the time
	}
	for name, c := range map[string]struct {
		before, after *mesos.Maintenance
		want          []told
	}{
		"nothing is planned":                     {look(0, nil), look(1, nil), nil},
		"planned, and nothing happened yet":      {look(0, nil), look(5, planned), nil},
		"as planned":                             {look(0, planned), look(12, planned), []told{{"a.example", events.WindowBegan, 10, -1}}},
		"two begin":                              {look(0, planned), look(15, planned), []told{{"a.example", events.WindowBegan, 10, -1}, {"10.0.0.2", events.WindowBegan, 15, -1}}},
		"under way when it is looked first":      {nil, look(12, planned), []told{{"a.example", events.WindowBegan, 10, -1}}},
		"down when it is looked first":           {nil, look(5, planned, a), nil},
		"under way at both looks":                {look(11, planned), look(12, planned), nil},
		"declared down before the window":        {look(0, planned), look(5, planned, a), []told{{"a.example", events.WindowBegan, 5, 0}}},
		"the window begins while it is down":     {look(5, planned, a), look(12, planned, a), nil},
		"the window ends":                        {look(12, planned), look(31, planned), []told{{"10.0.0.2", events.WindowBegan, 15, -1}, {"a.example", events.WindowEnded, 30, -1}}},
		"it is down after the end of its window": {look(29, planned, a), look(31, planned, a), nil},
		"brought up before the end":              {look(20, planned, a), look(22, planned[1:]), []told{{"a.example", events.WindowEnded, 22, 20}}},
		"brought up after the end":               {look(40, planned, a), look(42, planned[1:]), []told{{"a.example", events.WindowEnded, 42, 40}}},
		"it passes between two looks":            {look(0, planned[:1]), look(50, planned[:1]), []told{{"a.example", events.WindowBegan, 10, -1}, {"a.example", events.WindowEnded, 30, -1}}},
		"removed between two looks":              {look(0, planned[:1]), look(50, nil), nil}, // not known whether it began
		"planned late for a time that has begun": {look(12, nil), look(14, planned), []told{{"a.example", events.WindowBegan, 14, 12}}},
		"put off while it is under way":          {look(12, planned[:1]), look(14, []mesos.MaintenanceWindow{window(40, 20, a)}), []told{{"a.example", events.WindowEnded, 14, 12}}},
	} {
		var got []told
		for _, e := range Maintained(c.before, c.after) {
			one := told{e.Agent, e.What, int(e.Time.Sub(at(0)).Minutes()), -1}
			if !e.NotBefore.IsZero() {
				one.notBefore = int(e.NotBefore.Sub(at(0)).Minutes())
			}
			got = append(got, one)
			require.Equal(t, events.KindMaintenance, e.Kind)
			key := map[string]string{"a.example": "maintenance/a.example/10.0.0.1", "10.0.0.2": "maintenance//10.0.0.2"}[e.Agent]
			require.Contains(t, e.ID, key+"/"+string(e.What)+"/")
			if e.What == events.WindowBegan {
				require.Equal(t, key, e.Opens)
				require.Empty(t, e.Closes)
			} else {
				require.Equal(t, []string{key}, e.Closes)
				require.Empty(t, e.Opens)
			}
		}
		require.Equal(t, c.want, got, name)
	}
	require.Nil(t, Maintained(look(0, planned), nil))

	open := Maintained(nil, look(16, planned)) // of both
	require.Len(t, open, 2)
	require.Empty(t, MaintenanceOver(open, look(29, planned)))
	over := MaintenanceOver(open, look(40, planned)) // a's window has passed, b's is without an end
	require.Len(t, over, 1)
	require.Equal(t, []any{"a.example", events.WindowEnded, at(30), time.Time{}, "", []string{open[0].Opens}},
		[]any{over[0].Agent, over[0].What, over[0].Time, over[0].NotBefore, over[0].Opens, over[0].Closes})
	over = MaintenanceOver(open, look(40, planned[:1], a)) // a is down, b was brought up
	require.Len(t, over, 1)
	require.Equal(t, []any{"10.0.0.2", at(40), at(15)}, []any{over[0].Agent, over[0].Time, over[0].NotBefore})
	require.NotEqual(t, open[1].ID, over[0].ID)
	open[1].End = at(20)
	require.Empty(t, MaintenanceOver(open, look(40, planned[:1], a)))

	begun := Maintained(nil, look(12, planned))[0]
	require.Equal(t, "The machine a.example is in maintenance, planned from 2026-11-21 08:10:00 UTC to 2026-11-21 08:30:00 UTC.", begun.Message)
	require.Equal(t, begun.ID, Maintained(look(0, planned), look(11, planned))[0].ID, "however it is learned, it is one event")
}

// A machine that is declared down, brought up, and declared down again within a window of one
// start is in maintenance twice.
func TestAMachineIsMaintainedTwiceInOneWindow(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 21, 8, minute, 0, 0, time.UTC) }
	a := mesos.Machine{Hostname: "a.example", IP: "10.0.0.1"}
	window := []mesos.MaintenanceWindow{{Machines: []mesos.Machine{a}, Start: at(10), Duration: 30 * time.Minute}}
	looks := []struct {
		minute  int
		windows []mesos.MaintenanceWindow
		down    []mesos.Machine
	}{{0, window, nil}, {5, window, []mesos.Machine{a}}, {12, window, []mesos.Machine{a}}, {15, nil, nil}, {20, window, []mesos.Machine{a}}, {25, nil, nil}, {30, window, nil}}
	log := sqlite.New(sqlite.Options{Now: func() time.Time { return at(59) }})
	t.Cleanup(func() { require.NoError(t, log.Close()) })
	var before *mesos.Maintenance
	for _, look := range looks {
		now := &mesos.Maintenance{Windows: look.windows, Down: look.down}
		now.Sent = at(look.minute)
		_, err := log.Append(t.Context(), Maintained(before, now))
		require.NoError(t, err)
		before = now
	}
	found, _, err := log.Select(t.Context(), events.Filter{Limit: 100})
	require.NoError(t, err)
	var regions [][2]int
	for _, e := range slices.Backward(found) {
		if e.What == events.WindowBegan {
			region := [2]int{e.Time.Minute(), -1}
			if !e.End.IsZero() {
				region[1] = e.End.Minute()
			}
			regions = append(regions, region)
		}
	}
	require.Equal(t, [][2]int{{5, 15}, {20, 25}, {30, -1}}, regions)
}
