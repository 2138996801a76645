package mesos

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Who leads. ZooKeeper tells, where the masters are found through it (see
// zookeeper.go). Else every master tells at /redirect: a 307 to //host:port of the
// leader, also from the leader itself, or 503 when it knows none. While a
// leader is dead and ZooKeeper has not noticed yet, followers still name the
// dead one, so an address that just failed counts only when nobody names
// another.

// Leader is the leading master: as known, or found by asking the masters.
func (c *Client) Leader(ctx context.Context) (Target, error) {
	if leader, ok := c.remembered(); ok {
		return leader, nil
	}
	return c.find(ctx, "")
}

// Forget makes the next request look for the leader again.
func (c *Client) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = nil
}

func (c *Client) remembered() (Target, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leader == nil {
		return Target{}, false
	}
	return *c.leader, true
}

// Followers are the masters that do not lead: of those configured, or of those
// that ZooKeeper has now; while it does not answer, of those it had last. While
// no leader can be found none of them is known to lead, so they are all the
// masters.
func (c *Client) Followers(ctx context.Context) []Target {
	if c.registry != nil {
		// Why it fails is told by who asks the leader.
		_, _ = c.registered(ctx)
	}
	leader, err := c.Leader(ctx)
	if err != nil {
		return c.Masters()
	}
	var followers []Target
	for _, master := range c.Masters() {
		if master.Address != leader.Address {
			followers = append(followers, master)
		}
	}
	return followers
}

// find asks the masters who leads, and remembers the answer. failed is the
// address that was believed to lead until now, or "".
func (c *Client) find(ctx context.Context, failed string) (Target, error) {
	return share(ctx, c.flights, "leader but not "+failed, func(ctx context.Context) (Target, error) {
		// Another search may have ended since the caller looked.
		if leader, ok := c.remembered(); ok && failed == "" {
			return leader, nil
		}
		leader, err := c.search(ctx, failed)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.leader = nil
		if err == nil {
			c.leader = &leader
		}
		return leader, err
	})
}

// registered asks ZooKeeper for the masters, the leader first, and remembers
// them.
func (c *Client) registered(ctx context.Context) ([]Target, error) {
	return share(ctx, c.flights, "ZooKeeper", func(ctx context.Context) ([]Target, error) {
		masters, err := c.registry.masters(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil || CategoryOf(err) == NoLeader {
			c.masters = masters
		}
		return masters, err
	})
}

func (c *Client) search(ctx context.Context, failed string) (Target, error) {
	if c.registry != nil {
		masters, err := c.registered(ctx)
		if err != nil {
			return Target{}, err
		}
		return masters[0], nil
	}
	var (
		failures []error
		stranger string  // a leader that is none of our masters
		stale    *Target // the one that failed, still named
	)
	for _, master := range c.masters {
		address, err := c.named(ctx, master)
		if ctx.Err() != nil {
			return Target{}, ctx.Err()
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		leader := known(c.masters, address)
		switch {
		case leader == nil:
			stranger = address
		case leader.Address == failed:
			stale = leader
		default:
			return *leader, nil
		}
	}
	if stranger != "" {
		return c.introduced(ctx, stranger)
	}
	if stale != nil {
		return *stale, nil
	}
	return Target{}, gravest(failures)
}

// named asks a master who leads: host:port.
func (c *Client) named(ctx context.Context, master Target) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.patience(redirectPage))
	defer cancel()
	resp, _, err := c.send(ctx, master, redirectPage)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusTemporaryRedirect {
		if address, err := locationAddress(resp.Header.Get("Location")); err == nil {
			// Read to its end, or the connection cannot be used again.
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
			return address, nil
		}
	}
	if resp.StatusCode == http.StatusOK {
		return "", &Error{Category: NotMesos, Target: master.Address, Sentence: fmt.Sprintf(
			"%s answered %s with a page, where Mesos names its leader: this is not a Mesos master; check the address and port.", master.Address, redirectPage.path)}
	}
	return "", refused(resp, master, redirectPage)
}

// introduced finds the leader when its name is none of the configured ones. It
// may well be one of them under another name (an address here, the master's
// --hostname there), which the masters' own metrics tell. A real stranger gets
// no request, for it would get the credentials as well; but who configured a
// single address meant the cluster behind it.
func (c *Client) introduced(ctx context.Context, stranger string) (Target, error) {
	for _, master := range c.masters {
		if c.leads(ctx, master) {
			return master, nil
		}
	}
	if ctx.Err() != nil {
		return Target{}, ctx.Err()
	}
	if len(c.masters) > 1 {
		return Target{}, &Error{Category: NoLeader, Sentence: fmt.Sprintf(
			"The masters say that %s leads, which is not one of the configured masters: add its address to them.", stranger)}
	}
	host, port, err := net.SplitHostPort(stranger)
	if err != nil || !askable(host, isLoopback(c.masters[0].URL.Hostname())) {
		return Target{}, &Error{Category: NoLeader, Target: c.masters[0].Address, Sentence: fmt.Sprintf(
			"The master at %s says that %s leads, an address that is not asked because it means another machine from here: list the addresses of all masters, or correct the master's --hostname.", c.masters[0].Address, stranger)}
	}
	return newTarget(c.masters[0].URL.Scheme, host, port), nil
}

// leads asks a master whether it leads. A principal that may not read the
// metrics can still tell: a follower redirects /roles.
func (c *Client) leads(ctx context.Context, master Target) bool {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	metrics := Metrics{}
	_, err := c.get(ctx, master, snapshotPage, (*readings)(&metrics.Values))
	if CategoryOf(err) == Forbidden {
		_, err = c.get(ctx, master, rolesPage, new(Roles))
		return err == nil
	}
	return err == nil && metrics.Elected()
}

// gravest picks the error that says most about why no leader was found: what a
// master says goes before not hearing from one.
func gravest(failures []error) error {
	order := []Category{NoLeader, Auth, Forbidden, TLS, NotMesos, Protocol, Recovering, Timeout, Network}
	for _, category := range order {
		for _, err := range failures {
			if CategoryOf(err) == category {
				return ofAll(failures, err.(*Error))
			}
		}
	}
	return failures[0]
}

// ofAll says that one error of several masters is shown.
func ofAll(failures []error, shown *Error) error {
	if len(failures) == 1 {
		return shown
	}
	var others []string
	for _, err := range failures {
		if e, ok := err.(*Error); ok && e != shown {
			others = append(others, fmt.Sprintf("%s (%s)", e.Target, e.Category))
		}
	}
	e := *shown
	e.Sentence += " The other masters did not name a leader either: " + strings.Join(others, ", ") + "."
	return &e
}
