package zookeepertest

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An Ensemble is several servers of ZooKeeper, of which a majority must run.
type Ensemble struct {
	Servers []*Server

	t testing.TB
}

// StartEnsemble starts so many servers, and stops them when the test ends.
func StartEnsemble(t testing.TB, size int) *Ensemble {
	t.Helper()
	e := &Ensemble{t: t}
	var all strings.Builder
	// A virtual machine of Java may take some seconds to start, which is many ticks.
	fmt.Fprintf(&all, "initLimit=%d\nsyncLimit=%d\n", 30*time.Second/Tick, 5)
	for i := range size {
		s := newServer(t, "org.apache.zookeeper.server.quorum.QuorumPeerMain")
		s.write("myid", fmt.Sprintln(i+1))
		_, election, err := net.SplitHostPort(freeAddress(t))
		require.NoError(t, err)
		fmt.Fprintf(&all, "server.%d=%s:%s;%s\n", i+1, freeAddress(t), election, s.Address)
		e.Servers = append(e.Servers, s)
	}
	for _, s := range e.Servers {
		s.configure(all.String())
		s.launch()
		t.Cleanup(s.Stop)
	}
	for _, s := range e.Servers {
		s.await()
	}
	return e
}

// Address returns the addresses of all servers, as host:port,host:port.
func (e *Ensemble) Address() string {
	var all []string
	for _, s := range e.Servers {
		all = append(all, s.Address)
	}
	return strings.Join(all, ",")
}

// Leader waits until one of the servers leads, and returns it.
func (e *Ensemble) Leader() *Server {
	e.t.Helper()
	at := -1
	require.Eventually(e.t, func() bool {
		at = slices.IndexFunc(e.Servers, func(s *Server) bool { return strings.Contains(s.says("srvr"), "Mode: leader") })
		return at >= 0
	}, time.Minute, 20*time.Millisecond, "no server leads")
	return e.Servers[at]
}

// says returns the answer to a command of four letters, "" for none.
func (s *Server) says(command string) string {
	conn, err := net.DialTimeout("tcp", s.Address, time.Second)
	if err != nil {
		return ""
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(conn, command); err != nil {
		return ""
	}
	answer, _ := io.ReadAll(conn) // a part is as good
	return string(answer)
}
