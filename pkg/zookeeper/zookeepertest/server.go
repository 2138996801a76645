// Package zookeepertest starts real servers of ZooKeeper for tests: that of Debian's package
// zookeeper, or an unpacked distribution whose bin is on the PATH. They take java.
// Without them the test is skipped.
package zookeepertest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/zookeeper"
)

// classPath is where the server's classes are; "" where there are none.
func classPath() string {
	if script, err := exec.LookPath("zkServer.sh"); err == nil {
		return filepath.Join(filepath.Dir(script), "..", "lib", "*")
	}
	const debian = "/usr/share/java/zookeeper.jar" // names all it needs in its manifest
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	return ""
}

// A Server is a server of ZooKeeper with its data in a directory of the test.
type Server struct {
	Address string // host:port

	t       testing.TB
	dir     string
	java    string
	classes string
	main    string // the class
	process *exec.Cmd
	exited  chan struct{}
}

// Tick is the server's tickTime: sessions end in multiples of it, and their time-outs are 2
// to 20 of it.
const Tick = 200 * time.Millisecond

// Start starts a server, with these lines in its configuration, and stops it when the test ends.
func Start(t testing.TB, lines ...string) *Server {
	t.Helper()
	s := newServer(t, "org.apache.zookeeper.server.ZooKeeperServerMain")
	_, port, err := net.SplitHostPort(s.Address)
	require.NoError(t, err)
	s.configure("clientPort=" + port + "\nclientPortAddress=127.0.0.1\n" + strings.Join(lines, "\n"))
	t.Cleanup(s.Stop)
	s.Start()
	return s
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer free.Close()
	return free.Addr().String()
}

// newServer returns a server that was not started, or skips the test.
func newServer(t testing.TB, main string) *Server {
	t.Helper()
	classes := classPath()
	java, err := exec.LookPath("java")
	if classes == "" || err != nil {
		t.Skip("there is no ZooKeeper to test with: install java and Debian's package zookeeper, or put a distribution's bin on the PATH")
	}
	return &Server{t: t, Address: freeAddress(t), dir: t.TempDir(), java: java, classes: classes, main: main}
}

// configure writes the settings, and those given.
func (s *Server) configure(settings string) {
	s.t.Helper()
	s.write("zoo.cfg", fmt.Sprintf("tickTime=%d\ndataDir=%s\nadmin.enableServer=false\n%s", Tick.Milliseconds(), s.dir, settings))
}

func (s *Server) write(name, content string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600))
}

// Start starts a server that was stopped, with the data that it had, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.launch()
	s.await()
}

func (s *Server) launch() {
	s.t.Helper()
	s.process = exec.Command(s.java, "-Xmx128m", "-cp", s.classes, s.main, filepath.Join(s.dir, "zoo.cfg"))
	log, err := os.Create(s.log())
	require.NoError(s.t, err)
	s.process.Dir, s.process.Stdout, s.process.Stderr = s.dir, log, log
	require.NoError(s.t, s.process.Start())
	exited, process := make(chan struct{}), s.process
	s.exited = exited
	go func() {
		defer close(exited)
		_ = process.Wait() // it is killed
		log.Close()
	}()
}

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

// mostLaunches is how often a server is started that ends at once.
const mostLaunches = 5

// await waits until the server answers.
func (s *Server) await() {
	s.t.Helper()
	deadline, launches := time.Now().Add(time.Minute), 1
	for {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		session, err := zookeeper.Open(ctx, s.Address, zookeeper.Options{})
		if err == nil {
			session.Close()
			cancel()
			return
		}
		cancel()
		select {
		case <-s.exited: // a port may still be taken, of the process before or for a moment by another program
			said, _ := os.ReadFile(s.log())
			require.Less(s.t, launches, mostLaunches, "ZooKeeper ended: %s", said)
			time.Sleep(time.Second)
			s.launch()
			launches++
		case <-time.After(100 * time.Millisecond):
		}
		require.True(s.t, time.Now().Before(deadline), "ZooKeeper does not answer: %v", err)
	}
}

// Stop kills the server.
func (s *Server) Stop() {
	_ = s.process.Process.Kill() // it may have ended
	<-s.exited
}

// Pause makes the server answer nothing, until Resume: connections stay.
func (s *Server) Pause() { require.NoError(s.t, s.process.Process.Signal(syscall.SIGSTOP)) }

// Resume ends Pause.
func (s *Server) Resume() { require.NoError(s.t, s.process.Process.Signal(syscall.SIGCONT)) }
