package plugin

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets this binary be two programs: the tests, which must leave no
// goroutine behind, and, where the environment says so, a parent of the
// plugin's process.
func TestMain(m *testing.M) {
	if executable := os.Getenv(playParent); executable != "" {
		os.Exit(beParent(executable))
	}
	goleak.VerifyTestMain(m)
}
