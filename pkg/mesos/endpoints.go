package mesos

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The endpoints of the leader, and why a response of 200 may not be used: a
// follower's zeros, a leader that has not recovered, another program's JSON.

// Snapshot returns /metrics/snapshot of the leader. It checks `master/elected` in
// the response, so that a follower's values (all 0) are never used.
func (c *Client) Snapshot(ctx context.Context) (*Metrics, error) {
	return ofLeader(ctx, c, snapshotPage, func(ctx context.Context, target Target) (*Metrics, error) {
		metrics, err := c.snapshot(ctx, target)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.unelected = ""
		if !metrics.Elected() {
			c.unelected = target.Address
		}
		denied := c.denied == target.Address
		c.mu.Unlock()
		if !metrics.Elected() {
			return nil, notElected(target)
		}
		if denied {
			return nil, saysBoth(target)
		}
		// 0 while the replicated log waits for its quorum; a registry in memory
		// has no such key.
		recovered, known := metrics.Values["registrar/log/recovered"]
		waiting := known && recovered == 0
		c.mu.Lock()
		c.unrecovered = ""
		if waiting {
			c.unrecovered = target.Address
		}
		c.mu.Unlock()
		if waiting {
			return nil, recovering(target, "its replicated log is not recovered: a quorum of masters must be running (--quorum)")
		}
		return metrics, nil
	})
}

// SnapshotOf returns /metrics/snapshot of one master, leading or not: see
// Metrics.Elected. Only masters of this client can be asked.
func (c *Client) SnapshotOf(ctx context.Context, target Target) (*Metrics, error) {
	leader, ok := c.remembered()
	if known(c.Masters(), target.Address) == nil && (!ok || leader.Address != target.Address) {
		return nil, fmt.Errorf("%s is not one of the cluster's masters", target.Address)
	}
	return share(ctx, c.flights, snapshotPage.path+" of "+target.Address, func(ctx context.Context) (*Metrics, error) {
		return c.snapshot(ctx, target)
	})
}

func (c *Client) snapshot(ctx context.Context, target Target) (*Metrics, error) {
	metrics := &Metrics{Values: map[string]float64{}}
	h, err := c.get(ctx, target, snapshotPage, (*readings)(&metrics.Values))
	if err != nil {
		return nil, err
	}
	metrics.Answer = h.Answer
	if _, ok := metrics.Values["master/elected"]; ok {
		c.noteMaster(target)
		return metrics, nil
	}
	for key := range metrics.Values {
		if strings.HasPrefix(key, "slave/") {
			return nil, notMaster(target, agentsMetrics)
		}
	}
	return nil, notMaster(target, "lacks master/elected, which every Mesos master has: check the address and port.")
}

// State returns /state of the leader. An elected master that does not know its
// agents yet is an error of the category recovering, and a master that does not
// lead one of the category no_leader, not an empty cluster. Links
// that are not http(s) and secrets in flags are removed.
func (c *Client) State(ctx context.Context) (*State, error) {
	return ofLeader(ctx, c, statePage, c.state)
}

// state requests /state of a master, and returns an error if it does not lead or
// does not know its agents yet.
func (c *Client) state(ctx context.Context, target Target) (*State, error) {
	state := &State{EndedSince: c.wantedEnded(c.now())}
	h, err := c.get(ctx, target, statePage, state)
	c.setDenied("")
	if err != nil {
		return nil, err
	}
	if state.Slaves == nil || state.Frameworks == nil || state.ID == "" {
		return nil, c.lacking(target, statePage, "id, slaves or frameworks")
	}
	state.Answer = h.Answer
	if err := c.checkLeading(ctx, state, target); err != nil {
		return nil, err
	}
	why := c.notReady(state, target, h.header)
	if why == "" && len(state.Slaves) == 0 && state.ActivatedSlaves == 0 {
		why = c.countsAgents(ctx, target)
	}
	if why != "" {
		return nil, recovering(target, why)
	}
	c.noteState(state, target)
	sent := state.Sent // a pointer into state would keep all of it
	c.lastState.Store(&sent)
	c.noteMaster(target)
	redact(state.Flags)
	for i := range state.Frameworks {
		state.Frameworks[i].WebUIURL = safeLink(state.Frameworks[i].WebUIURL)
	}
	for i := range state.CompletedFrameworks {
		state.CompletedFrameworks[i].WebUIURL = safeLink(state.CompletedFrameworks[i].WebUIURL)
	}
	return state, nil
}

// notElected returns the error of a snapshot in which the master says that it is not the
// leader.
func notElected(target Target) error {
	sentence := "The master at %s was named as the leader and does not lead: a new leader is being elected; the next poll looks again."
	if target.path() != "" {
		sentence = "The master that answers at %s does not lead: a new leader is being elected, or the router before it does not pass requests on to the leader; the next poll looks again."
	}
	return &Error{Category: NoLeader, Target: target.Address, moved: true, Sentence: fmt.Sprintf(sentence, target.Address)}
}

