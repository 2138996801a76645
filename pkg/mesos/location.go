package mesos

import (
	"net"
	"net/url"
	"strings"
)

// A location is where a redirect leads. Mesos names the leader by //host:port and the
// path of the endpoint in the Location of a 307 (src/master/http.cpp), before 0.23
// by http://host:port. Proxies write a scheme of their own, leave out the port, or
// put their own path in front.
type location struct {
	scheme string // http or https: the redirect's, else that of the request
	host   string // host:port
	path   string // escaped, without / at its end
	port   bool   // the port is written, as Mesos writes it
	query  bool   // it has a query or a fragment, as those of login pages
}

// readLocation reads the Location of a response of target; false where there is none,
// or one that is not an address or has a user in it.
func readLocation(header string, target Target) (location, bool) {
	if header == "" {
		return location{}, false
	}
	u, err := target.URL.Parse(header)
	if err != nil || u.User != nil || !validHost(u.Hostname()) || (u.Scheme != "http" && u.Scheme != "https") {
		return location{}, false
	}
	port := portOf(u)
	if checkPort(port) != nil {
		return location{}, false
	}
	return location{
		scheme: u.Scheme,
		host:   newTarget(u.Scheme, u.Hostname(), port).URL.Host,
		path:   strings.TrimRight(u.EscapedPath(), "/"),
		port:   u.Port() != "",
		query:  u.RawQuery != "" || u.Fragment != "",
	}, true
}

// String returns the location for sentences, without a query, which may have a
// secret in it.
func (l location) String() string {
	path := l.path
	if len(path) > longestKey {
		path = shorten(path)
	}
	return l.scheme + "://" + l.host + path
}

// secures reports whether a redirect is from http to https on the same host, as
// proxies and load balancers answer.
func (l location) secures(target Target) bool {
	return target.URL.Scheme == "http" && l.scheme == "https" && strings.EqualFold(hostOf(l.host), target.URL.Hostname())
}

// itself reports whether a redirect leads to the address that was asked.
func (l location) itself(target Target) bool {
	rest, below := strings.CutPrefix(l.path, target.path())
	return l.scheme == target.URL.Scheme && sameAddress(l.host, target.URL.Host) && below && (rest == "" || rest[0] == '/')
}

// leader returns the host:port that a location names as the leader in response to an
// endpoint; false where it is the redirect of something else, such as a login page.
func (l location) leader(page endpoint) (string, bool) {
	return l.host, l.port && !l.query && page.isPath(l.path)
}

// master returns the one of several masters that a location names as the leader in
// response to an endpoint, nil if it names none of them. Of masters on one host,
// which differ by their paths, it is the one with the longest path that the location
// has, or the only one where the location has no path, as of Mesos behind a proxy.
func (l location) master(masters []Target, page endpoint) *Target {
	if l.query {
		return nil
	}
	var found *Target
	there := 0
	for i := range masters {
		master := &masters[i]
		if !sameAddress(master.URL.Host, l.host) {
			continue
		}
		there++
		rest, below := strings.CutPrefix(l.path, master.path())
		if below && page.isPath(rest) && (found == nil || len(master.path()) > len(found.path())) {
			found = master
		}
	}
	if found != nil || there != 1 || l.path != "" {
		return found
	}
	for i := range masters {
		if sameAddress(masters[i].URL.Host, l.host) {
			return &masters[i]
		}
	}
	return nil
}

// isPath reports whether a path is that of the endpoint, or none.
func (e endpoint) isPath(path string) bool {
	path = strings.TrimPrefix(path, "/master")
	return path == "" || path == e.path
}

// hostOf returns the host of host:port.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	return host
}

// portOf returns the port of an address, or that of its scheme.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}
