package catalogue

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryExporterSeriesAnswersOrSaysWhatDoes reads the list of mesos_exporter's
// series, which was made from its source and not from this catalogue.
func TestEveryExporterSeriesAnswersOrSaysWhatDoes(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "exporter-series.json"))
	require.NoError(t, err)
	var names []string
	require.NoError(t, json.Unmarshal(data, &names))
	require.Greater(t, len(names), 100)
	for _, name := range names {
		if strings.HasPrefix(name, "mesos_overlay_") {
			continue // of a module: its keys are unknown, and become series with these names
		}
		_, own := Lookup(name)
		alias, known := LookupAlias(name)
		require.True(t, own != known, "%s: own %v, alias %v", name, own, known)
		if known {
			require.True(t, len(alias.Parts) > 0 || alias.Instead != "", name)
		}
	}
}

func TestAliasesReadSeriesThatThereAre(t *testing.T) {
	for _, a := range Aliases() {
		_, own := Lookup(a.Name)
		require.False(t, own, a.Name)
		for _, p := range a.Parts {
			require.NotEmpty(t, p.Terms, a.Name)
			require.Positive(t, p.Factor, a.Name)
			for _, term := range p.Terms {
				s, ok := Lookup(term.Series)
				require.True(t, ok, "%s reads %s", a.Name, term.Series)
				if a.By == "" {
					require.Equal(t, a.Type == Counter, s.Type == Counter, "%s reads %s", a.Name, s.Name)
				}
				for label := range term.Match {
					require.Contains(t, s.Labels, label, a.Name)
				}
			}
		}
	}
}

func TestAliasesKeepTheUnitThatTheNamePromises(t *testing.T) {
	const mb = 1.0 / 1048576
	for name, factors := range map[string]map[string]float64{
		"mesos_master_mem":                            {"free": mb, "percent": 1, "total": mb, "used": mb},
		"mesos_slave_mem":                             {"free": mb, "percent": 1, "total": mb, "used": mb},
		"mesos_slave_mem_bytes":                       {"": 1}, // the exporter's are 1/1024 of it
		"mesos_slave_mem_unreserved_bytes":            {"": 1},
		"mesos_master_mem_total":                      {"": mb}, // DC/OS
		"mesos_slave_disk_revocable_used":             {"": mb},
		"mesos_master_cpus":                           {"free": 1, "percent": 1, "total": 1, "used": 1},
		"mesos_registrar_state_fetch_ms":              {"": 1000},
		"mesos_master_uptime_secs":                    {"": 1},
		"mesos_slave_uptime_seconds":                  {"": 1},
		"mesos_allocator_mesos_allocation_run_ms_p99": {"": 1000},
		"mem_rss_bytes":                               {"": 1},
	} {
		a, ok := LookupAlias(name)
		require.True(t, ok, name)
		got := map[string]float64{}
		for _, p := range a.Parts {
			got[p.Value] = p.Factor
		}
		require.InDeltaMapValues(t, factors, got, 1e-12, name)
	}
}
