package mesos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"community-mesos-datasource/pkg/netcause"
)

// Requests that got no response: what happened on the way, and what to do.

// failed returns the error of a request that got no response, or whose connection
// broke while the response was read; took is the time since it was sent, connected is
// false where no connection was made.
func (c *asker) failed(target Target, page endpoint, took time.Duration, connected bool, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("asking %s for %s: %w", target.Address, page.path, context.Canceled)
	}
	if refused, ok := errors.AsType[*Error](err); ok { // by GuardDial
		return refused
	}
	e := func(category Category, format string, args ...any) error {
		return &Error{Category: category, Target: target.Address, Sentence: fmt.Sprintf(format, args...), Err: err}
	}
	kind, address := target.kind(), target.Address
	if proxy, ok := errors.AsType[*net.OpError](err); ok && proxy.Op == "proxyconnect" {
		return e(Network, "The HTTP proxy on the way to the %s at %s cannot be used (%s): correct HTTP_PROXY or HTTPS_PROXY of Grafana's server, or name the host in NO_PROXY.", kind, address, cause(proxy.Err))
	}
	if strings.HasSuffix(err.Error(), "Proxy Authentication Required") { // of net/http, from the proxy's answer to CONNECT
		return e(Network, proxyLogin, kind, address)
	}
	named := ""
	if target.namedBy != "" {
		named = ", which " + target.namedBy + " names as the leader"
	}
	_, byIP := errors.AsType[*byIPError](err)
	if isTimeout(err) && !byIP {
		if !connected && target.namedBy != "" {
			return e(Timeout, "No connection to the %s at %s%s within %s: %s.", kind, address, named, seconds(took), behindBalancer(target))
		}
		if !connected {
			return e(Timeout, "No connection to the %s at %s%s within %s: check the address, and that no firewall drops what Grafana's server sends there.", kind, address, named, seconds(took))
		}
		raise := ""
		if c.timeoutDecides(page) {
			raise = ", or raise the time-out (jsonData.timeout)"
		}
		if page.path == redirectPage.path && !target.agent { // another protocol waits for other words
			raise += ", and that the port is a master's, " + usualPort(target)
		}
		return e(Timeout, "The %s at %s did not answer %s within %s: check that it is alive and not overloaded%s.", kind, address, page.path, seconds(took), raise)
	}
	if why := c.advice.tls(target, err); why != "" {
		return e(TLS, "No secure connection to the %s at %s: %s.", kind, address, why)
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "failed to parse Location header"):
		return e(Protocol, "The %s at %s answered %s with a redirect to an address that cannot be read: check what answers there.", kind, address, page.path)
	case strings.Contains(text, "malformed HTTP") || strings.Contains(text, "HTTP/0.9"):
		return e(NotMesos, "What answers at %s does not speak HTTP/1.1: check the port, which is %s.", address, usualPort(target))
	}
	if _, limit, of := strings.Cut(text, "response limit is set to"); of { // of Grafana's SDK
		return e(Protocol, "The answer of %s to %s is longer than Grafana lets data sources read (%s bytes): raise response_limit of [dataproxy] in grafana.ini, or set it to 0.", address, page.path, strings.Trim(limit, ": "))
	}
	return e(Network, "No answer from the %s at %s%s (%s): %s.", kind, address, named, cause(err), remedy(target, err))
}

const proxyLogin = "The HTTP proxy on the way to the %s at %s requires credentials (407): write them into HTTP_PROXY or HTTPS_PROXY of Grafana's server, or name the host in NO_PROXY."

// timeoutDecides reports whether the time-out of the settings is what bounds requests
// for an endpoint.
func (c *asker) timeoutDecides(page endpoint) bool {
	return c.patience(page) == c.timeout && c.timeout != c.longest
}

// usualPort returns which port a target has where nothing else was configured.
func usualPort(target Target) string {
	if target.agent {
		return "5051 of an agent where nothing else was configured (agentAddress)"
	}
	return "5050 of a master where nothing else was configured (2181 is ZooKeeper's: write zk:// for it)"
}

// remedy returns what to do where a connection was refused or broke.
func remedy(target Target, err error) string {
	host := target.URL.Hostname()
	where := "masters"
	if target.agent {
		where = "agentAddress"
	}
	_, unresolved := errors.AsType[*net.DNSError](err)
	switch {
	case unresolved && target.agent:
		return "the agent registered under this name; make it one that Grafana's server resolves (--hostname of the agent), or use {ip} in agentAddress"
	case unresolved && target.namedBy != "":
		return "correct --hostname of that master, or the DNS of Grafana's server; " + behindBalancer(target)
	case unresolved:
		return "correct the name in masters, or --hostname of the master where the masters or ZooKeeper name it, or the DNS of Grafana's server"
	case target.namedBy != "":
		return behindBalancer(target)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "Grafana's server has no file descriptors left; raise their limit (ulimit -n, LimitNOFILE)"
	case isLoopback(host) && errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("check that the %s runs; this address is Grafana's own machine, and where Grafana runs in a container it is that container: write the address of the other machine or container then (%s)", target.kind(), where)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing listens there; check that the %s runs, and the port, which is %s", target.kind(), usualPort(target))
	case target.URL.Scheme == "http" && brokeOff(err):
		return fmt.Sprintf("check that the %s is up; where it speaks https only, write https:// in its address (%s)", target.kind(), where)
	}
	return "check the address, and that Grafana's server may connect to it"
}

// behindBalancer returns what to do where the leader that the only configured master names
// cannot be reached. That one is probably a load balancer, or one of several masters.
func behindBalancer(target Target) string {
	return fmt.Sprintf("where %s is a load balancer, let it choose the leader; otherwise list the addresses of all masters as Grafana's server reaches them, or let it connect to this one", target.namedBy)
}

// brokeOff reports whether the other side closed the connection.
func brokeOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func isTimeout(err error) bool { return netcause.IsTimeout(err) }

// cause returns the innermost text of a connection error, without the addresses
// and URLs that the sentence has already.
func cause(err error) string {
	if both, ok := errors.AsType[*byIPError](err); ok {
		return both.Error()
	}
	if text, ok := netcause.Of(err); ok {
		return text
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed before the answer was complete"
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return scrub(err.Error())
}
