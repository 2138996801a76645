package lease

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/zookeeper"
	"community-mesos-datasource/pkg/zookeeper/zookeepertest"
)

// The numbers of requests (ZooDefs.OpCode).
const (
	opCreate  = 1
	opGetData = 4
	opSetData = 5
	noNode    = -101
)

// refusing is a server that answers each request with a code, as codes has it by the request; 0 for one that is not there.
func refusing(t *testing.T, codes map[int32]int32) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				answerRequests(conn, codes)
			})
		}
	})
	return listener.Addr().String()
}

func answerRequests(conn net.Conn, codes map[int32]int32) {
	for greeted := false; ; greeted = true {
		var length int32
		if binary.Read(conn, binary.BigEndian, &length) != nil {
			return
		}
		request := make([]byte, length)
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		var answer []byte
		if !greeted { // protocol, time-out, session, password
			answer = binary.BigEndian.AppendUint32(make([]byte, 4), uint32(usual.Milliseconds()))
			answer = binary.BigEndian.AppendUint64(answer, 1)
			answer = append(binary.BigEndian.AppendUint32(answer, 16), make([]byte, 16)...)
		} else { // xid, zxid, code
			op := int32(binary.BigEndian.Uint32(request[4:]))
			answer = binary.BigEndian.AppendUint64(request[:4:4], 1)
			answer = binary.BigEndian.AppendUint32(answer, uint32(codes[op]))
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// Each code of ZooKeeper 3.8 (KeeperException.Code) that a server may answer to a request, also one that is not known: those
// of a session that is over are tried again on another server, and all are said.
func TestEachCodeIsSaid(t *testing.T) {
	t.Parallel()
	refused := map[int32]string{
		-1: "system error", -2: "runtime inconsistency", -3: "data inconsistency", -5: "could not be read", -6: "not implemented",
		-8: "invalid arguments", -9: "invalid state", -13: "no quorum", -14: "reconfiguration", -100: "API error",
		-108: "an ephemeral znode has no children (ZooKeeper's code -108): /a/b ends with a session of another program: name another path in replicas (jsonData.replicas)",
		-111: "has children", -113: "callback", -117: "nothing", -119: "read-only", -120: "local session", -121: "watcher", -123: "disabled",
		-124: "sessions without authentication are not accepted (ZooKeeper's code -124): set zkDigest to a user:password",
		-125: "a quota is exceeded (ZooKeeper's code -125): raise the quota of the path or of one above it",
		-999: "the request was refused (ZooKeeper's code -999): the log of that server may say why",
	}
	over := map[int32]string{
		-4: "was lost", -7: "took too long", -12: "not known", -112: "expired", -116: "closing", -118: "moved", -122: "took too long", -127: "too many requests",
	}
	for code, want := range refused {
		for _, codes := range []map[int32]int32{{opGetData: code}, {opGetData: noNode, opCreate: code}} {
			server := refusing(t, codes)
			err := saidBy(t, server)
			require.ErrorContains(t, err, want, "code %d", code)
			require.ErrorContains(t, err, fmt.Sprintf("ZooKeeper at %s refuses /a/b/1-mesos: ", server))
			require.ErrorContains(t, err, fmt.Sprintf("(ZooKeeper's code %d): ", code))
			require.Regexp(t, `\((jsonData\.replicas|secureJsonData\.zkDigest)\)$`, err.Error())
		}
	}
	for code, want := range over {
		for _, codes := range []map[int32]int32{{opGetData: code}, {opGetData: noNode, opCreate: code}} {
			server := refusing(t, codes)
			err := saidBy(t, server)
			require.ErrorContains(t, err, "no answer from ZooKeeper")
			require.ErrorContains(t, err, server)
			require.ErrorContains(t, err, want, "code %d", code)
			require.ErrorContains(t, err, fmt.Sprintf("ZooKeeper's code %d", code))
		}
	}
	for _, code := range []int32{-102, -114, -115} { // the ACL
		require.ErrorContains(t, saidBy(t, refusing(t, map[int32]int32{opGetData: noNode, opCreate: code})), "does not allow this data source to make or change")
	}
}

// saidBy returns what is said of a server that lets nobody hold the lease.
func saidBy(t *testing.T, server string) error {
	t.Helper()
	p := contendFor(t, server, "a")
	defer p.Close()
	st := p.waitFor(t, "it is said", func(s State) bool { return s.Err != nil })
	require.False(t, st.Held)
	return st.Err
}

// A parent that is made and not there afterwards is no reason to ask without end.
func TestAParentThatIsNeverThereIsSaid(t *testing.T) {
	err := saidBy(t, refusing(t, map[int32]int32{opGetData: noNode, opCreate: noNode}))
	require.ErrorContains(t, err, "the znode does not exist")
}

// quota limits the znodes, or the bytes, below /a/b, as setquota of zkCli.sh does.
func quota(t *testing.T, s *zookeeper.Session, limits string) {
	t.Helper()
	for _, path := range []string{"/a", "/a/b", "/zookeeper/quota/a", "/zookeeper/quota/a/b"} {
		require.NoError(t, s.Create(path, nil, false))
	}
	require.NoError(t, s.Create("/zookeeper/quota/a/b/zookeeper_limits", []byte(limits), false))
	require.NoError(t, s.Create("/zookeeper/quota/a/b/zookeeper_stats", []byte("count=0,bytes=0"), false))
}

func withQuota(t *testing.T, limits string) *zookeepertest.Server {
	t.Helper()
	server := zookeepertest.Start(t, "enforceQuota=true")
	s, err := zookeeper.Open(t.Context(), server.Address, zookeeper.Options{})
	require.NoError(t, err)
	defer s.Close()
	quota(t, s, limits)
	return server
}

const quotaSaid = "a quota is exceeded (ZooKeeper's code -125): raise the quota of the path or of one above it"

func raise(t *testing.T, server *zookeepertest.Server) {
	t.Helper()
	s, err := zookeeper.Open(t.Context(), server.Address, zookeeper.Options{})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Set("/zookeeper/quota/a/b/zookeeper_limits", []byte("count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=-1"), -1)
	require.NoError(t, err)
}

func TestAQuotaOfZnodesIsSaid(t *testing.T) {
	server := withQuota(t, "count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=1")
	a := contendFor(t, server.Address, "a")
	require.ErrorContains(t, a.waitFor(t, "it is said", func(s State) bool { return s.Err != nil }).Err,
		"ZooKeeper at "+server.Address+" refuses /a/b/1-mesos: "+quotaSaid)
	raise(t, server)
	require.NoError(t, a.waitFor(t, "it holds the lease once there is room", isHeld).Err)
}

// The znode grows with what the holder tells: a quota that is too small for that lets nobody begin again and again.
func TestAQuotaOfBytesIsSaidAndDoesNotFlap(t *testing.T) {
	server := withQuota(t, "count=-1,bytes=-1=;byteHardLimit=500;countHardLimit=-1")
	a := contendFor(t, server.Address, "a", func(o *Options) {
		o.Note = func() json.RawMessage { return json.RawMessage(`"` + strings.Repeat("x", 1000) + `"`) }
	})
	is := a.waitFor(t, "it is said", func(s State) bool { return s.Err != nil })
	require.ErrorContains(t, is.Err, quotaSaid)
	require.EqualValues(t, 1, is.Term)
	for end := time.Now().Add(2 * usual); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		require.False(t, a.held())
		require.ErrorContains(t, a.State().Err, quotaSaid)
	}
	raise(t, server)
	st := a.waitFor(t, "it holds the lease once there is room", isHeld)
	require.NoError(t, st.Err)
	require.EqualValues(t, 2, st.Term)
}

// One that could not take over says so before it has to.
func TestOneThatCouldNotTakeOverSaysSo(t *testing.T) {
	server := zookeepertest.Start(t)
	digest := func(d string) func(*Options) { return func(o *Options) { o.Digest = d } }
	a := contendFor(t, server.Address, "a", digest("grafana:s3cret"))
	a.waitFor(t, "a", isHeld)
	var warned atomic.Int64
	other := contendFor(t, server.Address, "b", digest("grafana:other"), func(o *Options) { o.Log = warnings{&warned} })
	st := other.waitFor(t, "b says it", func(s State) bool { return s.Unable != nil })
	require.ErrorContains(t, st.Unable, "does not allow this data source to make or change /a/b/1-mesos: correct zkDigest")
	require.Equal(t, "a", st.Holder.Host)
	require.NoError(t, st.Err, "it is known who holds the lease")
	same := contendFor(t, server.Address, "c", digest("grafana:s3cret"))
	same.waitFor(t, "c looks", heldBy("a"))
	require.Never(t, func() bool { return same.State().Unable != nil }, usual, 10*time.Millisecond)
	require.EqualValues(t, 1, warned.Load(), "once")
	other.Close()
	a.Close()
	require.NoError(t, same.waitFor(t, "c takes over", isHeld).Unable)
}

type warnings struct{ n *atomic.Int64 }

func (warnings) Info(string, ...any)   {}
func (w warnings) Warn(string, ...any) { w.n.Add(1) }
