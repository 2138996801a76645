package mesos

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
)

// One short session with one server of ZooKeeper. The library is made for long
// sessions that reconnect by themselves. Here the connection is made first, so that
// its error is returned unchanged, is given to the library once, and is closed
// with the context.

// zkSessionTimeout is the time after which ZooKeeper ends a session whose client is
// gone; masters use the same (MASTER_CONTENDER_ZK_SESSION_TIMEOUT).
const zkSessionTimeout = 10 * time.Second

// largestPacket is the largest packet of ZooKeeper by default (jute.maxbuffer).
const largestPacket = 1 << 20

var errNotZooKeeper = errors.New("it does not speak ZooKeeper's protocol")

// dialFunc is the DialContext of a net.Dialer.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// zkSession implements znodes with a session of the library.
type zkSession struct {
	conn   *zk.Conn
	events <-chan zk.Event
	wire   *framed
	detach func() bool // from the context

	closing atomic.Bool
}

// openSession opens a session: connection, handshake, and digest ("user:password")
// if there is one. The session ends with ctx at the latest.
func openSession(ctx context.Context, dial dialFunc, server, digest string) (znodes, error) {
	connection, err := dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	s := &zkSession{wire: &framed{Conn: connection}}
	s.detach = context.AfterFunc(ctx, func() { connection.Close() })
	s.conn, s.events, err = zk.Connect([]string{server}, zkSessionTimeout,
		zk.WithDialer(s.wire.once), zk.WithHostProvider(&oneServer{server: server}),
		zk.WithEventCallback(s.event), zk.WithLogger(silent{}), zk.WithLogInfo(false), zk.WithMaxBufferSize(largestPacket))
	if err != nil {
		s.detach()
		connection.Close()
		return nil, err
	}
	if err := s.greet(); err != nil {
		s.close()
		return nil, s.wire.cause(err)
	}
	if digest != "" {
		if err := s.conn.AddAuth("digest", []byte(digest)); err != nil {
			s.close()
			return nil, s.failure(err)
		}
	}
	return s, nil
}

// greet waits for the end of the handshake. When the context ends, the connection is
// closed, and the library's attempt to connect again ends the wait.
func (s *zkSession) greet() error {
	connecting := 0
	for event := range s.events {
		switch event.State {
		case zk.StateHasSession:
			return nil
		case zk.StateConnecting:
			if connecting++; connecting > 1 {
				return zk.ErrConnectionClosed
			}
		}
	}
	return zk.ErrConnectionClosed
}

func (s *zkSession) children(path string) ([]string, error) {
	names, _, err := s.conn.Children(path)
	return names, s.failure(err)
}

func (s *zkSession) data(path string) ([]byte, error) {
	content, _, err := s.conn.Get(path)
	return content, s.failure(err)
}

func (s *zkSession) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, zk.ErrNoNode):
		return errNoZnode
	case errors.Is(err, zk.ErrNoAuth), errors.Is(err, zk.ErrAuthFailed):
		return errZnodeAuth
	}
	return s.wire.cause(err)
}

// close ends the session and returns when its goroutines have ended.
func (s *zkSession) close() {
	s.closing.Store(true)
	s.conn.Close()
	for range s.events { // closed when the library's loop has ended
	}
	s.detach()
	s.wire.Close()
}

// event is called by the library for each change of the session. In its Close there
// is a race (conn.go of v1.0.4): if its loop ends before Close sends the request
// that ends the session, Close waits a second for a response that never comes. So
// the loop is delayed.
func (s *zkSession) event(e zk.Event) {
	if e.State == zk.StateDisconnected && s.closing.Load() {
		time.Sleep(2 * time.Millisecond)
	}
}

// framed is a connection whose packets are checked before the library reads
// them: it reserves what a peer's numbers say, up to gigabytes, and panics at some
// of them in goroutines of its own, where nobody can recover.
type framed struct {
	net.Conn
	greeted bool   // the first packet, the answer to the handshake, is read
	packet  []byte // read and not yet handed on, with its length in front

	mu     sync.Mutex
	given  bool
	failed error // the first of reading
}

// once is the library's dialer: it returns this connection, and no other
// afterwards.
func (f *framed) once(string, string, time.Duration) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.given {
		return nil, net.ErrClosed
	}
	f.given = true
	return f, nil
}

// headSize is the size of what every response begins with: xid, zxid, error. In
// the response to the handshake it is protocol version, time-out, session.
const headSize = 16

func (f *framed) Read(into []byte) (int, error) {
	n, err := f.read(into)
	if err != nil {
		f.mu.Lock()
		if f.failed == nil {
			f.failed = err
		}
		f.mu.Unlock()
	}
	return n, err
}

func (f *framed) read(into []byte) (int, error) {
	if len(f.packet) == 0 {
		if err := f.next(); err != nil {
			return 0, err
		}
	}
	n := copy(into, f.packet)
	f.packet = f.packet[n:]
	return n, nil
}

// next reads a packet whole and checks it.
func (f *framed) next() error {
	var length [4]byte
	if _, err := io.ReadFull(f.Conn, length[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size < headSize || size > largestPacket {
		return errNotZooKeeper
	}
	packet := append(make([]byte, 0, len(length)+int(size)), length[:]...)
	packet = packet[:cap(packet)]
	body := packet[len(length):]
	if _, err := io.ReadFull(f.Conn, body); err != nil {
		return err
	}
	if !f.greeted {
		f.greeted = true
		// The library pings in intervals of a part of the time-out.
		if int32(binary.BigEndian.Uint32(body[4:])) <= 0 {
			return errNotZooKeeper
		}
	}
	if err := checkLength(body[headSize:]); err != nil {
		return err
	}
	f.packet = packet
	return nil
}

// checkLength checks the number that follows the head of a response: the length
// of a password or of a znode's content, or how many children there are, each with
// a length of its own. No content at all, -1, becomes an empty one. Lengths behind
// it are checked by the library.
func checkLength(rest []byte) error {
	if len(rest) < 4 { // there is none in the response to closing or digest
		return nil
	}
	switch length := int32(binary.BigEndian.Uint32(rest)); {
	case length == -1:
		binary.BigEndian.PutUint32(rest, 0)
	case length < 0, int(length) > len(rest)-4:
		return errNotZooKeeper
	}
	return nil
}

// cause returns the error of reading, which is more specific than the library's.
func (f *framed) cause(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed != nil {
		return f.failed
	}
	return err
}

// oneServer is the library's list of servers with one entry, by its name: the dialer
// resolves it.
type oneServer struct {
	server string
	asked  bool
}

func (o *oneServer) Init([]string) error { return nil }
func (o *oneServer) Len() int            { return 1 }
func (o *oneServer) Connected()          {}

// Next returns true from its second call on, which means that all servers were
// tried: the library then fails the requests that wait.
func (o *oneServer) Next() (string, bool) {
	again := o.asked
	o.asked = true
	return o.server, again
}

// silent is the library's log. Its errors are returned by the requests.
type silent struct{}

func (silent) Printf(string, ...any) {}
