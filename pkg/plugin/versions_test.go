package plugin

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
)

func TestSaveAndTestNamesWhatAnOldVersionLacks(t *testing.T) {
	for version, parts := range map[string][]string{
		"0.22.2": {"Mesos 0.22.2 does not tell everything", "what agents have allocated", "executors", "quota of roles", "ended tasks by framework"},
		"0.28.2": {"unreachable and recovered agents", "quota of roles"},
		"1.4.0":  {"reservations, quota limit and consumed quota of roles", "ended tasks by framework"},
	} {
		for _, part := range parts {
			require.Contains(t, versionLine(version), part, version)
		}
	}
	require.NotContains(t, versionLine("1.4.0"), "unreachable")
	require.NotContains(t, versionLine("0.28.2"), "executors")
	for _, version := range []string{"1.9.0", "1.12.0", "", "nonsense"} {
		require.Empty(t, versionLine(version), version)
	}
	require.Contains(t, verbose(StatusAnswer{Status: collector.Status{Version: "0.28.2"}}), versionLine("0.28.2"))
}

// The guide lists the same releases, and each of them is the first with some series or is
// explained there.
func TestTheGuideListsWhatVersionsLack(t *testing.T) {
	guide, err := os.ReadFile("../../docs/guide.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(guide), "\n## Mesos versions\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	for _, u := range untold {
		require.Contains(t, section, "- **Before "+strings.TrimSuffix(u.since, ".0")+"**")
	}
	listed := map[string]bool{}
	for _, u := range untold {
		listed[u.since] = true
	}
	for _, s := range catalogue.All() {
		if catalogue.Older("0.19.0", s.Since) && (strings.HasPrefix(s.Source, "/state") || strings.HasPrefix(s.Source, "/roles")) && s.Resource != "gpus" {
			require.True(t, listed[s.Since], "%s is since %s", s.Name, s.Since)
		}
	}
}