// saysBoth returns the error of a snapshot of a master that leads by it and does not by
// /state.
func saysBoth(target Target) error {
	return &Error{Category: NoLeader, Target: target.Address, moved: true, Sentence: fmt.Sprintf(
		"The master at %s leads by its /metrics/snapshot (master/elected is 1) and does not by its /state, so that neither is believed: see its log, or the router or load balancer before it.", target.Address)}
}

const agentsMetrics = "has the metrics of an agent: write the address of a master, whose port is 5050 where nothing else was configured."

func recovering(target Target, why string) error {
	return &Error{Category: Recovering, Target: target.Address, Sentence: fmt.Sprintf(
		"The leader at %s is recovering, %s. Figures come back when it is ready.", target.Address, why)}
}

func notMaster(target Target, why string) error {
	return &Error{Category: NotMesos, Target: target.Address, Sentence: fmt.Sprintf("The answer of %s %s", target.Address, why)}
}

// noteMaster notes that a target has answered as only a master does.
func (c *asker) noteMaster(target Target) { c.proven.Store(target.Address, true) }

// isMaster reports whether a target has answered as only a master does: its address is
// right then, whatever a page of it lacks.
func (c *asker) isMaster(target Target) bool {
	_, proven := c.proven.Load(target.Address)
	return proven
}

// lookOnTheWay is what to do where a page of a master is not what it should be.
const lookOnTheWay = "by its other pages this is a master, so see its log, and the router or proxy on the way"

// lacking returns the error of a page that lacks what the page of every master has.
func (c *asker) lacking(target Target, page endpoint, what string) error {
	todo := "check the address and port"
	if c.isMaster(target) {
		todo = lookOnTheWay
	}
	return &Error{Category: NotMesos, Target: target.Address, Sentence: fmt.Sprintf(
		"The answer of %s lacks %s, which %s of every Mesos master has: %s.", target.Address, what, page.path, todo)}
}

// Roles returns /roles of the leader. While a leader recovers it answers 200 with no
// roles; State returns an error then.
func (c *Client) Roles(ctx context.Context) (*Roles, error) {
	return ofLeader(ctx, c, rolesPage, func(ctx context.Context, target Target) (*Roles, error) {
		roles := new(Roles)
		h, err := c.get(ctx, target, rolesPage, roles)
		if err != nil {
			return nil, err
		}
		if roles.Roles == nil {
			return nil, c.lacking(target, rolesPage, "roles")
		}
		if err := c.checkRoles(ctx, roles, target); err != nil {
			return nil, err
		}
		roles.Answer = h.Answer
		return roles, nil
	})
}

// Version returns /version of the leader, which every principal may read.
func (c *Client) Version(ctx context.Context) (*Version, error) {
	return ofLeader(ctx, c, versionPage, func(ctx context.Context, target Target) (*Version, error) {
		version := new(Version)
		h, err := c.get(ctx, target, versionPage, version)
		if err != nil {
			return nil, err
		}
		if version.Version == "" {
			return nil, c.lacking(target, versionPage, "version")
		}
		version.Answer = h.Answer
		return version, nil
	})
}

// Flags returns /flags of the leader, with the values of flags that may hold a
// secret replaced by Redacted.
func (c *Client) Flags(ctx context.Context) (*Flags, error) {
	return ofLeader(ctx, c, flagsPage, func(ctx context.Context, target Target) (*Flags, error) {
		flags := new(Flags)
		h, err := c.get(ctx, target, flagsPage, flags)
		if err != nil {
			return nil, err
		}
		if flags.Flags == nil {
			return nil, c.lacking(target, flagsPage, "flags")
		}
		redact(flags.Flags)
		flags.Answer = h.Answer
		return flags, nil
	})
}

// ofLeader queries the leader, and once more if another master leads now: if the
// response is a follower's, or the connection failed and the masters name another
// leader.
func ofLeader[T any](ctx context.Context, c *Client, page endpoint, ask func(context.Context, Target) (T, error)) (T, error) {
	return share(ctx, c.flights, page.path, func(ctx context.Context) (T, error) {
		var none T
		leader, err := c.Leader(ctx)
		if err != nil {
			return none, err
		}
		value, err := ask(ctx, leader)
		if err == nil || !lost(err) {
			return value, err
		}
		c.Forget()
		if CategoryOf(err) == Timeout { // the time of this poll is used up
			return none, err
		}
		next, unknown := c.find(ctx, search{failed: leader.Address, moved: moved(err)})
		switch {
		case CategoryOf(unknown) == NoLeader:
			return none, unknown
		case unknown != nil:
			return none, err
		case next.Address == leader.Address && !moved(err):
			c.Forget()
			return none, err
		}
		value, err = ask(ctx, next)
		if err != nil && lost(err) {
			c.Forget()
		}
		return value, err
	})
}

func moved(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.moved
}

// lost reports whether an error may mean that this is not the leader any more.
func lost(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok && e.lacks {
		return false
	}
	switch CategoryOf(err) {
	case NoLeader, Network, Timeout, TLS, NotMesos:
		return true
	}
	return false
}
