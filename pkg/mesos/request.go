package mesos

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// One request to one master or agent: what is sent, and what each status means.

// endpoint is an HTTP endpoint of a master or agent.
type endpoint struct {
	path string
	// post is the body of a POST; "": it is a GET.
	post string
	// old is its path before it had that one; "": it was not there, or had the same.
	old string
	// limit is the most bytes of the unpacked body, where there is one for every
	// cluster; 0: the client's.
	limit int64
	// lacking is why a master may lack it: its 404 is no sign of another program.
	lacking string
	// query is what is asked for, of /files; "" of all others.
	query string
	// named is true where the query names a thing: a 404 says that there is none.
	named bool
	// quick is true where a master answers at once, so that a long time-out is of
	// no use.
	quick bool
}

// asked returns the query of an address, with its question mark.
func (e endpoint) asked() string {
	if e.query == "" {
		return ""
	}
	return "?" + e.query
}

// The endpoints. Their addresses have no query but for files, because Mesos does the work of
// identical requests that wait at the same time once.
var (
	snapshotPage = endpoint{path: "/metrics/snapshot", limit: 64 << 20}
	statePage    = endpoint{path: "/state", old: "/state.json"}
	rolesPage    = endpoint{path: "/roles", old: "/roles.json", limit: 64 << 20, lacking: "quota, weight and reservations of roles are missing. Look for a proxy that lets only some paths pass"}
	versionPage  = endpoint{path: "/version", limit: 1 << 20, quick: true, lacking: before026}
	flagsPage    = endpoint{path: "/flags", limit: 4 << 20, quick: true, lacking: before026}
	redirectPage = endpoint{path: "/redirect", quick: true}

	statisticsPage = endpoint{path: "/monitor/statistics", old: "/monitor/statistics.json", limit: 64 << 20} // of an agent
)

const before026 = "Mesos before 0.26 has none"

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
	resp, h, page, err := c.sendEither(ctx, target, page)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return h, c.refused(resp, target, page)
	}
	limit := c.maxBody
	if page.limit > 0 {
		limit = min(limit, page.limit)
	}
	err = c.decode(resp, target, page, limit, h.begun, &h.Answer, into)
	h.Took = c.now().Sub(h.Sent)
	return h, err
}

// sendEither sends a request for an endpoint by its path, or by its old one where the
// target has only that: Mesos has /state, /roles and /monitor/statistics since 0.25, and
// before that only with .json, which it has no longer since 1.8. Which one a target has
// is remembered until it has it no more. It returns the endpoint that was asked.
func (c *asker) sendEither(ctx context.Context, target Target, page endpoint) (*http.Response, head, endpoint, error) {
	if page.old == "" {
		resp, h, err := c.send(ctx, target, page)
		return resp, h, page, err
	}
	former := page
	former.path = page.old
	known := spelling{target.Address, page.path}
	first, second := page, former
	if _, old := c.old.Load(known); old {
		first, second = former, page
	}
	resp, h, err := c.send(ctx, target, first)
	if err != nil || resp.StatusCode != http.StatusNotFound {
		return resp, h, first, err
	}
	other, otherHead, err := c.send(ctx, target, second)
	if err != nil || other.StatusCode == http.StatusNotFound {
		// It has neither: the error is about the one that it should have.
		if err == nil {
			other.Body.Close()
		}
		return resp, h, page, nil
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10))
	resp.Body.Close()
	if second == former {
		c.old.Store(known, struct{}{})
	} else {
		c.old.Delete(known)
	}
	return other, otherHead, second, nil
}

// spelling is the path of an endpoint at one target.
type spelling struct{ address, path string }

