package mesos

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"community-mesos-datasource/pkg/zookeeper"
)

// Which masters there are, as the user wrote them. They are the only hosts that
// get the credentials, so what is not clearly a master's address is refused.

// Target is one master or agent that can be asked.
type Target struct {
	URL     *url.URL // scheme and host:port; behind a router or proxy also a path
	Address string   // host:port and that path; of a master the value of the label `master`

	agent   bool   // for the words of errors
	ip      string // of a master that ZooKeeper named, for a host name that does not resolve
	namedBy string // the master, or the ZooKeeper, that named it as the leader; "" where it is configured
}

func (t Target) at(path string) string {
	u := *t.URL
	u.Path += path
	if u.RawPath != "" {
		u.RawPath += path
	}
	return u.String()
}

// kind returns the word for the target in sentences.
func (t Target) kind() string {
	if t.agent {
		return "agent"
	}
	return "master"
}

// path returns the path before the endpoints, escaped, without / at its end; "" where
// there is none.
func (t Target) path() string { return t.URL.EscapedPath() }

// below returns the target with a path, escaped, before its endpoints.
func (t Target) below(path string) (Target, error) {
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		return t, err
	}
	u := *t.URL
	u.Path, u.RawPath = unescaped, path
	t.URL, t.Address = &u, u.Host+path
	return t, nil
}

// setting returns what to check where something else answers.
func (t Target) setting() string {
	if t.agent {
		return "agentAddress"
	}
	return "the address and port"
}

// words are a sentence about a master as it reads for this target.
func (t Target) words(sentence string) string {
	if !t.agent {
		return sentence
	}
	return strings.NewReplacer("the address and port", "agentAddress", "masters", "agents", "a Mesos master", "a Mesos agent", "no Mesos master", "no Mesos agent", "master", "agent").Replace(sentence)
}

// SplitMasters returns the addresses of masters in one text, separated by commas or
// white space: Grafana's provisioning makes one text of a variable. The servers of
// zk://host:port,host:port/path stay together, and so does an address with a blank
// inside, which CheckMaster refuses.
func SplitMasters(text string) []string {
	var addresses []string
	for _, part := range strings.Split(text, ",") {
		open := len(addresses) > 0 && isOpen(addresses[len(addresses)-1])
		for _, word := range separated(part, open) {
			if last := len(addresses) - 1; last >= 0 && isOpen(addresses[last]) && !strings.Contains(word, "://") {
				addresses[last] += "," + word
				continue
			}
			addresses = append(addresses, word)
		}
	}
	return addresses
}

// isOpen reports whether more servers may follow an address: it is ZooKeeper's, and its
// path is missing yet.
func isOpen(address string) bool {
	return IsZooKeeper(address) && !strings.Contains(address[len(zookeeper.Scheme):], "/")
}

// hostAndPort matches what is an address but for its scheme.
var hostAndPort = regexp.MustCompile(`^([A-Za-z][\w.-]*|\d+(\.\d+){3}|\[[0-9A-Fa-f:.]+\]):\d+$`)

// hasPort matches an address with a port.
var hasPort = regexp.MustCompile(`:\d+(/|$)`)

// separated returns the addresses that white space separates: each has a scheme, or a port
// as the one before it. Else the blank is inside of one address. open: servers of ZooKeeper
// may follow.
func separated(text string, open bool) []string {
	words := strings.Fields(text)
	whole := func(word string) bool { return strings.Contains(word, "://") && !strings.HasSuffix(word, "://") }
	if len(words) > 0 && (open || isOpen(words[0])) {
		whole = func(word string) bool {
			server, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(word), zookeeper.Scheme), "/")
			return hostAndPort.MatchString(server) || strings.Contains(server, "://")
		}
	}
	for i, word := range words {
		if len(words) > 1 && !whole(word) && (!hostAndPort.MatchString(word) || i > 0 && !hasPort.MatchString(words[i-1])) {
			return []string{strings.Join(words, " ")}
		}
	}
	return words
}

