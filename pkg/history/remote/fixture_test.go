package remote

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"
)

// ChildMain is the main function of a process that kill_test.go starts and kills.
var ChildMain func() int

// ChildURL is the environment variable that makes the test's executable such a process.
const ChildURL = "REMOTE_TEST_URL"

func TestMain(m *testing.M) {
	if os.Getenv(ChildURL) != "" {
		os.Exit(ChildMain())
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

// open returns a store in front of a target, and its clock, which shows the real time.
func open(t *testing.T, target Target, with ...func(*Options)) (*Store, *historytest.Clock) {
	t.Helper()
	clock := historytest.NewClockAt(time.Now().Add(-40 * time.Minute).Truncate(time.Second))
	o := Options{Local: memory.New(memory.Options{Now: clock.Now}), Target: target, Now: clock.Now, Cluster: "c", backOff: 5 * time.Millisecond}
	for _, f := range with {
		f(&o)
	}
	s := New(o)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, clock
}

// settled waits until the engine has taken or refused everything.
func settled(t *testing.T, s *Store) {
	t.Helper()
	require.Eventually(t, func() bool { return s.Remote().Oldest.IsZero() }, 30*time.Second, time.Millisecond, "%+v", s.Remote())
}
