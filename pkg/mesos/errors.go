package mesos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Errors of requests to a master or agent are in nine categories, each with one
// sentence that says what happened and what to do. The sentences are shown in
// panels and alerts, so they hold addresses, paths and keys, and never headers,
// credentials or bodies.

// Category is a kind of error.
type Category string

// The categories.
const (
	Auth       Category = "auth"       // 401: who we say we are is not accepted
	Forbidden  Category = "forbidden"  // 403: known, and not allowed
	Network    Category = "network"    // no connection, or it broke
	TLS        Category = "tls"        // certificates, or http where https is spoken
	Timeout    Category = "timeout"    // no answer in time
	NoLeader   Category = "no_leader"  // masters answer, and none of them leads
	Recovering Category = "recovering" // a leader that does not know its cluster yet
	NotMesos   Category = "not_mesos"  // something else answers there
	Protocol   Category = "protocol"   // Mesos, and an answer that cannot be read
)

// Error is an error of a request to a master or agent.
type Error struct {
	Category Category
	Target   string // host:port that was asked; "" when it is about all of them
	Sentence string // what happened and what to do
	Err      error  // the cause, for errors.Is and errors.As; may be nil

	// moved is true for the response of a master that does not lead (any more).
	moved bool
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Sentence }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CategoryOf returns the category of an error of this package, "" for every other
// error and for nil.
func CategoryOf(err error) Category {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Category
	}
	return ""
}

// ErrClosed is the error of every call after Close.
var ErrClosed = errors.New("the Mesos client is closed")

// failed returns the error of a request that got no response, or whose connection
// broke while the response was read; took is the time since it was sent.
func failed(target Target, path string, took time.Duration, err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("asking %s for %s: %w", target.Address, path, context.Canceled)
	}
	if refused, ok := errors.AsType[*Error](err); ok { // by GuardDial
		return refused
	}
	e := &Error{Target: target.Address, Err: err}
	if isTimeout(err) {
		e.Category = Timeout
		e.Sentence = fmt.Sprintf(target.words("The master at %s did not answer %s within %s: check that it is alive and not overloaded, or raise the time-out."),
			target.Address, path, seconds(took))
		return e
	}
	if why := tlsTrouble(err, target.agent); why != "" {
		e.Category = TLS
		e.Sentence = fmt.Sprintf(target.words("No secure connection to the master at %s: %s."), target.Address, why)
		return e
	}
	if strings.Contains(err.Error(), "failed to parse Location header") {
		e.Category = Protocol
		e.Sentence = fmt.Sprintf(target.words("The master at %s answered %s with a redirect to an address that cannot be read: check what answers there."), target.Address, path)
		return e
	}
	e.Category = Network
	e.Sentence = fmt.Sprintf(target.words("No answer from the master at %s (%s): check the address, and that Grafana's server may connect to it."),
		target.Address, cause(err))
	return e
}

func isTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// tlsTrouble returns what is wrong with TLS and what to do, "" if it is not TLS.
func tlsTrouble(err error, agent bool) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its certificate is signed by an authority that is not known here; add the CA certificate under TLS settings"
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok && e.Certificate != nil {
		return "its certificate is for another host name; use the name in the certificate as address, or set the server name under TLS settings"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if e.Reason == x509.Expired {
			return "its certificate has expired or is not valid yet; renew it"
		}
		return "its certificate is not valid (" + scrub(e.Error()) + ")"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate could not be verified (" + cause(err) + ")"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return "it speaks plain http; write http:// in its address (where ZooKeeper names the masters: switch the TLS settings off), or switch TLS on in Mesos"
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok || strings.Contains(err.Error(), "remote error: tls:") {
		if agent {
			return "it broke off the handshake (" + cause(err) + "); if it requires a client certificate it cannot be asked, since that of the TLS settings is for masters only"
		}
		return "it broke off the handshake (" + cause(err) + "); it may require a client certificate: set one under TLS settings"
	}
	// A TLS record where an HTTP status line was expected.
	if strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`) {
		return httpToHTTPS
	}
	return ""
}

const httpToHTTPS = "it speaks https only; write https:// in its address, or, where ZooKeeper names the masters, set the CA certificate under TLS settings"

// cause returns the innermost text of a connection error, without the addresses
// and URLs that the sentence has already.
func cause(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "host name " + dns.Name + ": " + dns.Err
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed before the answer was complete"
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return scrub(err.Error())
}

var (
	userinfo    = regexp.MustCompile(`//[^/\s"]*@`)
	credentials = regexp.MustCompile(`(?i)\b(basic|bearer|token=|digest)\s*[^\s",;]+`)
)

// scrub removes credentials from a text that comes from elsewhere.
func scrub(text string) string {
	text = userinfo.ReplaceAllString(text, "//")
	return credentials.ReplaceAllString(text, "$1 [redacted]")
}

// seconds returns a duration as text: "30 s", "1.5 s", "50 ms".
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%g s", float64(d.Round(100*time.Millisecond))/float64(time.Second))
}
