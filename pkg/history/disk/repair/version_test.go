package repair

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersionIsThatOfGoMod(t *testing.T) {
	content, err := os.ReadFile("../../../../go.mod")
	require.NoError(t, err)
	required := regexp.MustCompile(`(?m)^\s*github\.com/prometheus/prometheus (\S+)`).FindSubmatch(content)
	require.NotNil(t, required, "go.mod does not require Prometheus: package repair is of no use")
	require.Equal(t, Version, string(required[1]), `go.mod names another version of Prometheus than package repair was written for:
compare the files that its Version lists, run "go test -run TestDamage ./pkg/history/disk", then change Version`)
}
