package zookeeper

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
)

// A session with one server of ZooKeeper. The library is made for sessions that reconnect
// by themselves. Here the connection is made first, so that its error is returned unchanged,
// is given to the library once, and is closed with the context: a session ends with its
// connection, and who wants another opens another.

// DefaultTimeout is the time after which ZooKeeper ends a session whose client is
// gone; masters use the same (MASTER_CONTENDER_ZK_SESSION_TIMEOUT).
const DefaultTimeout = 10 * time.Second

// closesWithin is how long Close waits for the server to confirm the end of the session.
const closesWithin = 300 * time.Millisecond

// largestPacket is the largest packet of ZooKeeper by default (jute.maxbuffer).
const largestPacket = 1 << 20

// Errors of sessions. Any other error but a RefusedError is the session's end.
var (
	ErrNoNode     = errors.New("the znode does not exist")
	ErrNodeExists = errors.New("the znode exists already")
	ErrAuth       = errors.New("the ACL of the znode does not allow it")
	// ErrChanged is the error of a znode that is not of the version that was expected.
	ErrChanged = errors.New("the znode was changed")
	// ErrNotZooKeeper is the error of a server that is another's.
	ErrNotZooKeeper = errors.New("it does not speak ZooKeeper's protocol")
)

// Codes of ZooKeeper (KeeperException.Code) with which a server refuses a request, and that have a remedy of their own.
const (
	CodeEphemeralParent = -108 // the parent ends with a session
	CodeWantsAuth       = -124 // the server takes no session that did not authenticate
	CodeQuota           = -125 // setquota, where the server has enforceQuota=true
)

// meanings are what ZooKeeper's codes mean, of those that are no error above and do not end the session.
var meanings = map[int32]string{
	-1: "system error", -2: "runtime inconsistency", -3: "data inconsistency", -5: "the request could not be read",
	-6: "the request is not implemented", -8: "invalid arguments", -9: "invalid state", -13: "no quorum of the new configuration",
	-14: "another reconfiguration is in progress", -100: "API error", CodeEphemeralParent: "an ephemeral znode has no children",
	-111: "the znode has children", -113: "invalid callback", -117: "nothing to answer", -119: "the server is read-only",
	-120: "a local session has no ephemeral znodes", -121: "no such watcher", -123: "reconfiguration is disabled",
	CodeWantsAuth: "sessions without authentication are not accepted", CodeQuota: "a quota is exceeded",
}

// endings are the codes of a session or a connection that is over, or of a server that is too slow at the moment.
var endings = map[int32]string{
	-4: "the connection to another server was lost", -7: "the request took too long", -12: "the session is not known", -112: "the session expired",
	-116: "the server is closing", -118: "the session moved to another server", -122: "the request took too long", -127: "the server has too many requests",
}

