package mesos

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func TestTheMaintenanceScheduleOfTheRecordings(t *testing.T) {
	agent1 := Machine{Hostname: "agent1.fixture.test", IP: "127.0.0.1"}
	agent9 := Machine{Hostname: "agent9.fixture.test", IP: "127.0.0.1"}
	windows := []MaintenanceWindow{ // what was sent to the master, see the recording of the POST
		{Machines: []Machine{agent1}, Start: time.Date(2026, 11, 21, 7, 46, 45, 780_627_169, time.UTC), Duration: time.Hour},
		{Machines: []Machine{agent9}, Start: time.Date(2026, 11, 22, 7, 45, 45, 780_627_169, time.UTC)},
	}
	for prefix, want := range map[string]Maintenance{
		"scheduled-": {Windows: windows, Draining: []Machine{agent9, agent1}},
		"down-":      {Windows: windows, Draining: []Machine{agent9}, Down: []Machine{agent1}},
	} {
		cluster := replay(t, "11-maintenance", prefix)
		cluster.Handle(mesostest.Master, "/redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "//"+cluster.Address(mesostest.Master))
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		got, err := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master)}}).Maintenance(t.Context())
		require.NoError(t, err)
		require.Equal(t, cluster.Address(mesostest.Master), got.Target)
		require.False(t, got.Sent.IsZero())
		got.Answer = Answer{}
		require.Equal(t, want, *got, prefix)
	}
}

func TestWhereNothingIsPlannedOneRequestIsSent(t *testing.T) {
	cluster := replay(t, "03-workload")
	client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master)}})
	got, err := client.Maintenance(t.Context())
	require.NoError(t, err)
	require.Empty(t, got.Windows)
	require.Equal(t, 1, cluster.Count("", "/maintenance/schedule"))
	require.Zero(t, cluster.Count("", "/maintenance/status"))
}

func TestMaintenanceIsAskedOfTheLeader(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	cluster.Handle(mesostest.Master, "/maintenance/schedule", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") })
	client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master2)}})
	_, err := client.Maintenance(t.Context())
	require.NoError(t, err)
	require.Zero(t, cluster.Count(mesostest.Master2, "/maintenance/schedule"))
}

func TestMaintenanceThatCannotBeReadIsAnError(t *testing.T) {
	const planned = `{"windows":[{"machine_ids":[{"ip":"10.0.0.1"}],"unavailability":{"start":{"nanoseconds":1}}}]}`
	for name, c := range map[string]struct {
		schedule, status string
		category         Category
		says             string
	}{
		"of another type":  {`{"windows":{}}`, `{}`, Protocol, "/maintenance/schedule"},
		"half":             {planned[:60], `{}`, Protocol, "/maintenance/schedule"},
		"status is broken": {planned, `[]`, NotMesos, "/maintenance/status"},
	} {
		cluster := replay(t, "03-workload")
		cluster.Handle(mesostest.Master, "/maintenance/schedule", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.schedule) })
		cluster.Handle(mesostest.Master, "/maintenance/status", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.status) })
		_, err := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master)}}).Maintenance(t.Context())
		require.ErrorContains(t, err, c.says, name)
		require.Equal(t, c.category, CategoryOf(err), "%s: %v", name, err)
	}

	old := replay(t, "03-workload")
	old.Handle(mesostest.Master, "/maintenance/schedule", http.NotFound)
	_, err := newClient(t, Config{Masters: []string{old.URL(mesostest.Master)}}).Maintenance(t.Context())
	require.ErrorContains(t, err, "has no /maintenance/schedule (404): maintenance windows are missing. Mesos has them since 0.25.")
	require.False(t, strings.Contains(err.Error(), "not a Mesos master"))
}
