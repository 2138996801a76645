package plugin

import (
	"fmt"
	"strings"

	"community-mesos-datasource/catalogue"
)

// untold is what masters before a release do not tell, by the release, the newest first.
// docs/guide.md has the same under "Mesos versions".
var untold = []struct{ since, what string }{
	{"1.9.0", "reservations, quota limit and consumed quota of roles; which agents are deactivated and drained"},
	{"1.7.0", "ended tasks by framework"},
	{"1.3.0", "quota of roles"},
	{"1.2.0", "unreachable and recovered agents, unreachable tasks"},
	{"1.1.0", "the event stream: what happens between two polls, reasons and messages of tasks"},
	{"0.28.0", "which tasks are being killed"},
	{"0.26.0", "health of tasks, versions of agents"},
	{"0.23.0", "what agents have allocated and reserved, as far as it is not that of tasks; executors; revocable resources"},
	{"0.22.0", "which listed agents are connected"},
}

// versionLine returns what the version of a master does not tell; "" where that is
// nothing.
func versionLine(version string) string {
	var lacks []string
	for _, u := range untold {
		if catalogue.Older(version, u.since) {
			lacks = append(lacks, u.what)
		}
	}
	if len(lacks) == 0 {
		return ""
	}
	return fmt.Sprintf("Mesos %s does not tell everything that newer versions do. Missing, as gaps and never as 0: %s. See \"Mesos versions\" in docs/guide.md.", version, strings.Join(lacks, "; "))
}