// blankInside returns what is wrong with an address that has a blank in it, nil for others.
func blankInside(written string) error {
	if !strings.ContainsFunc(written, unicode.IsSpace) {
		return nil
	}
	whole := strings.Join(strings.Fields(written), "")
	if !strings.Contains(whole, "://") {
		whole = "http://" + whole
	}
	return fmt.Errorf("%q has a blank inside: write the address without it, such as %s; where these are several addresses, write each with its scheme, separated by commas", written, whole)
}

// parseMasters checks what the masters are known by: one or more of
// http://host:port or https://host:port, each with a path where a router or proxy
// has the master below one, or one zk://host:port,host:port/path.
// Addresses that are written twice count once. The error says which one is
// wrong, and what would be right; it never repeats a password.
func parseMasters(addresses []string) ([]Target, *zookeeper.Ensemble, error) {
	var targets []Target
	for i, written := range addresses {
		written = strings.TrimSpace(written)
		if written == "" {
			return nil, nil, fmt.Errorf("master %d is empty: write its address, such as http://master1:5050, or remove it", i+1)
		}
		if IsZooKeeper(written) {
			zooKeeper, err := parseEnsemble(written)
			if err == nil && len(addresses) > 1 {
				err = errors.New("the address of ZooKeeper must stand alone: all masters are registered there; write several of its servers as zk://zk1:2181,zk2:2181/mesos")
			}
			if err != nil {
				return nil, nil, fmt.Errorf("master %d: %w", i+1, err)
			}
			return nil, zooKeeper, nil
		}
		target, err := parseMaster(written)
		if err != nil {
			return nil, nil, fmt.Errorf("master %d: %w", i+1, err)
		}
		if known(targets, target.Address) == nil {
			targets = append(targets, target)
		}
	}
	if len(targets) == 0 {
		return nil, nil, errors.New("no masters: list the address of at least one Mesos master, such as http://master1:5050, or of ZooKeeper, such as zk://zk1:2181,zk2:2181/mesos")
	}
	return targets, nil, nil
}

// CheckMasters returns what is wrong with addresses as they stand in masters, all of them
// together.
func CheckMasters(addresses []string) error {
	_, _, err := parseMasters(addresses)
	return err
}

// CheckMaster returns what is wrong with one address of a master or of ZooKeeper.
func CheckMaster(address string) error {
	var err error
	if IsZooKeeper(address) {
		_, err = parseEnsemble(address)
	} else {
		_, err = parseMaster(address)
	}
	return err
}

func parseMaster(written string) (Target, error) {
	if strings.Contains(written, "@") {
		// Not repeated: what stands before the @ may be a password.
		return Target{}, errors.New("the address has an @, as with a user and password in it: everybody who may see this data source could read those; write the address without them and set the user and password under basic authentication")
	}
	if at := strings.IndexAny(written, "?#"); at >= 0 { // there may be a token behind it
		return Target{}, fmt.Errorf("%q has a query or fragment: write the address of the master without it", written[:at])
	}
	if err := blankInside(written); err != nil {
		return Target{}, err
	}
	if err := misspelled(written); err != nil {
		return Target{}, err
	}
	u, err := url.Parse(written)
	if err != nil {
		return Target{}, fmt.Errorf("%q is not an address: write one such as http://master1:5050", written)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return Target{}, fmt.Errorf("%q has the scheme %q: only http and https are possible, and zk for ZooKeeper", written, u.Scheme)
	case u.Hostname() == "":
		return Target{}, fmt.Errorf("%q has no host: write an address such as http://master1:5050", written)
	}
	port := portOf(u)
	if err := checkPort(port); err != nil {
		return Target{}, fmt.Errorf("%q: %w", written, err)
	}
	before := strings.TrimRight(u.EscapedPath(), "/")
	if own := ownPath.FindString(before); own != "" {
		return Target{}, fmt.Errorf("%q ends in %s, which is an endpoint of Mesos: write the address without it, such as %s",
			written, own, u.Scheme+"://"+u.Host+strings.TrimSuffix(before, own))
	}
	if oddPath.MatchString(u.Path) {
		return Target{}, fmt.Errorf("%q has a path with //, . or .. in it: write the path below which the master answers, such as https://dcos.example.com/mesos", written)
	}
	return newTarget(u.Scheme, u.Hostname(), port).below(before)
}

