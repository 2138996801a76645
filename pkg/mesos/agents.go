package mesos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Agents are asked for the resource use of their containers. Their addresses come
// from whoever registered with the master, so the rules here decide whether an
// address gets a request, and with it the agents' credentials:
//
//   - only agents that Know was given, which are those the leader lists now;
//   - never a link-local address (cloud metadata services live there);
//   - this machine only when a master is on it;
//   - where there is a pattern for hosts, only those it matches.
//
// The same is checked again when a host's name is resolved (GuardDial). A host that
// AgentsConfig.Address itself names, such as a router, is the operator's choice,
// and these rules do not apply to it; they do to a host in the path behind it, since
// the router connects there.

// DefaultAgentAddress is the address with which an agent registered.
const DefaultAgentAddress = "http://{hostname}:{port}"

// agentTimeout bounds one request to an agent: among ten thousand some hang,
// and must not keep the others waiting.
const agentTimeout = 10 * time.Second

// AgentsConfig configures Agents.
type AgentsConfig struct {
	// Config: HTTP carries the agents' own credentials and nobody else's.
	// Masters are not asked; they tell whether agents may be on this machine.
	// Timeout is at most 10 s here.
	Config
	// Address is where an agent is: a URL with {hostname}, {ip}, {port}, {id};
	// DefaultAgentAddress if empty. Behind a router (DC/OS) it is
	// https://router/agent/{id}.
	Address string
	// Hosts must match the whole of what stands for {hostname} or {ip}; nil: any.
	Hosts *regexp.Regexp
}

// An AgentAddress is an agent's address in the leader's /state.
type AgentAddress struct {
	ID       string
	Hostname string
	IP       string // of its libprocess PID, slave(1)@ip:port
	Port     int
}

// Agents is a client of the agents of one cluster. It is safe for concurrent use.
type Agents struct {
	asker
	address  addressTemplate
	hosts    *regexp.Regexp
	loopback bool // a master is on this machine
	flights  *flights

	mu    sync.Mutex
	known map[string]AgentAddress
}

// NewAgents checks the configuration. Nothing is sent yet.
func NewAgents(cfg AgentsConfig) (*Agents, error) {
	loopback, err := onLoopback(cfg.Masters)
	if err != nil {
		return nil, err
	}
	address, err := parseAddress(cmp.Or(cfg.Address, DefaultAgentAddress))
	if err != nil {
		return nil, err
	}
	if cfg.Timeout == 0 || cfg.Timeout > agentTimeout {
		cfg.Timeout = agentTimeout
	}
	asker, err := newAsker(cfg.Config)
	if err != nil {
		return nil, err
	}
	asker.longest = agentTimeout
	return &Agents{asker: asker, address: address, hosts: cfg.Hosts, loopback: loopback, flights: newFlights()}, nil
}

// CheckAgentAddress returns what is wrong with a template for agents' addresses.
func CheckAgentAddress(template string) error {
	_, err := parseAddress(template)
	return err
}

// HostByAgent reports whether the host that is asked is one that the agent
// registered with the master, as with DefaultAgentAddress, and not one in the
// template itself.
func HostByAgent(template string) bool {
	address, err := parseAddress(cmp.Or(template, DefaultAgentAddress))
	return err == nil && address.byAgent
}

// onLoopback reports whether the cluster is on this machine: a master, or a server
// of the ZooKeeper in which the masters are registered. A router here that has the
// master below a path does not show where the master is.
func onLoopback(addresses []string) (bool, error) {
	masters, zooKeeper, err := parseMasters(addresses)
	if err != nil {
		return false, err
	}
	for _, m := range masters {
		if isLoopback(m.URL.Hostname()) && m.path() == "" {
			return true, nil
		}
	}
	return zooKeeper != nil && isLocal(zooKeeper), nil
}

