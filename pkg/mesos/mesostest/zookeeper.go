package mesostest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// ZooKeeper is a server on a real port that speaks as much of ZooKeeper's
// protocol as reading znodes takes: handshake, digest, children, data, farewell.
// It is safe for use by many at once.
type ZooKeeper struct {
	t       testing.TB
	address string
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]struct{}
	nodes    map[string]map[string]string // content by name, by path
	digest   string
	frozen   bool
	sessions int // begun
	farewell int // ended by the client's own word
}

// NewZooKeeper starts a server without any znode and stops it when the test ends.
func NewZooKeeper(t testing.TB) *ZooKeeper {
	t.Helper()
	z := &ZooKeeper{t: t, address: "127.0.0.1:0", open: map[net.Conn]struct{}{}, nodes: map[string]map[string]string{}}
	z.listen()
	t.Cleanup(z.stop)
	return z
}

// Address is where it listens: 127.0.0.1:PORT.
func (z *ZooKeeper) Address() string { return z.address }

// URL is the address of a path, for a client's configuration.
func (z *ZooKeeper) URL(path string) string { return "zk://" + z.address + path }

// Set sets the children of a path, by name; nil removes the path.
func (z *ZooKeeper) Set(path string, children map[string]string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if children == nil {
		delete(z.nodes, path)
		return
	}
	z.nodes[path] = maps.Clone(children)
}

// Register makes masters the znodes under a path, in this order.
// Beside them is log_replicas, as beside those of real masters.
func (z *ZooKeeper) Register(path string, infos ...string) {
	children := map[string]string{"log_replicas": ""}
	for i, info := range infos {
		children[fmt.Sprintf("json.info_%010d", 8+i)] = info // from 8, 9 to 10
	}
	z.Set(path, children)
}

// Elect registers masters of a recorded cluster under a path, by their recorded
// host:port: the first leads.
func (z *ZooKeeper) Elect(c *Cluster, path string, hosts ...string) {
	z.t.Helper()
	var infos []string
	for _, host := range hosts {
		infos = append(infos, c.MasterInfo(host))
	}
	z.Register(path, infos...)
}

// MasterInfo is what a master of the cluster, named by its recorded host:port,
// writes into its znode.
func (c *Cluster) MasterInfo(host string) string {
	c.t.Helper()
	address, port, err := net.SplitHostPort(c.Address(host))
	if err != nil {
		c.t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		c.t.Fatal(err)
	}
	return MasterInfo(address, n)
}

// MasterInfo is the content of a master's znode, as recorded of one.
func MasterInfo(hostname string, port int) string {
	return fmt.Sprintf(`{"address":{"hostname":%q,"ip":"127.0.0.1","port":%d},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}],"hostname":%q,"id":"8cfec505-dfd0-4fd6-98ac-815032ab89d6","ip":16777343,"pid":"master@127.0.0.1:%d","port":%d,"version":"1.12.0"}`,
		hostname, port, hostname, port, port)
}

// Protect makes reading require the digest user:password; "" ends that.
func (z *ZooKeeper) Protect(digest string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.digest = digest
}

// Freeze makes the server accept connections and say nothing, or ends that.
func (z *ZooKeeper) Freeze(frozen bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.frozen = frozen
}

// Kill stops the server: connections break, new ones are refused.
func (z *ZooKeeper) Kill() { z.stop() }

// Revive starts a killed server again, on its port.
func (z *ZooKeeper) Revive() {
	z.t.Helper()
	z.listen()
}

// Sessions are how many sessions began, how many of them the client ended by
// itself, and how many connections are there now.
func (z *ZooKeeper) Sessions() (begun, ended, now int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.sessions, z.farewell, len(z.open)
}

func (z *ZooKeeper) listen() {
	z.t.Helper()
	listener, err := net.Listen("tcp", z.address)
	if err != nil {
		z.t.Fatalf("listening as ZooKeeper: %v", err)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.listener, z.address = listener, listener.Addr().String()
	z.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			z.mu.Lock()
			if z.listener != listener {
				z.mu.Unlock()
				conn.Close()
				return
			}
			z.open[conn] = struct{}{}
			z.running.Go(func() { z.serve(conn) })
			z.mu.Unlock()
		}
	})
}