// A RefusedError is the answer of a server that refuses a request, other than with one of the errors above: trying again
// does not help until something is changed.
type RefusedError struct {
	Code int32
	Path string // of the znode
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s (ZooKeeper's code %d)", cmp.Or(meanings[e.Code], "the request was refused"), e.Code)
}

// codes are those that the library has errors of its own for.
var codes = map[error]int32{
	zk.ErrBadArguments: -8, zk.ErrAPIError: -100, zk.ErrNoChildrenForEphemerals: CodeEphemeralParent, zk.ErrNotEmpty: -111,
	zk.ErrSessionExpired: -112, zk.ErrClosing: -116, zk.ErrNothing: -117, zk.ErrSessionMoved: -118, zk.ErrReconfigDisabled: -123,
}

// codeOf returns the code of an error that the library made of an answer; false for one of the connection.
func codeOf(err error) (code int32, ok bool) {
	for known, code := range codes {
		if errors.Is(err, known) {
			return code, true
		}
	}
	// ErrCode.toError of the library, for what it does not know
	_, scanErr := fmt.Sscanf(err.Error(), "unknown error: %d", &code)
	return code, scanErr == nil
}

// Dial is the DialContext of a net.Dialer.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Options are what a session is opened with.
type Options struct {
	Dial    Dial          // net.Dialer's if nil
	Digest  string        // user:password of the scheme digest; "" for none
	Timeout time.Duration // of the session, which the server may change; DefaultTimeout if 0
}

// A Session is a session with one server. Its methods may be called from several goroutines.
type Session struct {
	conn   *zk.Conn
	events <-chan zk.Event
	wire   *framed
	detach func() bool // from the context
	digest bool

	closing atomic.Bool
}

// Open opens a session: connection, handshake, and digest if there is one. The session
// ends with ctx at the latest.
func Open(ctx context.Context, server string, o Options) (*Session, error) {
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	connection, err := o.Dial(ctx, "tcp", server)
	if err != nil {
		return nil, err
	}
	s := &Session{wire: &framed{Conn: connection}, digest: o.Digest != ""}
	s.detach = context.AfterFunc(ctx, func() { connection.Close() })
	s.conn, s.events, err = zk.Connect([]string{server}, cmp.Or(o.Timeout, DefaultTimeout),
		zk.WithDialer(s.wire.once), zk.WithHostProvider(&oneServer{server: server}),
		zk.WithEventCallback(s.event), zk.WithLogger(silent{}), zk.WithLogInfo(false), zk.WithMaxBufferSize(largestPacket))
	if err != nil {
		s.detach()
		connection.Close()
		return nil, err
	}
	if err := s.greet(); err != nil {
		s.Close()
		return nil, s.wire.cause(err)
	}
	if o.Digest != "" {
		if err := s.conn.AddAuth("digest", []byte(o.Digest)); err != nil {
			s.Close()
			return nil, s.failure("", err)
		}
	}
	return s, nil
}

// greet waits for the end of the handshake. When the context ends, the connection is
// closed, and the library's attempt to connect again ends the wait.
func (s *Session) greet() error {
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

// ID returns the number by which the server knows the session: the owner of its ephemeral
// znodes.
func (s *Session) ID() int64 { return s.conn.SessionID() }

// Timeout returns the time-out that the server has set for the session.
func (s *Session) Timeout() time.Duration {
	return time.Duration(s.wire.timeout.Load()) * time.Millisecond
}

// Children returns the names of a znode's children, in any order.
func (s *Session) Children(path string) ([]string, error) {
	names, _, err := s.conn.Children(path)
	return names, s.failure(path, err)
}

// Data returns a znode's content.
func (s *Session) Data(path string) ([]byte, error) {
	content, _, err := s.conn.Get(path)
	return content, s.failure(path, err)
}

// A Node is a znode as it was read.
type Node struct {
	Content []byte
	Version int32
	Owner   int64 // the session that an ephemeral znode ends with; 0 for a persistent one
}

// Node returns a znode.
func (s *Session) Node(path string) (Node, error) {
	content, stat, err := s.conn.Get(path)
	if err != nil {
		return Node{}, s.failure(path, err)
	}
	return Node{content, stat.Version, stat.EphemeralOwner}, nil
}

// acl returns the ACL of znodes that are made: with a digest everybody may read them and who
// has it may do everything, as with those of masters; without one everybody may.
func (s *Session) acl() []zk.ACL {
	if s.digest {
		return append(zk.WorldACL(zk.PermRead), zk.AuthACL(zk.PermAll)...)
	}
	return zk.WorldACL(zk.PermAll)
}

// Create makes a znode, which ends with the session if it is ephemeral.
func (s *Session) Create(path string, content []byte, ephemeral bool) error {
	flags := int32(zk.FlagPersistent)
	if ephemeral {
		flags = zk.FlagEphemeral
	}
	_, err := s.conn.Create(path, content, flags, s.acl())
	return s.failure(path, err)
}

// Set replaces the content of a znode of a version, and returns what is there then, without
// the content. It is confirmed by a majority of the servers.
func (s *Session) Set(path string, content []byte, version int32) (Node, error) {
	stat, err := s.conn.Set(path, content, version)
	if err != nil {
		return Node{}, s.failure(path, err)
	}
	return Node{Version: stat.Version, Owner: stat.EphemeralOwner}, nil
}

// Delete deletes a znode of a version.
func (s *Session) Delete(path string, version int32) error {
	return s.failure(path, s.conn.Delete(path, version))
}

// failure returns what the answer to a request for a znode was.
func (s *Session) failure(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, zk.ErrNoNode):
		return ErrNoNode
	case errors.Is(err, zk.ErrNodeExists):
		return ErrNodeExists
	case errors.Is(err, zk.ErrBadVersion):
		return ErrChanged
	case errors.Is(err, zk.ErrNoAuth), errors.Is(err, zk.ErrAuthFailed), errors.Is(err, zk.ErrInvalidACL):
		return ErrAuth
	}
	if code, ok := codeOf(err); ok {
		if why, over := endings[code]; over {
			return fmt.Errorf("%s (ZooKeeper's code %d)", why, code)
		}
		return &RefusedError{Code: code, Path: path}
	}
	return s.wire.cause(err)
}

// Close ends the session and returns when its goroutines have ended.
func (s *Session) Close() {
	s.closing.Store(true)
	late := time.AfterFunc(closesWithin, func() { s.wire.Close() })
	s.conn.Close()
	late.Stop()
	for range s.events { // closed when the library's loop has ended
	}
	s.detach()
	s.wire.Close()
}

// Abandon breaks the connection without ending the session, which the server ends when its
// time-out has passed, and returns when the session's goroutines have ended.
func (s *Session) Abandon() {
	s.wire.Close()
	s.Close()
}

// event is called by the library for each change of the session. In its Close there
// is a race (conn.go of v1.0.4): if its loop ends before Close sends the request
// that ends the session, Close waits a second for a response that never comes. So
// the loop is delayed.
func (s *Session) event(e zk.Event) {
	if e.State == zk.StateDisconnected && s.closing.Load() {
		time.Sleep(2 * time.Millisecond)
	}
}

// framed is a connection whose packets are checked before the library reads
// them: it reserves what a peer's numbers say, up to gigabytes, and panics at some
// of them in goroutines of its own, where nobody can recover.
type framed struct {
	net.Conn
	greeted bool         // the first packet, the answer to the handshake, is read
	packet  []byte       // read and not yet handed on, with its length in front
	timeout atomic.Int32 // of the session, in milliseconds: what the server says in the handshake

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
		return ErrNotZooKeeper
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
		timeout := int32(binary.BigEndian.Uint32(body[4:]))
		if timeout <= 0 {
			return ErrNotZooKeeper
		}
		f.timeout.Store(timeout)
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
		return ErrNotZooKeeper
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
