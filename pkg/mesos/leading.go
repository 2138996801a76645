package mesos

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Whether the master that answered leads, by what the response says of itself.
// Before Mesos 1.0 a master that does not lead answers /state with 200 and an
// empty cluster (src/master/http.cpp of 0.28; later ones redirect), and /roles
// likewise: the status alone would make an outage of nothing but the leadership
// look like a cluster that lost everything.

// A leadership is what a response says about the leadership of its master.
type leadership int

const (
	unproven leadership = iota
	leading
	notLeading
)

// leadershipOf returns what a /state says about its master. `pid` is the master's own
// address, `leader` that of the master it takes for the leader, which is absent
// where it knows of none. `elected_time` proves nothing: a master keeps it when it
// has lost an election.
func leadershipOf(s *State) leadership {
	if s.Leader == "" {
		if len(s.Slaves) > 0 || len(s.Frameworks) > 0 {
			return unproven // only a leader has any
		}
		return notLeading
	}
	switch same, comparable := samePID(s.PID, s.Leader); {
	case comparable && same:
		return leading
	case comparable:
		return notLeading
	case s.LeaderInfo != nil && s.LeaderInfo.ID != "" && s.ID != "":
		if s.LeaderInfo.ID == s.ID {
			return leading
		}
		return notLeading
	}
	return unproven
}

// samePID reports whether two libprocess PIDs (master@ip:port) have the same
// address, and whether that can be told: libprocess writes IP addresses, and a host
// name cannot be compared with one.
func samePID(a, b string) (same, comparable bool) {
	a, b = pidAddress(a), pidAddress(b)
	if a == "" || b == "" {
		return false, false
	}
	if sameAddress(a, b) {
		return true, true
	}
	hostA, portA := splitAddress(a)
	hostB, portB := splitAddress(b)
	if portA != portB {
		return false, true
	}
	ipA, errA := netip.ParseAddr(hostA)
	ipB, errB := netip.ParseAddr(hostB)
	switch {
	case errA == nil && errB == nil:
		return ipA.Unmap() == ipB.Unmap(), true
	case errA == nil || errB == nil:
		return false, false
	}
	// master1 and master1.example.com may be the same machine.
	shortA, _, _ := strings.Cut(strings.ToLower(hostA), ".")
	shortB, _, _ := strings.Cut(strings.ToLower(hostB), ".")
	return false, shortA != shortB
}

// pidAddress returns host:port of a libprocess PID.
func pidAddress(pid string) string {
	return strings.TrimSpace(pid[strings.LastIndexByte(pid, '@')+1:])
}

// splitAddress returns host and port; the port is "" where there is none.
func splitAddress(address string) (host, port string) {
	if i := strings.LastIndexByte(address, ':'); i >= 0 && !strings.HasSuffix(address, "]") {
		address, port = address[:i], address[i+1:]
	}
	return strings.Trim(address, "[]"), port
}

// checkLeading returns an error if the master that answered /state does not lead.
// What the response leaves open only matters where the cluster is empty; then the
// master's own `master/elected` decides.
func (c *Client) checkLeading(ctx context.Context, s *State, target Target) error {
	empty := len(s.Slaves) == 0 && len(s.Frameworks) == 0
	c.mu.Lock()
	doubted := c.unelected == target.Address
	c.mu.Unlock()
	switch verdict := leadershipOf(s); {
	case verdict == notLeading:
		c.compareElected(ctx, target)
		return notLeader(target, s.Leader)
	case !empty:
		return nil
	case verdict == leading && s.ElectedTime > 0 && !doubted:
		return nil
	case verdict == leading:
		return c.confirm(ctx, target, true)
	}
	return c.confirm(ctx, target, false)
}

// compareElected notes whether a master that does not lead by its /state says in
// /metrics/snapshot that it does. Neither is believed then.
func (c *Client) compareElected(ctx context.Context, target Target) {
	metrics, err := share(ctx, c.flights, snapshotPage.path+" of "+target.Address, func(ctx context.Context) (*Metrics, error) {
		return c.snapshot(ctx, target)
	})
	if err == nil && metrics.Elected() {
		c.setDenied(target.Address)
	}
}

// setDenied sets the master that says both that it leads and that it does not; "": none.
func (c *Client) setDenied(address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.denied = address
}