func (z *ZooKeeper) stop() {
	z.mu.Lock()
	listener := z.listener
	z.listener = nil
	for conn := range z.open {
		conn.Close()
	}
	z.mu.Unlock()
	if listener != nil {
		listener.Close()
	}
	z.running.Wait()
}

// Codes of the protocol (zookeeper.proto, ZooDefs.java, KeeperException.java).
const (
	opGetData     = 4
	opPing        = 11
	opGetChildren = 12 // with the znode's statistics
	opAuth        = 100
	opClose       = -11

	codeNoNode = -101
	codeNoAuth = -102
)

// serve is one connection, from handshake to end.
func (z *ZooKeeper) serve(conn net.Conn) {
	defer func() {
		z.mu.Lock()
		delete(z.open, conn)
		z.mu.Unlock()
		conn.Close()
	}()
	if z.silent() {
		_, _ = io.Copy(io.Discard, conn) // until one of the two ends it
		return
	}
	hello, err := packet(conn)
	if err != nil || len(hello) < 24 {
		return
	}
	z.mu.Lock()
	z.sessions++
	session := z.sessions
	z.mu.Unlock()
	answer := binary.BigEndian.AppendUint32(nil, 0)
	answer = append(answer, hello[12:16]...) // the time-out that was asked for
	answer = binary.BigEndian.AppendUint64(answer, uint64(session))
	answer = appendText(answer, strings.Repeat("x", 16))
	if send(conn, answer) != nil {
		return
	}
	digest := ""
	for {
		request, err := packet(conn)
		if err != nil || len(request) < 8 || z.silent() {
			return
		}
		xid, op, rest := request[:4], int32(binary.BigEndian.Uint32(request[4:])), request[8:]
		code, body := int32(0), []byte(nil)
		switch op {
		case opAuth:
			_, rest = text(rest[4:])
			digest, _ = text(rest)
		case opGetChildren, opGetData:
			path, _ := text(rest)
			code, body = z.read(op, path, digest)
		case opClose:
			z.mu.Lock()
			z.farewell++
			z.mu.Unlock()
		case opPing:
		default:
			z.t.Errorf("a reader sent the operation %d", op)
			return
		}
		reply := append(append([]byte{}, xid...), make([]byte, 8)...)
		reply = binary.BigEndian.AppendUint32(reply, uint32(code))
		if send(conn, append(reply, body...)) != nil || op == opClose {
			return
		}
	}
}

func (z *ZooKeeper) silent() bool {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.frozen
}

// read is the answer to a question about a path: its code and body.
func (z *ZooKeeper) read(op int32, path, digest string) (int32, []byte) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.digest != "" && digest != z.digest {
		return codeNoAuth, nil
	}
	var body []byte
	if op == opGetChildren {
		children, ok := z.nodes[path]
		if !ok {
			return codeNoNode, nil
		}
		body = binary.BigEndian.AppendUint32(body, uint32(len(children)))
		// ZooKeeper promises no order; this is one that is not that of the numbers.
		names := slices.Sorted(maps.Keys(children))
		slices.Reverse(names)
		for _, name := range names {
			body = appendText(body, name)
		}
	} else {
		at := strings.LastIndex(path, "/")
		content, ok := z.nodes[path[:at]][path[at+1:]]
		if !ok {
			return codeNoNode, nil
		}
		body = appendText(body, content)
	}
	return 0, append(body, make([]byte, 68)...) // statistics
}

// packet reads the length and so many bytes.
func packet(from io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > 1<<20 {
		return nil, errors.New("too long")
	}
	body := make([]byte, size)
	_, err := io.ReadFull(from, body)
	return body, err
}

func send(to io.Writer, body []byte) error {
	_, err := to.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
	return err
}

func appendText(to []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(to, uint32(len(s))), s...)
}

// text reads a text or buffer, and what follows it.
func text(from []byte) (string, []byte) {
	if len(from) < 4 {
		return "", nil
	}
	size := binary.BigEndian.Uint32(from)
	if uint64(len(from)-4) < uint64(size) {
		return "", nil
	}
	return string(from[4 : 4+size]), from[4+size:]
}
