package mesos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"community-mesos-datasource/pkg/zookeeper"
)

// The detector finds the masters through ZooKeeper, as Mesos' own detector does.
// Every master that is a candidate has a znode json.info_NNNNNNNNNN (before 0.24
// info_NNNNNNNNNN) under the path of its --zk; ZooKeeper increments the number and deletes the znode when the
// master's session ends. The lowest number leads
// (src/master/detector/zookeeper.cpp, src/zookeeper/group.cpp of Mesos). The
// content is the MasterInfo message (masterinfo.go).
//
// The znodes are read on demand, in a session that ends with the response: the
// leader is remembered while it answers, so that is once per poll of the followers
// and after a failure. Nothing runs in between, and no watch is kept.

// masterForm is what the address of ZooKeeper in masters looks like.
var masterForm = zookeeper.Form{Example: "zk://zk1:2181,zk2:2181/mesos", Path: "the one in the masters' --zk"}

// IsZooKeeper reports whether an address of masters is one of ZooKeeper (zk://).
func IsZooKeeper(address string) bool { return zookeeper.IsAddress(address) }

func parseEnsemble(address string) (*zookeeper.Ensemble, error) { return masterForm.Parse(address) }

// znodes is the part of a ZooKeeper session that is needed here. Errors are
// zookeeper.ErrNoNode, zookeeper.ErrAuth, or the session's end.
type znodes interface {
	Children(path string) ([]string, error) // names, in any order
	Data(path string) ([]byte, error)
	Close()
}

// isLocal reports whether a server of an ensemble is on this machine.
func isLocal(e *zookeeper.Ensemble) bool {
	return slices.ContainsFunc(e.Servers, func(server string) bool {
		host, _, err := net.SplitHostPort(server)
		return err == nil && isLoopback(host)
	})
}

// detector reads which masters are registered in ZooKeeper.
type detector struct {
	*zookeeper.Ensemble
	scheme string        // of the masters' addresses
	digest bool          // sessions carry a user and password
	within time.Duration // for all servers together
	// open begins a session with one server that ends with ctx at the latest.
	open func(ctx context.Context, server string) (znodes, error)
	// first is the index of the server that answered last: the next to be asked.
	first atomic.Int32
}

