package mesos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// Masters found through ZooKeeper whose host name does not resolve from here, such as
// the ID of a container: a MasterInfo has the IP address as well.

// registeredKey is the key of a request's context for the master's IP address.
type registeredKey struct{}

// registered is where a master listens by ZooKeeper.
type registered struct{ address, ip string }

// ByIP returns a dialer for the masters' transport that connects to the IP address
// which ZooKeeper has of a master, where its host name does not resolve. The name stays
// that of the master in everything else: in URLs, labels and certificates.
func ByIP(dial Dial) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		at, known := ctx.Value(registeredKey{}).(registered)
		if err == nil || !known || at.address != address { // another address is an HTTP proxy's
			return conn, err
		}
		name, unresolved := errors.AsType[*net.DNSError](err)
		if !unresolved || ctx.Err() != nil {
			return nil, err
		}
		_, port, _ := net.SplitHostPort(address)
		if conn, err = dial(ctx, network, net.JoinHostPort(at.ip, port)); err != nil {
			return nil, &byIPError{name, at.ip, err}
		}
		return conn, nil
	}
}

// withRegistered returns a context for a request to a target.
func withRegistered(ctx context.Context, t Target) context.Context {
	if t.ip == "" {
		return ctx
	}
	return context.WithValue(ctx, registeredKey{}, registered{t.URL.Host, t.ip})
}

// byIPError is the error where neither the host name of a master nor its IP address
// could be connected to.
type byIPError struct {
	name *net.DNSError
	ip   string
	err  error
}

func (e *byIPError) Unwrap() []error { return []error{e.name, e.err} }

func (e *byIPError) Error() string {
	return fmt.Sprintf("%s, and %s, which ZooKeeper has for it: %s", cause(e.name), e.ip, cause(e.err))
}

// registeredIP returns the IP address of a MasterInfo, to be used where host does not
// resolve; "" where there is none, or it must not be connected to.
func registeredIP(host, ip string, toldHere bool) string {
	if _, notIP := netip.ParseAddr(ip); notIP != nil || ip == host || !askable(ip, toldHere) {
		return ""
	}
	return ip
}