// Know sets the agents that may be asked: those that the leader lists now.
func (a *Agents) Know(agents []AgentAddress) {
	known := make(map[string]AgentAddress, len(agents))
	for _, agent := range agents {
		known[agent.ID] = agent
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known = known
}

// Statistics returns /monitor/statistics of an agent that Know was given: what its
// containers use.
func (a *Agents) Statistics(ctx context.Context, id string) (*Statistics, error) {
	return ofAgent(ctx, a, id, statisticsPage, func(ctx context.Context, target Target) (*Statistics, error) {
		s := &Statistics{}
		h, err := a.get(ctx, target, statisticsPage, (*containers)(&s.Containers))
		if err != nil {
			return nil, err
		}
		s.Answer = h.Answer
		return s, nil
	})
}

// Snapshot returns /metrics/snapshot of an agent that Know was given. Another
// program's is an error.
func (a *Agents) Snapshot(ctx context.Context, id string) (*Metrics, error) {
	return ofAgent(ctx, a, id, snapshotPage, func(ctx context.Context, target Target) (*Metrics, error) {
		metrics := &Metrics{Values: map[string]float64{}}
		h, err := a.get(ctx, target, snapshotPage, (*readings)(&metrics.Values))
		if err != nil {
			return nil, err
		}
		metrics.Answer = h.Answer
		for key := range metrics.Values {
			if strings.HasPrefix(key, "slave/") {
				return metrics, nil
			}
		}
		return nil, &Error{Category: NotMesos, Target: target.Address, Sentence: fmt.Sprintf(
			"The answer of %s has no metrics of an agent: something else answers there; check agentAddress.", target.Address)}
	})
}

// Close stops the requests that run, waits for them, and closes connections
// that were kept. Calls after it answer ErrClosed.
func (a *Agents) Close() {
	a.flights.close()
	a.closeIdle()
}

// ofAgent queries an agent, if that is allowed. One request per page and agent is in
// flight.
func ofAgent[T any](ctx context.Context, a *Agents, id string, page endpoint, ask func(context.Context, Target) (T, error)) (T, error) {
	target, err := a.Target(id)
	if err != nil {
		var none T
		return none, err
	}
	return share(ctx, a.flights, page.path+page.asked()+" of "+id, func(ctx context.Context) (T, error) { return ask(ctx, target) })
}

// Target returns where an agent that Know was given is asked, or why it is not.
func (a *Agents) Target(id string) (Target, error) {
	a.mu.Lock()
	agent, ok := a.known[id]
	a.mu.Unlock()
	if !ok {
		return Target{}, refuse("The agent %q is not asked: the leader does not list it.", shorten(id))
	}
	return a.targetOf(agent)
}

// refuse returns the error of an agent that is not asked at all.
func refuse(format string, args ...any) error {
	return &Error{Category: Forbidden, Sentence: fmt.Sprintf(format, args...)}
}

// --- addresses ---

// An addressTemplate is the parsed form of AgentsConfig.Address.
type addressTemplate struct {
	scheme, host, port, path string // with placeholders
	byAgent                  bool   // the host is the one that the agent registered
}

var (
	anyPlaceholder = regexp.MustCompile(`\{[^{}]*\}`)
	// agentID is what Mesos makes: a UUID or date of the master, -S, a number.
	agentID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	// hostName is a name as DNS has them; underscores are not rare.
	hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)
)

const addressForm = `write one such as http://{hostname}:{port} or https://router/agent/{id}`

func parseAddress(written string) (addressTemplate, error) {
	wrong := func(format string, args ...any) (addressTemplate, error) {
		return addressTemplate{}, fmt.Errorf(format+": "+addressForm, args...)
	}
	if strings.Contains(written, "@") {
		return addressTemplate{}, errors.New("the address has an @, as with a user and password in it: everybody who may see this data source could read those; set agentBasicAuthUser and agentBasicAuthPassword instead")
	}
	if at := strings.IndexAny(written, "?#"); at >= 0 { // there may be a token behind it
		return wrong("%q has a query or fragment", written[:at])
	}
	for _, p := range anyPlaceholder.FindAllString(written, -1) {
		switch p {
		case "{hostname}", "{ip}", "{port}", "{id}":
		default:
			return wrong("%q has %s, and there are only {hostname}, {ip}, {port} and {id}", written, p)
		}
	}
	scheme, rest, ok := strings.Cut(written, "://")
	if !ok || (scheme != "http" && scheme != "https") {
		return wrong("%q does not begin with http:// or https://", written)
	}
	authority, _, _ := strings.Cut(rest, "/")
	t := addressTemplate{scheme: scheme}
	// Stand-ins that are what placeholders become, so that the URL can be parsed.
	probe, err := url.Parse(scheme + "://" + strings.NewReplacer("{hostname}", "hostname", "{ip}", "192.0.2.1", "{port}", "5051", "{id}", "id").Replace(rest))
	switch {
	case err != nil || probe.Hostname() == "":
		return wrong("%q is not an address", written)
	case oddPath.MatchString(probe.Path):
		return wrong("%q has a path with //, . or .. in it", written)
	}
	if path := strings.Trim(rest[len(authority):], "/"); path != "" {
		t.path = "/" + path
	}
	t.host = authority
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		t.host, t.port = authority[:i], authority[i+1:]
	}
	t.host = strings.TrimSuffix(strings.TrimPrefix(t.host, "["), "]")
	switch {
	case t.host == "{hostname}" || t.host == "{ip}":
		t.byAgent = true
	case strings.ContainsAny(t.host, "{}"):
		return wrong("%q makes a host of more than {hostname} or {ip}", written)
	case !strings.Contains(t.path, "{id}") && !strings.Contains(t.path, "{hostname}") && !strings.Contains(t.path, "{ip}"):
		return wrong("%q is the same for all agents", written)
	}
	if t.port == "" {
		t.port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	if t.port != "{port}" {
		if err := checkPort(t.port); err != nil {
			return wrong("%q: %w", written, err)
		}
	}
	return t, nil
}

