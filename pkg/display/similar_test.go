package display

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEditDistance(t *testing.T) {
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"", "abc"}: 3, {"filter", "filters"}: 1, {"kitten", "sitting"}: 3, {"same", "same"}: 0,
	} {
		require.Equal(t, want, editDistance(pair[0], pair[1]))
		require.Equal(t, want, editDistance(pair[1], pair[0]))
	}
}
