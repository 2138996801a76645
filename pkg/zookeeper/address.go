// Package zookeeper has what the detector of masters (pkg/mesos) and the lease of several
// Grafanas (pkg/lease) need of ZooKeeper: its addresses, and a session with one server that
// a hostile one cannot harm. What is read and written in it is theirs.
package zookeeper

import (
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Ensemble is the parsed form of a zk:// address.
type Ensemble struct {
	Servers []string // host:port
	Path    string   // begins with /, has no / at its end
}

// String returns the servers, as errors name them.
func (e *Ensemble) String() string { return strings.Join(e.Servers, ", ") }

// Scheme is what addresses begin with, in upper or lower case.
const Scheme = "zk://"

// IsAddress reports whether an address is one of ZooKeeper.
func IsAddress(address string) bool {
	return len(address) >= len(Scheme) && strings.EqualFold(address[:len(Scheme)], Scheme)
}

// A Form is what the addresses of a setting look like, for errors.
type Form struct {
	Example string // such as zk://zk1:2181,zk2:2181/mesos
	Path    string // what the path is, such as "the one in the masters' --zk"
}

// Parse checks zk://host:port,host:port/path. The error never repeats a password.
func (f Form) Parse(address string) (*Ensemble, error) {
	like := "a ZooKeeper address looks like " + f.Example
	if strings.Contains(address, "@") {
		return nil, errors.New(`the ZooKeeper address has an @, as with a user and password in it: everybody who may see this data source could read those; write the address without them, and user:password as zkDigest under secureJsonData`)
	}
	hosts, rest, _ := strings.Cut(address[len(Scheme):], "/")
	if rest = strings.TrimSuffix(rest, "/"); rest == "" {
		return nil, errors.New("the path is missing, " + f.Path + ": " + like)
	}
	e := &Ensemble{Path: "/" + rest}
	if strings.ContainsAny(rest, "?#\x00 ") || path.Clean(e.Path) != e.Path {
		return nil, fmt.Errorf("%q is not a path of ZooKeeper: %s", e.Path, like)
	}
	for _, written := range strings.Split(hosts, ",") {
		if strings.ContainsFunc(strings.TrimSpace(written), unicode.IsSpace) {
			return nil, fmt.Errorf("%q has a blank inside: separate several servers by commas; %s", strings.TrimSpace(written), like)
		}
		host, port, err := net.SplitHostPort(strings.TrimSpace(written))
		if err != nil || host == "" || CheckPort(port) != nil {
			return nil, fmt.Errorf("%q is not host:port: %s", written, like)
		}
		server := net.JoinHostPort(strings.ToLower(host), port)
		if !slices.Contains(e.Servers, server) {
			e.Servers = append(e.Servers, server)
		}
	}
	return e, nil
}

// CheckPort returns what is wrong with a port.
func CheckPort(port string) error {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return fmt.Errorf("the port %q is not one of 1 to 65535", port)
	}
	return nil
}

// IsDigest reports whether a text is user:password as ZooKeeper's scheme digest
// takes it; the password may be empty.
func IsDigest(digest string) bool {
	user, _, ok := strings.Cut(digest, ":")
	return ok && user != ""
}
