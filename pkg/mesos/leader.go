package mesos

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Which master leads is found through ZooKeeper if the masters are (zookeeper.go),
// else by asking every master's /redirect: a 307 to //host:port of the leader (before
// 0.23 http://host:port), also from the leader itself, or 503 if it knows none, before
// 1.0 a 307 to itself. While a leader is dead and ZooKeeper has not noticed yet,
// followers name the dead one, so an address that just failed counts only if no master
// names another.

// Leader returns the leading master: the one found last, or found now by asking
// the masters.
func (c *Client) Leader(ctx context.Context) (Target, error) {
	if leader, ok := c.remembered(); ok {
		return leader, nil
	}
	return c.find(ctx, search{})
}

// Forget makes the next request find the leader again.
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

// Followers returns the masters that do not lead: of those configured, or of those
// that ZooKeeper has now; while it does not answer, of those it had last. While
// no leader can be found it returns all masters.
func (c *Client) Followers(ctx context.Context) []Target {
	if c.detector != nil {
		// Its error is returned by the requests to the leader.
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

// search is why the leader is looked for.
type search struct {
	failed string // the address that was believed to lead until now; "" for none
	moved  bool   // it answered, and does not lead
}

// find finds the leader and remembers it.
func (c *Client) find(ctx context.Context, why search) (Target, error) {
	key := fmt.Sprintf("leader but not %s, %t", why.failed, why.moved)
	return share(ctx, c.flights, key, func(ctx context.Context) (Target, error) {
		// Another search may have ended since the caller looked.
		if leader, ok := c.remembered(); ok && why.failed == "" {
			return leader, nil
		}
		leader, err := c.search(ctx, why)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.leader = nil
		if err == nil {
			c.leader = &leader
		}
		return leader, err
	})
}

// registered returns the masters in ZooKeeper, the leader first, and remembers
// them.
func (c *Client) registered(ctx context.Context) ([]Target, error) {
	return share(ctx, c.flights, "ZooKeeper", func(ctx context.Context) ([]Target, error) {
		masters, err := c.detector.masters(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil || CategoryOf(err) == NoLeader {
			c.masters = masters
		}
		return masters, err
	})
}

func (c *Client) search(ctx context.Context, why search) (Target, error) {
	if c.detector != nil {
		masters, err := c.registered(ctx)
		if err != nil {
			return Target{}, err
		}
		return masters[0], nil
	}
	var (
		failures []error
		unlisted string  // a leader that is not among the configured masters
		stale    *Target // the leader that failed, if a master names it
	)
	for _, master := range c.masters {
		leader, address, err := c.named(ctx, master)
		if ctx.Err() != nil {
			return Target{}, ctx.Err()
		}
		switch {
		case err != nil:
			failures = append(failures, err)
		case leader == nil:
			unlisted = address
		case leader.Address == why.failed:
			stale = leader
		default:
			return *leader, nil
		}
	}
	if unlisted != "" {
		return c.unlistedLeader(ctx, unlisted, why)
	}
	if stale != nil {
		return *stale, nil
	}
	return Target{}, gravest(failures)
}

// named returns the leader that a master names: one of the configured masters, or
// nil and the host:port of another.
func (c *Client) named(ctx context.Context, master Target) (*Target, string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.patience(redirectPage))
	defer cancel()
	resp, _, err := c.send(ctx, master, redirectPage)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	at, readable := readLocation(resp.Header.Get("Location"), master)
	if resp.StatusCode == http.StatusTemporaryRedirect && readable && !at.secures(master) {
		leader := at.master(c.masters, redirectPage)
		address, ok := at.leader(redirectPage)
		if leader != nil || ok {
			// Read to its end, or the connection cannot be used again.
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
			return leader, address, nil
		}
	}
	if resp.StatusCode == http.StatusOK {
		return nil, "", c.notRedirect(resp, master)
	}
	if resp.StatusCode == http.StatusNotFound {
		if agent := c.agentInstead(ctx, master); agent != nil {
			return nil, "", agent
		}
	}
	return nil, "", c.refused(resp, master, redirectPage)
}

// agentInstead returns the error where an agent answers in place of a master, nil
// where something else does.
func (c *Client) agentInstead(ctx context.Context, master Target) error {
	metrics := Metrics{}
	if _, err := c.get(ctx, master, snapshotPage, (*readings)(&metrics.Values)); err != nil {
		return nil
	}
	for key := range metrics.Values {
		if strings.HasPrefix(key, "slave/") {
			return notMaster(master, agentsMetrics)
		}
	}
	return nil
}

// notRedirect returns the error where a master should name its leader, and a page is
// there.
func (c *Client) notRedirect(resp *http.Response, master Target) error {
	begin := make([]byte, 512)
	n, _ := io.ReadFull(resp.Body, begin)
	why := fmt.Sprintf("this is not a Mesos master; check the address and port (%s)", portsOfOthers)
	what := "a page"
	if isWebPage(begin[:n]) {
		what, why = "a web page", strings.TrimSuffix(c.advice.webPage(master), ".")
	}
	return &Error{Category: NotMesos, Target: master.Address, Sentence: fmt.Sprintf(
		"%s answered %s with %s, where Mesos names its leader: %s.", master.Address, redirectPage.path, what, why)}
}

// unlistedLeader returns the leader if the address that the masters name is not
// among the configured ones. It may be one of them under another name (an IP
// address here, the master's --hostname there), which the masters' own metrics
// show. Any other host gets no request, since it would get the credentials with
// it; except where a single address without a path is configured, which stands for
// the cluster behind it. An address with a path is a router's, which finds the leader
// by itself and names one that only it can reach.
func (c *Client) unlistedLeader(ctx context.Context, address string, why search) (Target, error) {
	only := c.masters[0]
	if len(c.masters) == 1 && only.path() != "" {
		return only, nil
	}
	for _, master := range c.masters {
		if why.moved && master.Address == why.failed {
			continue // a load balancer would be asked again, and answer for another master
		}
		if c.leads(ctx, master) {
			return master, nil
		}
	}
	if ctx.Err() != nil {
		return Target{}, ctx.Err()
	}
	if len(c.masters) > 1 {
		return Target{}, &Error{Category: NoLeader, Sentence: fmt.Sprintf(
			"The masters say that %s leads, which is not one of the configured masters: add its address to them.", address)}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || !askable(host, isLoopback(only.URL.Hostname())) {
		return Target{}, &Error{Category: NoLeader, Target: only.Address, Sentence: fmt.Sprintf(
			"The master at %s says that %s leads, an address that is not asked because it means another machine from here: list the addresses of all masters, or correct the master's --hostname.", only.Address, address)}
	}
	leader := newTarget(only.URL.Scheme, host, port)
	leader.namedBy = only.Address
	return leader, nil
}

// leads reports whether a master leads. Where the principal may not read the
// metrics, /roles shows it: a follower redirects it.
func (c *Client) leads(ctx context.Context, master Target) bool {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	metrics := Metrics{}
	_, err := c.get(ctx, master, snapshotPage, (*readings)(&metrics.Values))
	if CategoryOf(err) == Forbidden {
		if _, err = c.get(ctx, master, rolesPage, new(Roles)); err != nil {
			return false
		}
		_, err = c.state(whole, master) // before 1.0 a follower answers /roles, too
		return err == nil
	}
	return err == nil && metrics.Elected()
}

// gravest returns the error that says most about why no leader was found: a
// response of a master before the lack of one.
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

// ofAll adds to the shown error which other masters failed, and how.
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
