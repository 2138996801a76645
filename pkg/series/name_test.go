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
		strings.Repeat("x", MaxName+1):  strings.Repeat("x", 239) + "~",
		"x" + strings.Repeat("ü", 1000): "x" + strings.Repeat("ü", 119) + "~",
		strings.Repeat("€", 1000):       strings.Repeat("€", 79) + "~",
		strings.Repeat("𝄞", 65):         strings.Repeat("𝄞", 59) + "~",
	} {
		got := CutName(given)
		if len(given) > MaxName {
			require.LessOrEqual(t, len(got), MaxName)
			require.Regexp(t, "^"+want[:strings.Index(want, "~")]+"~[0-9a-f]{16}$", got)
		} else {
			require.Equal(t, want, got)
		}
		require.True(t, utf8.ValidString(got))
		require.Equal(t, got, CutName(got), "cutting twice changes nothing")
	}
	require.Equal(t, "\uFFFDabc", Cut("\xff\xfeabc", 128))
	require.Equal(t, "\uFFFD", Cut(strings.Repeat("\xff", 1<<20), 4))
	require.LessOrEqual(t, len(Cut(strings.Repeat("a\xff", 1000), 100)), 100)
}

func TestNamesThatAreCutStayDifferent(t *testing.T) {
	for _, length := range []int{MaxName - 1, MaxName, MaxText, 5000, 1 << 20} {
		for _, character := range []string{"x", "ü"} {
			same := strings.Repeat(character, length/len(character))
			names := map[string]bool{}
			for _, end := range []string{"0", "1", "2", ""} {
				name := CutName(same + end)
				require.LessOrEqual(t, len(name), MaxName)
				require.Equal(t, name, CutName(CutText(same+end)), "whether decoding cut it before makes no difference")
				names[name] = true
			}
			require.Len(t, names, 4)
		}
	}
}
