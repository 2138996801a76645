package plugin

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The guide has a table of messages by what they have in them. These tests keep the
// table and the messages in the source the same: each message that is for users is in a
// row, and each row has parts of messages that there are.

// told are the packages whose messages users see, in panels, alerts and Save & test.
var told = []string{"../mesos", "../samples", "../collector", "."}

// advising matches messages that say what is wrong and what to do: a sentence, or what
// stands before and behind a colon or semicolon.
var advising = regexp.MustCompile(`[:;] [a-z%]|\.$|: $`)

// noMessages are texts of the source that look like a message and are none: parts of
// messages that are always behind another one, what is logged or is not wrong, and
// mistakes of the program.
var noMessages = []string{
	// advice that is part of several messages
	"this is another web server, or a login before Mesos.", "httpHeaderName1: Authorization with", "agentHeaders: [Authorization] with",
	"write the masters' own addresses, or a token", "write the agents' own addresses (agentAddress), or a token", "5050 of a master where", "5050 is a master's where",
	"; use a name in the certificate", "); make it anew", "No secure connection to the %s at %s: %s.", "%w: write for example", "write it as a block in the provisioning file", "%s (%s): %s.", "set %s to true",
	"The answer of %s %s", "%s has no %s (404)%s: %s.", "%s), one of them: %s", "not a size: ", ": every %s", "%s: not asked yet", "agents: not asked yet", "Other masters: not asked yet",
	// what is found, or logged
	"Mesos %s, leader %s", "Collection begins with the first query", "Everybody who may query this data source sees", "agents: %d of %d answered", "; %d are not asked for some time", "; %d not asked for some time",
	"Polling stops: nobody", "Data source released: nobody", "History was not closed in time;", "The masters in the settings are those of another cluster", "The cluster %s is watched from here on",
	// warnings in Save & test that name what they are about, and are no errors
	"the principal may not see the whole cluster", "%d series are not kept", "are cut: look for what chooses", "the latest samples could not be stored", ". %s, the first: %s", ". Warning about the history: ", ". Warning about the event log: ", ". The principal sees part",
	// what versions of Mesos lack, which is listed under "Mesos versions"
	"reservations, quota limit and consumed quota of roles;", "what agents have allocated and reserved, as far",
	// answers to requests that no user makes
	"no resource %s %s", "the address has %d bytes", "the body ", "the request has %d queries", "the first poll of the cluster is still running",
	// wrapped around another message, or context that it is not shown without
	"settings of the data source: masters: %w", "settings of the data source: agents: %w", "settings of the data source: %w", "settings of the data source: jsonData is not a JSON object", "asking %s for %s: %w", "asking ZooKeeper for the masters: %w", "waiting for the master's answer: %w", "finding the name of the cluster: %w",
	"header %q %s (jsonData", "header %q for agents %s (jsonData", "header %q %s (secureJsonData", "header %q for agents %s (secureJsonData", "%s to read %s (403): %s (secureJsonData.%s).", "%s: this is DC/OS", "The other masters did not name a leader either: ",
	// examples and second halves of sentences about measured use that is not whole
	"%s of %s is %s.", "%s of %s is %s, ", "active ones are connected, and both pairs", "%s rose by %s in %s s.", ": a gap is shown instead. %s", "; its machine has %s CPUs", "Executor %s on agent %s: %s", "blkio_statistics has %s", "blkio_statistics rose by %s",
	"its log says why.", "Check what the principal may see.", "Look at the agent's --isolation.", "storing the samples of %s: %w",
	// configuration that Grafana's settings cannot have
	"a ZooKeeper address looks like",
}

// messages returns the texts of string literals in the packages that advise, by where
// they are.
func messages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range told {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == "own_metrics.go" { // help of metrics, in docs/operations.md
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(parsed, func(node ast.Node) bool {
				if _, isTag := node.(*ast.Field); isTag {
					return false
				}
				literal, ok := node.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				if strings.Count(text, " ") >= 3 && !strings.Contains(text, `\b`) {
					found[text] = set.Position(literal.Pos()).String()
				}
				return true
			})
		}
	}
	return found
}

// partsInGuide returns the code spans in the first column of the guide's tables of
// messages.
func partsInGuide(t *testing.T) []string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/guide.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(guide), "\n### By message\n")
	require.True(t, found)
	section, _, found = strings.Cut(section, "\n## ")
	require.True(t, found)
	var parts []string
	for _, line := range strings.Split(section, "\n") {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		columns := strings.Split(strings.Trim(line, "|"), " | ")
		require.Len(t, columns, 3, "a message, its cause, and what to do: %s", line)
		for _, span := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(columns[0], -1) {
			parts = append(parts, span[1])
		}
		for _, column := range columns {
			require.NotEmpty(t, strings.TrimSpace(column), line)
		}
	}
	return parts
}

func TestEveryMessageIsInTheGuide(t *testing.T) {
	parts := partsInGuide(t)
	all := messages(t)
	for _, text := range slices.Sorted(maps.Keys(all)) {
		has := func(part string) bool { return strings.Contains(text, part) }
		if advising.MatchString(text) && !slices.ContainsFunc(parts, has) && !slices.ContainsFunc(noMessages, has) {
			t.Errorf("%s: %q is in no row of \"By message\" in docs/guide.md", all[text], text)
		}
	}
}

func TestEveryRowOfTheGuideHasMessagesThatThereAre(t *testing.T) {
	parts := partsInGuide(t)
	require.Greater(t, len(parts), 100)
	all := slices.Collect(maps.Keys(messages(t)))
	for _, part := range append(slices.Clone(parts), noMessages...) {
		if !slices.ContainsFunc(all, func(text string) bool { return strings.Contains(text, part) }) {
			t.Errorf("no message has %q", part)
		}
	}
	seen := map[string]bool{}
	for _, part := range parts {
		require.False(t, seen[part], "%q is in two rows", part)
		seen[part] = true
	}
}
