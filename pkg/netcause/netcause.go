// Package netcause words why a connection failed, for sentences that name the server already.
package netcause

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// Of returns the innermost text of a failure of DNS or of the operating system, without
// addresses; false for any other error.
func Of(err error) (text string, ok bool) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "host name " + dns.Name + ": " + dns.Err, true
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error(), true
	}
	return "", false
}

// IsTimeout reports whether an error says that time was up.
func IsTimeout(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
