package display

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"", "abc"}: 3, {"filter", "filters"}: 1, {"kitten", "sitting"}: 3, {"same", "same"}: 0,
		{"agnet", "agent"}: 1, {"cuont", "count"}: 1, {"ab", "ba"}: 1, {"ca", "abc"}: 3,
	} {
		require.Equal(t, want, editDistance(pair[0], pair[1]))
		require.Equal(t, want, editDistance(pair[1], pair[0]))
	}
}

func TestTheNameThatWasMeantIsFound(t *testing.T) {
	known := []string{"agent", "agent_id", "framework", "groupBy", "=", "!="}
	for name, want := range map[string]string{
		"framwork": "framework", "agnet": "agent", "group_by": "groupBy", "fram": "framework",
		"zone": "", "x": "", "<": "", "~": "", "": "",
	} {
		require.Equal(t, want, Similar(name, known), name)
	}
	require.Equal(t, ` (did you mean "framework"?)`, DidYouMean("framwork", known))
	require.Empty(t, DidYouMean("zone", known))
}