// send sends a request and returns when the head of the response has come.
func (c *asker) send(ctx context.Context, target Target, page endpoint) (*http.Response, head, error) {
	h := head{Answer: Answer{Target: target.Address, Sent: c.now()}}
	method, body := http.MethodGet, io.Reader(nil)
	if page.post != "" {
		method, body = http.MethodPost, strings.NewReader(page.post)
	}
	req, err := http.NewRequestWithContext(context.WithValue(withRegistered(ctx, target), targetKey{}, target.URL.Host), method, target.at(page.path)+page.asked(), body)
	if err != nil {
		return nil, h, fmt.Errorf("asking %s for %s: %w", target.Address, page.path, err)
	}
	req.Header.Set("Accept", "application/json")
	// With this header net/http leaves the body packed; its own gunzip is slower.
	req.Header.Set("Accept-Encoding", "gzip")
	if page.post != "" { // application/json alone: with a charset Mesos answers 415
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-Encoding", "identity")
	}
	req.Header.Set("User-Agent", "community-mesos-datasource")

	h.begun = time.Now()
	var connected atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }}))
	resp, err := c.http.Do(req)
	// By the clock that decides on polls: how long the master took counts there.
	// A test's clock does not move meanwhile, however busy its machine is.
	h.Head = c.now().Sub(h.Sent)
	if err != nil {
		return nil, h, c.failed(target, page, time.Since(h.begun), connected.Load(), err)
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
func (c *asker) refused(resp *http.Response, target Target, page endpoint) error {
	// Mesos writes the reason as a line of text. It is only compared, never shown:
	// another server may write anything.
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	said := strings.ToLower(string(text))
	html := strings.HasPrefix(strings.TrimSpace(said), "<")
	status := resp.StatusCode
	kind, address := target.kind(), target.Address
	e := func(category Category, format string, args ...any) *Error {
		return &Error{Category: category, Target: address, Sentence: fmt.Sprintf(format, args...)}
	}
	former := ""
	if page.old != "" {
		former = ", nor " + page.old + " of Mesos before 0.25"
	}
	switch {
	case status == http.StatusUnauthorized:
		return e(Auth, "%s", c.advice.unauthorized(target, page.path, resp.Header))
	case page.named && status == http.StatusNotFound:
		none := e(NotMesos, "The agent at %s has no such file (any more): it deletes sandboxes some time after the end of their tasks.", address)
		none.missing = true
		return none
	case target.agent && status == http.StatusNotFound:
		// Before it has recovered, an agent has its port open and knows no page.
		return e(NotMesos, "%s has no %s (404)%s: the agent is starting, or something else answers there; check agentAddress.", address, page.path, former)
	case status == http.StatusForbidden && strings.Contains(said, "is disabled"):
		return e(Forbidden, "The %s at %s has %s disabled (403, by its --firewall_rules): allow it there.", kind, address, page.path)
	case status == http.StatusForbidden:
		return e(Forbidden, "%s", c.advice.forbidden(target, page, html))
	case status >= 300 && status < 400:
		return c.redirected(resp, target, page, e)
	case !target.agent && status == http.StatusServiceUnavailable && strings.Contains(said, "no leader"):
		none := e(NoLeader, "The master at %s knows of no leading master: check ZooKeeper and that a quorum of masters is running.", address)
		none.moved = page != redirectPage
		return none
	case target.agent && status == http.StatusServiceUnavailable && strings.Contains(said, "recover"):
		return e(Recovering, "The agent at %s has not finished recovery: wait, and see the agent's log if this stays.", address)
	case status == http.StatusServiceUnavailable && strings.Contains(said, "recover"):
		return e(Recovering, "The master at %s leads and has not recovered its registry yet: wait, and check that a quorum of masters is running.", address)
	case status == http.StatusBadRequest && strings.Contains(said, "https"):
		return e(TLS, "No connection to the %s at %s: %s.", kind, address, httpToHTTPS(target))
	case status == http.StatusProxyAuthRequired:
		return e(Network, proxyLogin, kind, address)
	case status == http.StatusTooManyRequests:
		return e(Network, "The %s at %s, or a proxy before it, allows no more requests (429): raise its limit for Grafana's server, or raise pollInterval.", kind, address)
	case status >= 502 && status <= 504:
		return e(Network, "Something before the %s at %s answered %s with %d: check that the %s is up, and proxies on the way.", kind, address, page.path, status, kind)
	case status >= 500:
		return e(Protocol, "The %s at %s failed at %s (%d): see the %s's log.", kind, address, page.path, status, kind)
	case resp.Header.Get("X-Marathon-Leader") != "":
		return e(NotMesos, "What answers at %s is Marathon (port 8080 where nothing else was configured): write the address of the Mesos master, whose port is 5050.", address)
	case status == http.StatusNotFound && page.lacking != "":
		lacks := e(NotMesos, "%s has no %s (404)%s: %s.", address, page.path, former, page.lacking)
		lacks.lacks = true
		return lacks
	// What has no /redirect either is a master no longer, whatever it was before.
	case status == http.StatusNotFound && !target.agent && page.path != redirectPage.path && c.isMaster(target):
		return e(NotMesos, "%s has no %s (404)%s: %s.", address, page.path, former, lookOnTheWay)
	case status == http.StatusNotFound && target.path() != "":
		return e(NotMesos, "%s has no %s (404)%s: check that a Mesos master answers below the path %s.", address, page.path, former, target.path())
	case status == http.StatusNotFound:
		return e(NotMesos, "%s has no %s (404)%s, so this is not a Mesos master: check the address and port (%s).", address, page.path, former, portsOfOthers)
	}
	return e(NotMesos, "%s answered %s with %d, as no Mesos %s does: check %s.", address, page.path, status, kind, target.setting())
}

// portsOfOthers helps to see what answers in place of a master.
const portsOfOthers = "5050 is a master's where nothing else was configured, 5051 an agent's, 8080 Marathon's"

// redirect returns what a redirect that is not Mesos' own means, and what to do.
func (a Advice) redirect(target Target, location string) string {
	to, err := url.Parse(location)
	own := "masters' own addresses"
	if target.agent {
		own = "agents' own addresses (agentAddress)"
	}
	switch {
	case err == nil && target.URL.Scheme == "http" && to.Scheme == "https" && strings.EqualFold(to.Hostname(), target.URL.Hostname()):
		return "it leads to https at the same host; " + writeHTTPS(target, to)
	case err == nil && loginPath.MatchString(to.Path) || err == nil && loginPath.MatchString(to.Hostname()):
		return "it leads to a login, before which nobody is let in without a session; " + a.login(target)
	}
	return "redirects are not followed, so write the " + own
}

// writeHTTPS returns which setting has the address that answers by https, and how to write it.
func writeHTTPS(target Target, to *url.URL) string {
	switch port := portOf(to); {
	case !target.agent:
		return "write https:// in the address"
	case target.path() != "": // a router's, whose address is written as it is
		return "write https:// in agentAddress"
	case port == target.URL.Port():
		return "write https:// in agentAddress, such as https://{hostname}:{port}"
	default:
		return "write https:// and its port in agentAddress, such as https://{hostname}:" + port
	}
}

// loginPath matches paths and hosts of logins.
var loginPath = regexp.MustCompile(`(?i)login|signin|sign-in|logon|oauth|openid|saml|\bsso\b|\bauth\b`)

// redirected returns the error of a redirect.
func (c *asker) redirected(resp *http.Response, target Target, page endpoint, e func(Category, string, ...any) *Error) error {
	location := resp.Header.Get("Location")
	at, readable := readLocation(location, target)
	where := "nowhere"
	if readable {
		where = at.String()
	}
	_, names := at.leader(page)
	if !target.agent && resp.StatusCode == http.StatusTemporaryRedirect && readable && !at.secures(target) && !at.itself(target) &&
		(names || !at.query && strings.HasSuffix(at.path, page.path)) { // a proxy may have put a path in front
		moved := e(NoLeader, "The master at %s does not lead and points to another one for %s: a new leader is being elected; the next poll looks again.",
			target.Address, page.path)
		moved.moved = true
		return moved
	}
	category := NotMesos
	if readable && at.secures(target) {
		category = TLS
	}
	return e(category, "%s answered %s with a redirect (%d) to %s, as Mesos does not: %s.",
		target.Address, page.path, resp.StatusCode, where, c.advice.redirect(target, location))
}

// acl returns the ACL for an endpoint (docs/authorization.md of Mesos).
func acl(page endpoint) string {
	switch page.path {
	case browsePage.path, browsePage.old, readPage.path, readPage.old:
		return "access_sandboxes"
	case agentStatePage.path, agentStatePage.old: // the master's too
		return "view_frameworks, view_tasks and view_executors"
	case flagsPage.path:
		return "view_flags, and get_endpoints for " + page.path
	case rolesPage.path, rolesPage.old:
		return "view_roles"
	}
	return "get_endpoints for " + page.path
}