// checkRoles returns an error if a /roles without any framework is that of a master
// that does not lead, while the /state before had frameworks: a master before 1.0
// answers its own roles whether it leads or not.
func (c *Client) checkRoles(ctx context.Context, r *Roles, target Target) error {
	c.mu.Lock()
	had := c.subscribed == target.Address
	c.mu.Unlock()
	if !had {
		return nil
	}
	for i := range r.Roles {
		if len(r.Roles[i].Frameworks) > 0 {
			return nil
		}
	}
	return c.confirm(ctx, target, true)
}

// confirm asks a master whether it leads, by `master/elected` of its
// /metrics/snapshot. believed decides where that cannot be read.
func (c *Client) confirm(ctx context.Context, target Target, believed bool) error {
	metrics, err := share(ctx, c.flights, snapshotPage.path+" of "+target.Address, func(ctx context.Context) (*Metrics, error) {
		return c.snapshot(ctx, target)
	})
	switch {
	case err == nil && metrics.Elected(), err != nil && believed && ctx.Err() == nil:
		return nil
	case ctx.Err() != nil:
		return err
	}
	return notLeader(target, "")
}

// notLeader returns the error of a 200 by a master that does not lead. leader is the
// `leader` in its response.
func notLeader(target Target, leader string) error {
	says := "it knows of no leader"
	if address := pidAddress(leader); address != "" {
		says = "it says that " + shorten(address) + " does"
	}
	return &Error{Category: NoLeader, Target: target.Address, moved: true, Sentence: fmt.Sprintf(
		"The master at %s was asked as the leader and does not lead, %s: a new leader is being elected; the next poll looks again.", target.Address, says)}
}

// freshlyElected is how long an empty cluster may be one whose leader has not
// read its registry yet.
const freshlyElected = 10 * time.Second

// reregistering is how long agents may take to come back to a new leader:
// --agent_reregister_timeout, after which it gives them up (10 min at least).
const reregistering = 10 * time.Minute

// notReady returns why a leader without agents is taken to be recovering, "" if its
// cluster is empty. While it recovers, the GET endpoints answer 200 with empty
// lists.
func (c *Client) notReady(state *State, target Target, header http.Header) string {
	if len(state.Slaves) > 0 {
		return ""
	}
	if n := len(state.RecoveredSlaves); n > 0 {
		return fmt.Sprintf("none of its %d agents has come back since it was elected", n)
	}
	// By the master's own clock where the response has it: ours may differ.
	now := state.Sent
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	elected := time.UnixMicro(int64(state.ElectedTime * 1e6))
	within := func(d time.Duration) bool {
		age := now.Sub(elected)
		return state.ElectedTime > 0 && age > -d && age < d
	}
	c.mu.Lock()
	unrecovered, before := c.unrecovered == target.Address, c.lastAgents
	c.mu.Unlock()
	// Masters before 1.2 do not list agents that have not come back. The election is after
	// the last /state of the leader before, whatever the master's clock says.
	if state.RecoveredSlaves == nil && before.agents > 0 && before.elected != state.ElectedTime &&
		(within(reregistering) || state.Sent.Sub(before.at) < reregistering) {
		return fmt.Sprintf("none of the %d agents that the leader before it had has come back since it was elected", before.agents)
	}
	if len(state.Frameworks) > 0 {
		return ""
	}
	if unrecovered {
		return "its replicated log is not recovered: a quorum of masters must be running (--quorum)"
	}
	if within(freshlyElected) {
		return "it was elected seconds ago and does not know any agent yet"
	}
	return ""
}

// countsAgents returns why a /state without any agent is not that of an empty cluster:
// the master's snapshot counts some.
func (c *Client) countsAgents(ctx context.Context, target Target) string {
	metrics, err := share(ctx, c.flights, snapshotPage.path+" of "+target.Address, func(ctx context.Context) (*Metrics, error) {
		return c.snapshot(ctx, target)
	})
	if err != nil {
		return ""
	}
	if n := metrics.Values["master/slaves_active"] + metrics.Values["master/slaves_inactive"]; n > 0 {
		return fmt.Sprintf("its /state lists no agent while its /metrics/snapshot counts %g", n)
	}
	return ""
}

// agentsOfLeader is how many agents a leader listed last, when that was, and when it was
// elected.
type agentsOfLeader struct {
	agents  int
	elected float64
	at      time.Time
}

// noteState remembers what later responses are compared with.
func (c *Client) noteState(s *State, target Target) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subscribed = ""
	if len(s.Frameworks) > 0 {
		c.subscribed = target.Address
	}
	c.lastAgents = agentsOfLeader{len(s.Slaves), s.ElectedTime, s.Sent}
}
