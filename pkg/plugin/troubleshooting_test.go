package plugin

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
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

// docs/troubleshooting.md has tables of messages by what they have in them. These tests
// keep the tables and the messages in the source the same: each message that is for users
// is in a row, and each row has parts of messages that there are.

// told are the packages whose messages users see, in panels, alerts and Save & test.
var told = []string{
	"../mesos", "../samples", "../collector", "../series", ".",
	"../query", "../promql", "../tables", "../events", "../events/sqlite",
	"../history", "../history/memory", "../history/disk", "../history/disk/repair", "../history/remote",
	"../lease", "../zookeeper",
}

// makes are the functions whose texts are messages as a whole, also where they do not
// advise.
var makes = []string{"bad", "info", "warning", "r.notice", "requestError"}

// describes are what has texts that are no messages: the help of tables, of functions and
// of measures, and statements of SQL.
var describes = []string{"textOf", "amounts", "timeOf", "limits", "literal", "c.exec", "c.rows"}

// otherTexts are files with texts that are no messages: what events are called, the help
// of metrics, which is in docs/operations.md, and the help of columns and functions.
var otherTexts = []string{"own_metrics.go", "events_text.go"}

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
	". %s, the first: %s", ". Warning about the history: ", ". Warning about the event log: ",
	// what versions of Mesos lack, which is listed under "Mesos versions"
	"reservations, quota limit and consumed quota of roles;", "the event stream: what happens between", "what agents have allocated and reserved, as far",
	// answers to requests that no user makes
	"no resource %s %s",
	// wrapped around another message, or context that it is not shown without
	"settings of the data source: masters: %w", "settings of the data source: agents: %w", "settings of the data source: %w", "settings of the data source: jsonData is not a JSON object", "asking %s for %s: %w", "asking ZooKeeper for the masters: %w", "waiting for the master's answer: %w", "finding the name of the cluster: %w",
	"header %q %s (jsonData", "header %q for agents %s (jsonData", "header %q %s (secureJsonData", "header %q for agents %s (secureJsonData", "%s to read %s (403): %s (secureJsonData.%s).", "%s: this is DC/OS", "The other masters did not name a leader either: ",
	// examples and second halves of sentences about measured use that is not whole
	"%s of %s is %s.", "%s of %s is %s, ", "active ones are connected, and both pairs", "%s rose by %s in %s s.", ": a gap is shown instead. %s", "; its machine has %s CPUs", "Executor %s on agent %s: %s", "blkio_statistics has %s", "blkio_statistics rose by %s",
	"its log says why.", "Check what the principal may see.", "Look at the agent's --isolation.", "storing the samples of %s: %w",
	// what measures, columns and fields are, and statistics of a query
	"\"idle\" in the web UI.", "Quota limit less what counts against it.", "What counts against the quota", "Allocated / the cluster's capacity.", "May exceed 1.", "How many more tasks of the shape",
	"Events in the time range.", "Lines of the file by severity.", "Samples read (history: ", "it happened between this and the column time.", "It has not ended.",
	// what stands before or behind another message, which is in a row
	". One of them: ", ": a label of more than 16 MiB", ": its end is missing", "reading it failed: ", "compile a filter on ", "repair the ", "take late samples: ", "move samples to disk: ", "end the series that were open: ",
	// what is for the log only, or a mistake of the program
	"Closing the history failed;", "panic while ", "a chunk of %s is encoded as", "commit nothing: another batch", "the batch has ended: begin another",
	"The remote engine is behind:", "The local history lacks what the remote engine has", "The remote engine refuses samples for good;", "The remote engine takes no samples:", "What the remote engine has acknowledged",
	// configuration that Grafana's settings cannot have
	"a ZooKeeper address looks like",
}

// sourceText is a string literal of the source.
type sourceText struct {
	at string // file:line:column
	// in is the call, or the kind of node, that the text is for.
	in string
}

// isMessage reports whether users read t.
func (x sourceText) isMessage(t string) bool {
	if slices.Contains(makes, x.in) {
		return true
	}
	return advising.MatchString(t) && strings.Count(t, " ") >= 3 && !slices.Contains(describes, x.in)
}

// sourceTexts returns the string literals of the packages in told.
func sourceTexts(t *testing.T) map[string]sourceText {
	t.Helper()
	found := map[string]sourceText{}
	for _, dir := range told {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, dir)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || slices.Contains(otherTexts, filepath.Base(file)) {
				continue
			}
			set := token.NewFileSet()
			parsed, err := parser.ParseFile(set, file, nil, 0)
			require.NoError(t, err)
			var above []ast.Node
			ast.Inspect(parsed, func(node ast.Node) bool {
				if node == nil {
					above = above[:len(above)-1]
					return true
				}
				if _, isTag := node.(*ast.Field); isTag {
					return false
				}
				above = append(above, node)
				literal, ok := node.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				value, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				if strings.Count(value, " ") >= 2 && !strings.Contains(value, `\b`) {
					found[value] = sourceText{at: set.Position(literal.Pos()).String(), in: nearest(above[:len(above)-1], dir)}
				}
				return true
			})
		}
	}
	return found
}

// verb matches where a value is written into a message.
var verb = regexp.MustCompile(`%(?:\[\d+\])?[-+# 0]*(?:\.\d+)?[a-zA-Z]`)

// skeleton returns a message with … in place of each value, as the page has them.
func skeleton(message string) string {
	return strings.ReplaceAll(verb.ReplaceAllString(message, "…"), "%%", "%")
}

// nearest returns the name of the nearest call around a literal, or what else it is part of.
func nearest(above []ast.Node, dir string) string {
	for _, node := range slices.Backward(above) {
		switch node := node.(type) {
		case *ast.BinaryExpr, *ast.ParenExpr:
			continue
		case *ast.CallExpr:
			return types.ExprString(node.Fun)
		case *ast.CompositeLit, *ast.KeyValueExpr:
			if dir == "../tables" || strings.HasSuffix(dir, "sqlite") {
				return "literal"
			}
		}
		return ""
	}
	return ""
}

// partsOfThePage returns the code spans in the first column of the tables of messages.
func partsOfThePage(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(page), "\n## By message\n")
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

func TestEveryMessageIsInTroubleshooting(t *testing.T) {
	parts := partsOfThePage(t)
	all := sourceTexts(t)
	for _, message := range slices.Sorted(maps.Keys(all)) {
		has := func(part string) bool { return strings.Contains(skeleton(message), skeleton(part)) }
		if all[message].isMessage(message) && !slices.ContainsFunc(parts, has) && !slices.ContainsFunc(noMessages, has) {
			t.Errorf("%s: %q is in no row of \"By message\" in docs/troubleshooting.md", all[message].at, message)
		}
	}
}

func TestEveryRowOfTroubleshootingHasMessagesThatThereAre(t *testing.T) {
	parts := partsOfThePage(t)
	require.Greater(t, len(parts), 300)
	all := slices.Collect(maps.Keys(sourceTexts(t)))
	for _, part := range append(slices.Clone(parts), noMessages...) {
		if !slices.ContainsFunc(all, func(text string) bool { return strings.Contains(skeleton(text), skeleton(part)) }) {
			t.Errorf("no message has %q", part)
		}
	}
	seen := map[string]bool{}
	for _, part := range parts {
		require.False(t, seen[part], "%q is in two rows", part)
		seen[part] = true
	}
}