// targetOf returns the target that the template makes of an agent, if its address
// may be asked. What an agent registered is checked first: it must not become
// another part of the URL than the one it stands for.
func (a *Agents) targetOf(agent AgentAddress) (Target, error) {
	t := a.address
	uses := func(placeholder string) bool { return strings.Contains(t.host+t.port+t.path, placeholder) }
	name := agent.Hostname
	if name == "" {
		name = agent.ID
	}
	no := func(why string, args ...any) (Target, error) {
		return Target{}, refuse("The agent %q is not asked: %s.", shorten(name), fmt.Sprintf(why, args...))
	}
	ip, notIP := netip.ParseAddr(agent.IP)
	switch {
	case uses("{id}") && !agentID.MatchString(agent.ID):
		return no("its ID %q is none that Mesos makes", shorten(agent.ID))
	case uses("{hostname}") && !validHost(agent.Hostname):
		return no("%q is not the name of a host", shorten(agent.Hostname))
	case uses("{ip}") && (notIP != nil || ip.Zone() != ""):
		return no("the master does not say its IP address; use {hostname} in agentAddress")
	case uses("{port}") && (agent.Port < 1 || agent.Port > 65535):
		return no("the master does not say its port; write the port into agentAddress")
	}
	fill := strings.NewReplacer("{hostname}", agent.Hostname, "{ip}", agent.IP, "{port}", strconv.Itoa(agent.Port), "{id}", agent.ID)
	for placeholder, host := range map[string]string{"{hostname}": agent.Hostname, "{ip}": agent.IP} {
		if uses(placeholder) {
			if why := a.hostRule(host); why != "" {
				return no("%s", why)
			}
		}
	}
	target := newTarget(t.scheme, fill.Replace(t.host), fill.Replace(t.port))
	target.agent = true
	path, err := url.Parse(fill.Replace(t.path))
	if err == nil {
		target, err = target.below(path.EscapedPath())
	}
	if err != nil {
		return no("its address is not one of a web page")
	}
	return target, nil
}

// validHost reports whether a text is a host's name or an IP address and nothing
// else.
func validHost(text string) bool {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Zone() == ""
	}
	return len(text) <= 253 && hostName.MatchString(text) && !strings.Contains(text, "..")
}

// hostRule returns why a host that an agent registered is not asked; "" if it is.
func (a *Agents) hostRule(host string) string {
	if a.hosts != nil && !a.hosts.MatchString(host) {
		return fmt.Sprintf("its host %s does not match agentHosts", host)
	}
	if isLoopback(host) {
		if a.loopback {
			return ""
		}
		return fmt.Sprintf("its host %s is the machine of Grafana, where no master is: correct --hostname or --ip of the agent", host)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return a.ipRule(ip)
	}
	return ""
}

// ipRule is hostRule for an IP address.
func (a *Agents) ipRule(ip netip.Addr) string {
	ip = ip.Unmap()
	switch {
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast(), ip.IsMulticast():
		return fmt.Sprintf("%s is a link-local or multicast address", ip)
	case ip.IsUnspecified(), ip.IsLoopback() && !a.loopback:
		return fmt.Sprintf("%s is the machine of Grafana, where no master is: correct --hostname or --ip of the agent", ip)
	}
	return ""
}

// Dial is the DialContext of a transport.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// targetKey is the key of a request's context for the host:port that it is for.
// net/http dials with the values of that context.
type targetKey struct{}

// GuardDial returns a dialer for the agents' transport that checks the address
// which a name was resolved to: an agent may have registered under a name that
// leads where its address would be refused. Nothing is sent on such a connection.
// A host that is not an agent's is not checked: that of a router in
// AgentsConfig.Address, or of an HTTP proxy.
func (cfg AgentsConfig) GuardDial(dial Dial) Dial {
	template, err := parseAddress(cmp.Or(cfg.Address, DefaultAgentAddress))
	loopback, noMasters := onLoopback(cfg.Masters)
	if err != nil || noMasters != nil || !template.byAgent {
		return dial // NewAgents says what is wrong
	}
	rules := &Agents{loopback: loopback}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if asked, ok := ctx.Value(targetKey{}).(string); ok && asked != address {
			return conn, nil // to an HTTP proxy, which connects to the agent
		}
		host, _, _ := net.SplitHostPort(address)
		if _, err := netip.ParseAddr(host); err == nil {
			return conn, nil // checked before
		}
		var remote netip.AddrPort
		// net/http dials in a goroutine of its own, where nobody recovers.
		if at := conn.RemoteAddr(); at != nil {
			remote, err = netip.ParseAddrPort(at.String())
		}
		if err != nil || !remote.IsValid() {
			return conn, nil // a proxy's connection, which has no such address
		}
		if why := rules.ipRule(remote.Addr()); why != "" {
			_ = conn.Close()
			return nil, refuse("%s is not asked: its name leads to an address that is refused, %s.", host, why)
		}
		return conn, nil
	}
}
