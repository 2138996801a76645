package catalogue

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReferenceIsUpToDate(t *testing.T) {
	written, err := os.ReadFile(filepath.Join("..", "docs", "metrics.md"))
	require.NoError(t, err)
	require.Equal(t, Reference(), string(written), "docs/metrics.md is stale: npm run generate")
}

func TestTheTablesOfMigrationAreUpToDate(t *testing.T) {
	written, err := os.ReadFile(filepath.Join("..", "docs", "migration.md"))
	require.NoError(t, err)
	want, err := Migration(string(written))
	require.NoError(t, err)
	require.Equal(t, want, string(written), "docs/migration.md is stale: npm run generate")
	for _, a := range Aliases() {
		require.Contains(t, want, "| `"+a.Name+"` |")
	}
	_, err = Migration("no tables")
	require.Error(t, err)
}

func TestReferenceHasEverySeriesAndKeyOnce(t *testing.T) {
	doc := Reference()
	rows := func(cell string) int {
		return len(regexp.MustCompile("(?m)^\\| `"+regexp.QuoteMeta(cell)+"` \\|").FindAllString(doc, -1))
	}
	for _, s := range All() {
		require.Equal(t, 1, rows(s.Name), s.Name)
	}
	for origin, p := range loaded().patterns {
		for _, e := range p.entries {
			want := 1
			for _, other := range loaded().patterns { // system/* is both masters' and agents'
				if _, both := other.keys[e.text]; both && other != p {
					want = 2
				}
			}
			require.Equal(t, want, rows(e.text), "%s: %s", origin, e.text)
		}
	}
}
