package mesos

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func newAgents(t testing.TB, cfg AgentsConfig, known ...AgentAddress) *Agents {
	t.Helper()
	a, err := NewAgents(cfg)
	require.NoError(t, err)
	t.Cleanup(a.Close)
	a.Know(known)
	return a
}

// recordedAgents are the agents of a recording behind a router: their IDs are
// what stands in their addresses.
func recordedAgents(t *testing.T, cluster *mesostest.Cluster, client *http.Client) *Agents {
	t.Helper()
	router := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		var page string
		_, err := fmt.Sscanf(r.URL.Path, "/agent/S%d/%s", &n, &page)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		ask, _ := http.NewRequestWithContext(r.Context(), r.Method, cluster.URL(fmt.Sprintf("127.0.0.1:505%d", n))+"/"+page, nil)
		ask.Header = r.Header.Clone()
		resp, err := http.DefaultTransport.RoundTrip(ask)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		for key := range resp.Header {
			w.Header().Set(key, resp.Header.Get(key))
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	t.Cleanup(func() { router.Close(); http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
	return newAgents(t, AgentsConfig{Config: Config{Masters: cluster.Masters(), HTTP: client}, Address: router.URL + "/agent/{id}"},
		AgentAddress{ID: "S1"}, AgentAddress{ID: "S2"}, AgentAddress{ID: "S3"})
}

func TestStatisticsOfRecordedAgents(t *testing.T) {
	agents := recordedAgents(t, replay(t, "03-workload"), nil)
	counts := map[string]int{}
	for _, id := range []string{"S1", "S2", "S3"} {
		s, err := agents.Statistics(t.Context(), id)
		require.NoError(t, err)
		counts[id] = len(s.Containers)
		require.Positive(t, s.Bytes)
		for _, c := range s.Containers {
			if c.ExecutorID != "chronos.burner.1" {
				continue
			}
			for key, want := range map[string]float64{"cpus_user_time_secs": 63.11, "cpus_system_time_secs": 0.19, "mem_rss_bytes": 18837504, "timestamp": 1795246578.122669} {
				got, ok := c.Readings.Of(StatisticOf(key))
				require.True(t, ok, key)
				require.Equal(t, want, got, key)
			}
			_, ok := c.Readings.Of(StatisticOf("disk_used_bytes"))
			require.False(t, ok, "absent is absent")
			require.Empty(t, c.Readings.Devices, "the total of all devices is none")
		}
	}
	require.Equal(t, map[string]int{"S1": 6, "S2": 12, "S3": 8}, counts)

	m, err := agents.Snapshot(t.Context(), "S1")
	require.NoError(t, err)
	require.Contains(t, m.Values, "slave/uptime_secs")
	require.Len(t, m.Values, 68)
}

func TestReadingsAreReadAsTheyCome(t *testing.T) {
	for name, c := range map[string]struct {
		json string
		want string // key=value ...
	}{
		"whole and broken numbers": {`{"processes": 3, "cpus_limit": 0.2}`, "cpus_limit=0.2 processes=3"},
		"a zero is known":          {`{"cpus_nr_throttled": 0}`, "cpus_nr_throttled=0"},
		"beyond doubles":           {`{"threads": 1e999, "mem_rss_bytes": 1}`, "mem_rss_bytes=1 threads=+Inf"},
		"null is absent":           {`{"threads": null, "mem_rss_bytes": 1}`, "mem_rss_bytes=1"},
		"no statistics at all":     {`null`, ""},
		"unknown keys are skipped": {`{"perf": {"cycles": [1, {"a": "b"}]}, "new\"key": 1, "threads": 2, "net_traffic_control_statistics": []}`, "threads=2"},
		"nothing in it":            {`{}`, ""},
		"devices": {`{"blkio_statistics": {"cfq": [{}], "throttling": [
			{"io_service_bytes": [{"op": "TOTAL", "value": 30}]},
			{"device": {"major_number": 8, "minor_number": 16}, "io_serviced": [{"op": "READ", "value": 2}, {"op": "TOTAL", "value": 3}],
			 "io_service_bytes": [{"op": "READ", "value": 10}, {"op": "WRITE", "value": 20}]}]}}`, "8:16 read 10 true 2 true; 8:16 write 20 true 0 false;"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `[{"executor_id": "e", "framework_id": "f", "statistics": %s}, {"executor_id": "second"}]`, c.json)
			}))
			defer server.Close()
			agents := newAgents(t, AgentsConfig{Config: Config{Masters: []string{server.URL}}, Address: server.URL + "/{id}"}, AgentAddress{ID: "S1"})
			s, err := agents.Statistics(t.Context(), "S1")
			require.NoError(t, err)
			require.Len(t, s.Containers, 2)
			var got []string
			for _, key := range []string{"cpus_limit", "cpus_nr_throttled", "mem_rss_bytes", "processes", "threads"} {
				if v, ok := s.Containers[0].Readings.Of(StatisticOf(key)); ok {
					got = append(got, fmt.Sprintf("%s=%v", key, v))
				}
			}
			for _, d := range s.Containers[0].Readings.Devices {
				got = append(got, fmt.Sprintf("%s %s %v %v %v %v;", d.Device, d.Operation, d.Bytes, d.BytesKnown, d.Operations, d.OperationsKnown))
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestErrorsOfAgentsSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		body     string
		category Category
		parts    []string
	}{
		"credentials":            {401, "", Auth, []string{"The agent at ", "agentBasicAuthUser"}},
		"an ACL":                 {403, "", Forbidden, []string{"The agent at ", "the agent's ACLs"}},
		"starting":               {404, "", NotMesos, []string{"is starting", "agentAddress"}},
		"a redirect":             {307, "", NotMesos, []string{"redirects are not followed"}},
		"a broken list":          {200, `[{"executor_id": "a"`, Protocol, []string{"ended early", "check the agent"}},
		"an object":              {200, `{}`, Protocol, []string{"is an object, where the list of its containers belongs"}},
		"a text where a number":  {200, `[{"statistics": {"mem_rss_bytes": "1"}}]`, Protocol, []string{"mem_rss_bytes", "where a number belongs"}},
		"a list where an object": {200, `[{"statistics": []}]`, Protocol, []string{"statistics", "where an object belongs"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.status == 307 {
					w.Header().Set("Location", "//elsewhere:5051/monitor/statistics")
				}
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer server.Close()
			agents := newAgents(t, AgentsConfig{Config: Config{Masters: []string{server.URL}}, Address: server.URL + "/{id}"}, AgentAddress{ID: "S1"})
			_, err := agents.Statistics(t.Context(), "S1")
			requireError(t, err, c.category, c.parts...)
			require.NotContains(t, strings.ToLower(err.Error()), "master")
		})
	}
}

func TestAnswersOfMastersAreNoAgents(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"master/elected": 1}`) }))
	defer server.Close()
	agents := newAgents(t, AgentsConfig{Config: Config{Masters: []string{server.URL}}, Address: server.URL + "/{id}"}, AgentAddress{ID: "S1"})
	_, err := agents.Snapshot(t.Context(), "S1")
	requireError(t, err, NotMesos, "no metrics of an agent")
}

// An agent's address comes from whoever registered it.
func TestWhichAgentsAreAsked(t *testing.T) {
	far, near := []string{"http://master1:5050"}, []string{"http://localhost:5050"}
	agent := func(hostname, ip string, port int) AgentAddress {
		return AgentAddress{ID: "S1", Hostname: hostname, IP: ip, Port: port}
	}
	for name, c := range map[string]struct {
		masters []string
		address string
		hosts   string
		agent   AgentAddress
		want    string // the URL, or a part of why not
	}{
		"by its name":                     {far, "", "", agent("agent1.example.com", "10.0.0.1", 5051), "http://agent1.example.com:5051/p"},
		"by its address":                  {far, "https://{ip}:{port}", "", agent("agent1", "10.0.0.1", 5051), "https://10.0.0.1:5051/p"},
		"on a port that is written":       {far, "http://{hostname}:61001", "", agent("agent1", "", 0), "http://agent1:61001/p"},
		"on the port of the scheme":       {far, "https://{hostname}", "", agent("agent1", "", 0), "https://agent1:443/p"},
		"behind a router":                 {far, "https://router.example.com/agent/{id}", "", agent("", "", 0), "https://router.example.com:443/agent/S1/p"},
		"behind a router with a space":    {far, "https://r/a%20b/{id}%2Fx", "", agent("", "", 0), "https://r:443/a%20b/S1%2Fx/p"},
		"behind a router, by its name":    {far, "https://router/{hostname}/{port}", `.*\.example\.com`, agent("agent1.example.com", "", 5051), "https://router:443/agent1.example.com/5051/p"},
		"a host for a router to ask":      {far, "https://router/{hostname}", `.*\.example\.com`, agent("agent1.example.org", "", 5051), "does not match agentHosts"},
		"metadata for a router to ask":    {far, "https://router/{ip}/{port}", "", agent("", "169.254.169.254", 80), "link-local"},
		"itself for a router to ask":      {far, "https://router/{hostname}", "", agent("localhost", "", 80), "the machine of Grafana"},
		"here, where a router is":         {[]string{"http://localhost:8080/mesos"}, "", "", agent("127.0.0.1", "", 5051), "the machine of Grafana"},
		"behind a router here":            {far, "http://127.0.0.1:8080/agent/{id}/", "", agent("", "", 0), "http://127.0.0.1:8080/agent/S1/p"},
		"IPv6":                            {far, "http://{ip}:{port}", "", agent("", "2001:db8::1", 5051), "http://[2001:db8::1]:5051/p"},
		"a name that is an address":       {far, "", "", agent("10.0.0.1", "", 5051), "http://10.0.0.1:5051/p"},
		"link-local":                      {far, "", "", agent("169.254.169.254", "", 80), "link-local"},
		"link-local of IPv6":              {far, "http://{ip}:{port}", "", agent("", "fe80::1", 80), "link-local"},
		"link-local in IPv6's clothes":    {far, "http://{ip}:{port}", "", agent("", "::ffff:169.254.169.254", 80), "link-local"},
		"link-local although one is near": {near, "", "", agent("169.254.169.254", "", 80), "link-local"},
		"an IPv6 zone":                    {far, "http://{ip}:{port}", "", agent("", "fe80::1%eth0", 80), "does not say its IP address"},
		"multicast":                       {far, "", "", agent("224.0.0.1", "", 80), "multicast"},
		"here":                            {far, "", "", agent("127.0.0.1", "", 5051), "the machine of Grafana"},
		"here by name":                    {far, "", "", agent("LocalHost", "", 5051), "the machine of Grafana"},
		"here by no address":              {far, "", "", agent("0.0.0.0", "", 5051), "the machine of Grafana"},
		"here in IPv6":                    {far, "http://{ip}:{port}", "", agent("", "::1", 5051), "the machine of Grafana"},
		"here, where a master is":         {near, "", "", agent("127.0.0.1", "", 5051), "http://127.0.0.1:5051/p"},
		"here by name, likewise":          {near, "", "", agent("localhost", "", 5051), "http://localhost:5051/p"},
		"a host that is wanted":           {far, "", `.*\.example\.com`, agent("agent1.example.com", "", 5051), "http://agent1.example.com:5051/p"},
		"a host that is not":              {far, "", `.*\.example\.com`, agent("agent1.example.org", "", 5051), "does not match agentHosts"},
		"another behind a wanted one":     {far, "", `.*\.example\.com`, agent("evil/agent1.example.com", "", 5051), "is not the name of a host"},
		"an address where names are":      {far, "http://{ip}:{port}", `.*\.example\.com`, agent("agent1.example.com", "10.0.0.1", 5051), "does not match agentHosts"},
		"a name with a user in it":        {far, "", "", agent("agent1@evil", "", 5051), "is not the name of a host"},
		"a name with a port in it":        {far, "", "", agent("evil:80", "", 5051), "is not the name of a host"},
		"a name with a query":             {far, "", "", agent("evil?x", "", 5051), "is not the name of a host"},
		"no name":                         {far, "", "", agent("", "10.0.0.1", 5051), "is not the name of a host"},
		"no port":                         {far, "", "", agent("agent1", "10.0.0.1", 0), "does not say its port"},
		"no address":                      {far, "http://{ip}:{port}", "", agent("agent1", "", 5051), "does not say its IP address"},
		"an ID that leaves its place":     {far, "https://router/agent/{id}", "", AgentAddress{ID: "../../admin"}, "none that Mesos makes"},
		"an ID with a slash":              {far, "https://router/agent/{id}", "", AgentAddress{ID: "a/b"}, "none that Mesos makes"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := AgentsConfig{Config: Config{Masters: c.masters}, Address: c.address}
			if c.hosts != "" {
				cfg.Hosts = regexp.MustCompile("^(?:" + c.hosts + ")$")
			}
			target, err := newAgents(t, cfg, c.agent).Target(c.agent.ID)
			if strings.HasPrefix(c.want, "http") {
				require.NoError(t, err)
				require.Equal(t, c.want, target.at("/p"))
				return
			}
			requireError(t, err, Forbidden, "is not asked", c.want)
		})
	}
}

func TestOnlyAgentsOfTheCurrentListAreAsked(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; fmt.Fprint(w, `[]`) }))
	defer server.Close()
	agents := newAgents(t, AgentsConfig{Config: Config{Masters: []string{server.URL}}, Address: server.URL + "/{id}"}, AgentAddress{ID: "S1"})
	_, err := agents.Statistics(t.Context(), "S1")
	require.NoError(t, err)
	for _, id := range []string{"S2", ""} {
		_, err = agents.Statistics(t.Context(), id)
		requireError(t, err, Forbidden, "the leader does not list it")
	}
	agents.Know([]AgentAddress{{ID: "S2"}})
	_, err = agents.Snapshot(t.Context(), "S1")
	requireError(t, err, Forbidden, "the leader does not list it")
	require.Equal(t, 1, asked)
	agents.Close()
	_, err = agents.Statistics(t.Context(), "S2")
	require.ErrorIs(t, err, ErrClosed)
}

// A name may lead where its address would be refused.
func TestNamesThatLeadToRefusedAddressesGetNoRequest(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; fmt.Fprint(w, `[]`) }))
	defer server.Close()
	here := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	statistics := func(masters, address string) error {
		cfg := AgentsConfig{Address: address}
		cfg.Masters = []string{masters}
		transport := &http.Transport{DialContext: cfg.GuardDial(here), DisableKeepAlives: true}
		cfg.HTTP = &http.Client{Transport: transport}
		_, err := newAgents(t, cfg, AgentAddress{ID: "S1", Hostname: "agent1.example.com", Port: 5051}).Statistics(t.Context(), "S1")
		return err
	}
	err := statistics("http://master1:5050", "")
	requireError(t, err, Forbidden, "agent1.example.com is not asked", "the machine of Grafana")
	require.Zero(t, asked)
	require.NoError(t, statistics("http://127.0.0.1:5050", ""), "where a master is on this machine")
	require.NoError(t, statistics("http://master1:5050", "http://router.example.com/agent/{id}"), "an operator chose it")
	require.Equal(t, 2, asked)
}

// The address of a connection to an HTTP proxy is the proxy's, also where the
// proxy is on this machine.
func TestAgentsAreAskedThroughAProxyOnThisMachine(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		fmt.Fprint(w, `[]`)
	}))
	defer proxy.Close()
	address, err := url.Parse(strings.Replace(proxy.URL, "127.0.0.1", "localhost", 1))
	require.NoError(t, err)
	cfg := AgentsConfig{Config: Config{Masters: []string{"http://master1:5050"}}}
	cfg.HTTP = &http.Client{Transport: &http.Transport{
		DialContext: cfg.GuardDial(new(net.Dialer).DialContext), DisableKeepAlives: true,
		Proxy: func(*http.Request) (*url.URL, error) { return address, nil },
	}}
	_, err = newAgents(t, cfg, AgentAddress{ID: "S1", Hostname: "agent1.example.com", Port: 5051}).Statistics(t.Context(), "S1")
	require.NoError(t, err)
	require.Equal(t, []string{"http://agent1.example.com:5051/monitor/statistics"}, asked)
}

func TestAgentsGetTheirCredentialsAndNoOthers(t *testing.T) {
	cluster := replay(t, "15-auth")
	agents := recordedAgents(t, cluster, authorized(basic("monitor:monitorpw")))
	_, err := agents.Statistics(t.Context(), "S1")
	require.NoError(t, err)

	none := recordedAgents(t, cluster, nil)
	_, err = none.Statistics(t.Context(), "S1")
	requireError(t, err, Auth, "agentBasicAuthPassword")

	limited := recordedAgents(t, cluster, authorized(basic("limited:limitedpw")))
	_, err = limited.Statistics(t.Context(), "S1")
	requireError(t, err, Forbidden, "does not allow anybody without credentials")
}

func TestWrongAgentAddressesSayWhatWouldBeRight(t *testing.T) {
	for written, part := range map[string]string{
		"{hostname}:{port}":             "does not begin with http",
		"ftp://{hostname}":              "does not begin with http",
		"http://{host}:{port}":          "there are only {hostname}, {ip}, {port} and {id}",
		"http://user:pw@{hostname}":     "agentBasicAuthUser",
		"http://{hostname}.example.com": "more than {hostname}",
		"http://router/agent":           "the same for all agents",
		"http://{hostname}:99999":       "65535",
		"http://{hostname}/?x={id}":     "query",
		"http://router/../{id}":         ". or ..",
		"http://":                       "not an address",
	} {
		t.Run(written, func(t *testing.T) {
			err := CheckAgentAddress(written)
			require.ErrorContains(t, err, part)
			require.NotContains(t, err.Error(), "user:pw")
		})
	}
	_, err := NewAgents(AgentsConfig{Config: Config{Masters: []string{"http://m:5050"}}, Address: "nonsense"})
	require.Error(t, err)
}

func TestAHangingAgentIsGivenUp(t *testing.T) {
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(hold)
	cfg := AgentsConfig{Config: Config{Masters: []string{server.URL}, Timeout: 50 * time.Millisecond}, Address: server.URL + "/{id}"}
	_, err := newAgents(t, cfg, AgentAddress{ID: "S1"}).Statistics(t.Context(), "S1")
	requireError(t, err, Timeout, "The agent at ", "did not answer /monitor/statistics")
}

func basic(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }
