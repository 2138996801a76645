package tables

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// example is a statement in docs/sql.md and the table below it.
var example = regexp.MustCompile("(?s)```sql\n(.+?)\n```\n\n((?:\\|[^\n]*\n)+)")

// The examples of the documentation have the results that it says, which were written by hand
// from the recorded responses.
func TestExamplesOfTheDocumentationHaveTheirResults(t *testing.T) {
	raw, err := os.ReadFile("../../docs/sql.md")
	require.NoError(t, err)
	found := example.FindAllStringSubmatch(string(raw), -1)
	require.Greater(t, len(found), 20)
	require.Equal(t, strings.Count(string(raw), "```sql"), len(found), "an example without a result")
	v := recordedView(t, workload)
	for _, parts := range found {
		t.Run(parts[1], func(t *testing.T) {
			expanded, err := Expand(parts[1], now.Add(-time.Hour), now)
			require.NoError(t, err)
			result := ask(t, v, expanded.String())
			var header []string
			for _, c := range result.Columns {
				header = append(header, c.Name)
			}
			got := [][]string{header}
			for _, row := range answerRows(result) {
				cells := make([]string, len(row))
				for i, x := range row {
					switch x := x.(type) {
					case nil:
						cells[i] = "NULL"
					case float64:
						cells[i] = strconv.FormatFloat(x, 'g', 12, 64)
					case bool:
						cells[i] = strconv.FormatBool(x)
					case string:
						cells[i] = x
					}
				}
				got = append(got, cells)
			}
			var want [][]string
			for i, line := range strings.Split(strings.TrimSpace(parts[2]), "\n") {
				if i == 1 {
					continue // the rule below the header
				}
				cells := strings.Split(strings.Trim(line, "|"), "|")
				for k := range cells {
					cells[k] = strings.TrimSpace(cells[k])
				}
				want = append(want, cells)
			}
			require.Equal(t, want, got)
		})
	}
}
