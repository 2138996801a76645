package mesos

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// One GET request to one master or agent: what is sent, and what each status
// means.

// endpoint is an HTTP endpoint of a master or agent.
type endpoint struct {
	path string
	// limit is the most bytes of the unpacked body, where there is one for every
	// cluster; 0: the client's.
	limit int64
	// quick is true where a master answers at once, so that a long time-out is of
	// no use.
	quick bool
}

// The endpoints. Their addresses never have a query, because Mesos does the work of
// identical requests that wait at the same time once.
var (
	snapshotPage = endpoint{path: "/metrics/snapshot", limit: 64 << 20}
	statePage    = endpoint{path: "/state"}
	rolesPage    = endpoint{path: "/roles", limit: 64 << 20}
	versionPage  = endpoint{path: "/version", limit: 1 << 20, quick: true}
	flagsPage    = endpoint{path: "/flags", limit: 4 << 20, quick: true}
	redirectPage = endpoint{path: "/redirect", quick: true}

	statisticsPage = endpoint{path: "/monitor/statistics", limit: 64 << 20} // of an agent
)

// head is the head of a response: when it came, and its headers.
type head struct {
	Answer
	begun  time.Time // by the machine's clock, for what errors say of time
	header http.Header
}

// get requests an endpoint and decodes the response. Every other status than 200 is
// an error.
func (c *asker) get(ctx context.Context, target Target, page endpoint, into any) (head, error) {
	ctx, cancel := context.WithTimeout(ctx, c.patience(page))
	defer cancel()
	resp, h, err := c.send(ctx, target, page)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return h, refused(resp, target, page)
	}
	limit := c.maxBody
	if page.limit > 0 {
		limit = min(limit, page.limit)
	}
	err = decode(resp, target, page.path, limit, h.begun, &h.Answer, into)
	h.Took = c.now().Sub(h.Sent)
	return h, err
}

// send sends a request and returns when the head of the response has come.
func (c *asker) send(ctx context.Context, target Target, page endpoint) (*http.Response, head, error) {
	h := head{Answer: Answer{Target: target.Address, Sent: c.now()}}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, targetKey{}, target.URL.Host), http.MethodGet, target.at(page.path), nil)
	if err != nil {
		return nil, h, fmt.Errorf("asking %s for %s: %w", target.Address, page.path, err)
	}
	req.Header.Set("Accept", "application/json")
	// With this header net/http leaves the body packed; its own gunzip is slower.
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("User-Agent", "community-mesos-datasource")

	h.begun = time.Now()
	resp, err := c.http.Do(req)
	// By the clock that decides on polls: how long the master took counts there.
	// A test's clock does not move meanwhile, however busy its machine is.
	h.Head = c.now().Sub(h.Sent)
	if err != nil {
		return nil, h, failed(target, page.path, time.Since(h.begun), err)
	}
	h.header = resp.Header
	return resp, h, nil
}

// patience returns the time-out of an endpoint.
func (c *asker) patience(page endpoint) time.Duration {
	if page.quick {
		return min(c.timeout, quickTimeout)
	}
	return c.timeout
}

// refused returns the error of a response that is not 200.
func refused(resp *http.Response, target Target, page endpoint) error {
	// Mesos writes the reason as a line of text. It is only compared, never shown:
	// another server may write anything.
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	said := strings.ToLower(string(text))
	status := resp.StatusCode
	e := func(category Category, format string, args ...any) *Error {
		return &Error{Category: category, Target: target.Address, Sentence: fmt.Sprintf(target.words(format), args...)}
	}
	switch {
	case target.agent && status == http.StatusUnauthorized:
		return e(Auth, "The agent at %s requires valid credentials for %s (401): set or correct agentBasicAuthUser and agentBasicAuthPassword, or agentHeaders with their values; agents never get the masters' credentials.",
			target.Address, page.path)
	case target.agent && status == http.StatusNotFound:
		// Before it has recovered, an agent has its port open and knows no page.
		return e(NotMesos, "%s has no %s (404): the agent is starting, or something else answers there; check agentAddress.", target.Address, page.path)
	case status == http.StatusUnauthorized:
		return e(Auth, "The master at %s requires valid credentials for %s (401): set or correct the user and password of a principal that this master knows, under basic authentication.",
			target.Address, page.path)
	case status == http.StatusForbidden && strings.Contains(said, "is disabled"):
		return e(Forbidden, "The master at %s has %s disabled (403, by its --firewall_rules): allow it there.", target.Address, page.path)
	case status == http.StatusForbidden:
		return e(Forbidden, "The master at %s does not allow this principal to read %s (403): allow it in the master's ACLs (%s).",
			target.Address, page.path, acl(page))
	case !target.agent && status == http.StatusTemporaryRedirect && fromMesos(resp.Header.Get("Location")):
		moved := e(NoLeader, "The master at %s does not lead and points to another one for %s: a new leader is being elected; the next poll looks again.",
			target.Address, page.path)
		moved.moved = true
		return moved
	case status >= 300 && status < 400:
		return e(NotMesos, "%s answered %s with a redirect (%d) as Mesos does not: redirects are not followed, so write the masters' own addresses.",
			target.Address, page.path, status)
	case status == http.StatusServiceUnavailable && strings.Contains(said, "no leader"):
		none := e(NoLeader, "The master at %s knows of no leading master: check ZooKeeper and that a quorum of masters is running.", target.Address)
		none.moved = page != redirectPage
		return none
	case status == http.StatusServiceUnavailable && strings.Contains(said, "recover"):
		return e(Recovering, "The master at %s leads and has not recovered its registry yet: wait, and check that a quorum of masters is running.", target.Address)
	case status == http.StatusBadRequest && strings.Contains(said, "https"):
		return e(TLS, "No connection to the master at %s: %s.", target.Address, httpToHTTPS)
	case status == http.StatusProxyAuthRequired:
		return e(Network, "The proxy before %s requires credentials (407): correct the proxy's settings in Grafana.", target.Address)
	case status >= 502 && status <= 504:
		return e(Network, "Something before the master at %s answered %s with %d: check that the master is up, and proxies on the way.", target.Address, page.path, status)
	case status >= 500:
		return e(Protocol, "The master at %s failed at %s (%d): see the master's log.", target.Address, page.path, status)
	case status == http.StatusNotFound:
		return e(NotMesos, "%s has no %s (404), so this is not a Mesos master: check the address and port.", target.Address, page.path)
	}
	return e(NotMesos, "%s answered %s with %d, as no Mesos master does: check the address and port.", target.Address, page.path, status)
}

// acl returns the ACL for an endpoint (docs/authorization.md of Mesos).
func acl(page endpoint) string {
	switch page {
	case flagsPage:
		return "view_flags, and get_endpoints for " + page.path
	case rolesPage:
		return "view_roles"
	}
	return "get_endpoints for " + page.path
}

// fromMesos reports whether a redirect is Mesos' own to the leader: its Location has
// no scheme (//host:port/..., src/master/http.cpp).
func fromMesos(location string) bool {
	_, err := locationAddress(location)
	return err == nil
}

// locationAddress returns host:port of //host:port or //host:port/master/state.
func locationAddress(location string) (string, error) {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "" || u.User != nil || u.Hostname() == "" || checkPort(u.Port()) != nil {
		return "", fmt.Errorf("the Location is not //host:port")
	}
	return strings.ToLower(u.Host), nil
}
