package series

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestNamesAreCutAtWholeCharacters(t *testing.T) {
	for given, want := range map[string]string{
		"":                              "",
		"marathon":                      "marathon",
		strings.Repeat("x", MaxName):    strings.Repeat("x", MaxName),
		strings.Repeat("x", 1<<20):      strings.Repeat("x", MaxName),
		"x" + strings.Repeat("ü", 1000): "x" + strings.Repeat("ü", 127),
		strings.Repeat("€", 1000):       strings.Repeat("€", 85),
		strings.Repeat("𝄞", 65):         strings.Repeat("𝄞", 64),
	} {
		got := CutName(given)
		require.Equal(t, want, got)
		require.True(t, utf8.ValidString(got))
		require.Equal(t, got, CutName(got), "cutting twice changes nothing")
	}
	require.Equal(t, "\uFFFDabc", Cut("\xff\xfeabc", 128))
	require.Equal(t, "\uFFFD", Cut(strings.Repeat("\xff", 1<<20), 4))
	require.LessOrEqual(t, len(Cut(strings.Repeat("a\xff", 1000), 100)), 100)
}