// masters returns the registered masters, the leader first; there is at least one.
// The servers are asked one after the other, each with its share of the time, and
// the first response counts.
func (r *detector) masters(ctx context.Context) ([]Target, error) {
	ctx, cancel := context.WithTimeout(ctx, r.within)
	defer cancel()
	deadline, _ := ctx.Deadline()
	var failures []serverFailure
	first := int(r.first.Load())
	for i := range r.Servers {
		at := (first + i) % len(r.Servers)
		share := time.Until(deadline) / time.Duration(len(r.Servers)-i)
		begin := time.Now()
		masters, err := r.ask(ctx, r.Servers[at], share)
		if err == nil || CategoryOf(err) != "" {
			r.first.Store(int32(at))
			return masters, err
		}
		failures = append(failures, serverFailure{r.Servers[at], time.Since(begin), err})
		if ctx.Err() != nil && i < len(r.Servers)-1 {
			break
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, fmt.Errorf("asking ZooKeeper for the masters: %w", context.Canceled)
	}
	return nil, unreachable(failures)
}

// ask queries one server. An error with a category is a response of ZooKeeper; any
// other error means that there was none.
func (r *detector) ask(ctx context.Context, server string, within time.Duration) ([]Target, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	session, err := r.open(ctx, server)
	if err == nil {
		defer session.Close()
		var masters []Target
		if masters, err = r.read(session); err == nil {
			return masters, nil
		}
	}
	switch {
	case errors.Is(err, zookeeper.ErrNoNode):
		return nil, &Error{Category: NoLeader, Sentence: fmt.Sprintf(
			"ZooKeeper at %s has no %s: check the path in masters, which is that of the masters' --zk; it is made when the first master starts.", r, r.Path), Err: err}
	case errors.Is(err, zookeeper.ErrAuth) && r.digest:
		return nil, &Error{Category: Auth, Sentence: fmt.Sprintf(
			"ZooKeeper at %s does not let the user of zkDigest read %s: correct zkDigest (user:password); %s (secureJsonData.zkDigest).", r, r.Path, dollarsInYAML), Err: err}
	case errors.Is(err, zookeeper.ErrAuth):
		return nil, &Error{Category: Auth, Sentence: fmt.Sprintf(
			"ZooKeeper at %s does not let everybody read %s: set zkDigest to the user:password that its ACL allows (secureJsonData.zkDigest).", r, r.Path), Err: err}
	case CategoryOf(err) == "" && ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, err
}

// read returns the masters in the order in which they registered. A follower's
// znode that cannot be used is left out, a leader's is an error.
func (r *detector) read(session znodes) ([]Target, error) {
	names, err := session.Children(r.Path)
	if err != nil {
		return nil, err
	}
	var masters []Target
	leader := true
	for _, name := range candidates(names) {
		content, err := session.Data(r.Path + "/" + name)
		if errors.Is(err, zookeeper.ErrNoNode) {
			continue // it went since the list was read
		}
		if err != nil {
			return nil, err
		}
		target, err := r.target(name, content)
		if err != nil && leader {
			return nil, err
		}
		if err == nil && known(masters, target.Address) == nil {
			masters = append(masters, target)
		}
		leader = false
	}
	if len(masters) == 0 {
		return nil, r.nobody()
	}
	return masters, nil
}

func (r *detector) nobody() error {
	return &Error{Category: NoLeader, Sentence: fmt.Sprintf(
		"No master is registered under %s in ZooKeeper at %s: check that masters are running, and that their --zk has the same path.", r.Path, r)}
}

// candidates returns the znodes of masters, ordered by their number; other
// children, such as log_replicas, are left out.
func candidates(names []string) []string {
	numbers := map[string]int64{}
	var found []string
	for _, name := range names {
		if number, ok := masterNumber(name); ok {
			numbers[name] = number
			found = append(found, name)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return int(min(1, max(-1, numbers[a]-numbers[b]))) })
	return found
}

// target returns the address in a MasterInfo: the host name if there is one, as in
// Mesos' own redirects, and the IP address for one that does not resolve.
func (r *detector) target(name string, content []byte) (Target, error) {
	info, unreadable := readMasterInfo(name, content)
	host, port := info.hostname, strconv.Itoa(info.port)
	if host == "" {
		host = info.ip
	}
	// An address that is one host and port in a URL, and nothing more.
	address := strings.ToLower(net.JoinHostPort(host, port))
	if unreadable != nil || host == "" || !isAddress(address) {
		return Target{}, &Error{Category: Protocol, Err: unreadable, Sentence: fmt.Sprintf(
			"ZooKeeper at %s does not tell where the leader is: %s/%s is no MasterInfo with an address. Check that the path is that of the masters' --zk.", r, r.Path, name)}
	}
	if !askable(host, isLocal(r.Ensemble)) {
		return Target{}, &Error{Category: NoLeader, Sentence: fmt.Sprintf(
			"ZooKeeper at %s says that %s leads, an address that is not asked because it means another machine from here: correct the master's --hostname, or list the masters' own addresses.", r, address)}
	}
	target := newTarget(r.scheme, host, port)
	target.ip = registeredIP(host, info.ip, isLocal(r.Ensemble))
	return target, nil
}

// isAddress reports whether a text is one host and port in a URL, and nothing more.
func isAddress(address string) bool {
	u, err := url.Parse("http://" + address)
	return err == nil && u.Host == address && u.User == nil && validHost(u.Hostname()) && u.Path == "" && checkPort(u.Port()) == nil
}

// serverFailure is why a server of ZooKeeper gave no response.
type serverFailure struct {
	server string
	took   time.Duration
	err    error
}

// unreachable is the error when no server of ZooKeeper answered.
func unreachable(failures []serverFailure) error {
	e := &Error{Category: Timeout}
	var said []string
	for _, f := range failures {
		if e.Err == nil {
			e.Err = f.err
		}
		switch {
		case errors.Is(f.err, zookeeper.ErrNotZooKeeper):
			e.Category = NotMesos
			said = append(said, f.server+" (something else answers there, or it speaks TLS, which is not supported: 2181 is ZooKeeper's port where nothing else was configured)")
		case isTimeout(f.err):
			said = append(said, fmt.Sprintf("%s (within %s)", f.server, seconds(f.took)))
		default:
			if e.Category == Timeout {
				e.Category = Network
			}
			said = append(said, fmt.Sprintf("%s (%s)", f.server, cause(f.err)))
		}
	}
	e.Sentence = fmt.Sprintf("No answer from ZooKeeper, which knows the masters, at %s: check the address in masters, that Grafana's server may connect to it, and that a quorum of ZooKeeper's servers is running.",
		strings.Join(said, ", "))
	return e
}