// misspelled returns what is wrong with the writing of an address, and what was probably
// meant; nil for one with a scheme.
func misspelled(written string) error {
	bare := slashes.ReplaceAllString(written, "")
	host, port, _ := net.SplitHostPort(strings.TrimRight(bare, "/"))
	switch {
	case strings.ContainsAny(written, `"'`):
		return fmt.Errorf("%s has quotation marks in it: write the address without them, or with one pair of quotes in a provisioning file", written)
	case strings.Contains(written, ";"):
		return fmt.Errorf("%q has a semicolon in it: separate addresses by commas", written)
	case strings.Contains(written, "://"):
		return nil
	case strings.Trim(written, "0123456789:") == "":
		return fmt.Errorf("%q is a port without a host: write the whole address, such as http://master1:%s", written, strings.Trim(written, ":"))
	case bare != written:
		scheme := "http"
		if strings.HasPrefix(strings.ToLower(written), "https") {
			scheme = "https"
		}
		return fmt.Errorf("%q has no :// behind the scheme: write %s://%s", written, scheme, bare)
	case port == "2181":
		return fmt.Errorf("%q has no scheme, and 2181 is ZooKeeper's port: write zk://%s:2181/mesos, with the path of the masters' --zk", written, host)
	}
	return fmt.Errorf("%q has no scheme: write http://%s (or https://%s)", written, written, written)
}

// slashes matches http: and https: whose slashes or colon are wrong.
var slashes = regexp.MustCompile(`(?i)^https?(:/*|/+)`)

var (
	// ownPath matches the end of a path that is Mesos' own: an address that was copied
	// with it would be asked for /state/state.
	ownPath = regexp.MustCompile(`(/master)?/(state|state-summary|roles|tasks|slaves|frameworks|flags|version|health|redirect|metrics/snapshot|system/stats|stats|api/v1|help)(\.json)?$`)
	// oddPath matches paths that proxies change on their way.
	oddPath = regexp.MustCompile(`//|/\.\.?(/|$)`)
)

func newTarget(scheme, host, port string) Target {
	address := net.JoinHostPort(strings.ToLower(host), port)
	return Target{URL: &url.URL{Scheme: scheme, Host: address}, Address: address}
}

func checkPort(port string) error { return zookeeper.CheckPort(port) }

// known returns the target with this address, or nil. All names of the loopback are
// one: masters call themselves localhost where a user wrote 127.0.0.1.
func known(targets []Target, address string) *Target {
	host, path, _ := strings.Cut(address, "/")
	for i := range targets {
		if sameAddress(targets[i].URL.Host, host) && strings.TrimPrefix(targets[i].path(), "/") == path {
			return &targets[i]
		}
	}
	return nil
}

// sameAddress reports whether two host:port are the same.
func sameAddress(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	return errA == nil && errB == nil && portA == portB && isLoopback(hostA) && isLoopback(hostB)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// askable reports whether a master that is known by another's word only may be
// asked: never link-local addresses (cloud metadata services live there), and
// this machine only when who told (the configured master, ZooKeeper) is on it.
func askable(host string, toldHere bool) bool {
	if isLoopback(host) {
		return toldHere
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return true // a name
	}
	ip = ip.Unmap()
	return !ip.IsLinkLocalUnicast() && !ip.IsMulticast() && !ip.IsUnspecified()
}
