package mesos

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// The host name of a master does not resolve, and ZooKeeper has its IP address.
func TestAMasterWhoseNameDoesNotResolveIsAskedByItsIP(t *testing.T) {
	const host = "b1946ac92492"
	missing := func(address string) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}}
	}
	for name, c := range map[string]struct {
		ip     string
		name   error  // of dialing by name; nil: it resolves
		refuse bool   // nobody listens at the IP
		silent bool   // the IP does not answer
		want   string // of the error; "": none
		dialed []string
	}{
		"it resolves":                       {ip: "10.0.0.4", dialed: []string{host}},
		"it does not exist":                 {ip: "10.0.0.4", name: missing(host), dialed: []string{host, "10.0.0.4"}},
		"IPv6":                              {ip: "2001:db8::4", name: missing(host), dialed: []string{host, "2001:db8::4"}},
		"nobody at the IP":                  {ip: "10.0.0.4", name: missing(host), refuse: true, dialed: []string{host, "10.0.0.4"}, want: host + ": no such host, and 10.0.0.4, which ZooKeeper has for it: connection refused): correct the name in masters, or --hostname of the master"},
		"the IP does not answer":            {ip: "10.0.0.4", name: missing(host), silent: true, dialed: []string{host, "10.0.0.4"}, want: host + ": no such host, and 10.0.0.4, which ZooKeeper has for it: dial tcp: i/o timeout): correct the name in masters, or --hostname of the master"},
		"no IP":                             {ip: "", name: missing(host), dialed: []string{host}, want: "host name " + host + ": no such host"},
		"an IP of another machine":          {ip: "169.254.1.1", name: missing(host), dialed: []string{host}, want: "no such host"},
		"no IP address":                     {ip: "example.com", name: missing(host), dialed: []string{host}, want: "no such host"},
		"the resolver does not answer":      {ip: "10.0.0.4", name: &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}, dialed: []string{host, "10.0.0.4"}},
		"nobody listens where the name is":  {ip: "10.0.0.4", name: fmt.Errorf("connection refused"), dialed: []string{host}, want: "connection refused"},
		"a name that looks like an address": {ip: "10.0.0.4.", name: missing(host), dialed: []string{host}, want: "no such host"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := replay(t, "03-workload")
			zooKeeper := mesostest.NewZooKeeper(t)
			zooKeeper.Register("/mesos", fmt.Sprintf(`{"address":{"hostname":%q,"ip":%q,"port":5050},"hostname":%q,"port":5050}`, host, c.ip, host))
			var dialed []string
			transport := &http.Transport{DisableKeepAlives: true, DialContext: ByIP(func(ctx context.Context, network, address string) (net.Conn, error) {
				at, port, err := net.SplitHostPort(address)
				require.NoError(t, err)
				require.Equal(t, "5050", port)
				dialed = append(dialed, at)
				switch {
				case at == host && c.name != nil:
					return nil, c.name
				case at != host && c.silent:
					return nil, &net.OpError{Op: "dial", Net: network, Err: os.ErrDeadlineExceeded}
				case at != host && c.refuse:
					return nil, fmt.Errorf("connection refused")
				}
				return new(net.Dialer).DialContext(ctx, network, cluster.Address(mesostest.Master))
			})}
			client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}, HTTP: &http.Client{Transport: transport}})
			metrics, err := client.Snapshot(t.Context())
			require.Subset(t, c.dialed, dialed)
			require.Subset(t, dialed, c.dialed)
			if c.want != "" {
				requireError(t, err, Network, c.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, host+":5050", metrics.Target, "series and links have the name")
		})
	}
}

// Certificates are for names: that of the master stays the server's name.
func TestACertificateIsForTheNameThatDoesNotResolve(t *testing.T) {
	var names []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		names = append(names, r.TLS.ServerName)
		fmt.Fprint(w, `{"master/elected": 1}`)
	}))
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	for host, valid := range map[string]bool{"example.com": true, "other.example": false} { // httptest's certificate has the first
		zooKeeper := mesostest.NewZooKeeper(t)
		zooKeeper.Register("/mesos", mesostest.MasterInfo(host, number))
		transport := server.Client().Transport.(*http.Transport).Clone()
		t.Cleanup(transport.CloseIdleConnections)
		transport.DialContext = ByIP(func(ctx context.Context, network, address string) (net.Conn, error) {
			if at, _, _ := net.SplitHostPort(address); at == host {
				return nil, &net.DNSError{Err: "no such host", Name: at, IsNotFound: true}
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		})
		client := newClient(t, Config{
			Masters: []string{zooKeeper.URL("/mesos")}, ZooKeeper: ZooKeeperConfig{Scheme: "https"}, HTTP: &http.Client{Transport: transport},
		})
		_, err := client.Snapshot(t.Context())
		if valid {
			require.NoError(t, err)
			continue
		}
		requireError(t, err, TLS, host)
	}
	require.Equal(t, []string{"example.com"}, names)
}

// Through the one address in the settings a master names a leader that only it can
// reach.
func TestALeaderThatCannotBeReachedIsSaidToBeNamed(t *testing.T) {
	cluster := replay(t, "14-ha", "nonleader-")
	cluster.Handle(mesostest.Master2, "/redirect", toLeader("b1946ac92492:5050"))
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if at, _, _ := net.SplitHostPort(address); at == "b1946ac92492" {
			return nil, &net.DNSError{Err: "no such host", Name: at, IsNotFound: true}
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master2)}, HTTP: &http.Client{Transport: transport}})
	_, err := client.State(t.Context())
	requireError(t, err, Network, "b1946ac92492:5050, which "+cluster.Address(mesostest.Master2)+" names as the leader (host name b1946ac92492: no such host)",
		"correct --hostname of that master", "where "+cluster.Address(mesostest.Master2)+" is a load balancer, let it choose the leader; otherwise list the addresses of all masters")
}

// The same where connections are reset, refused or dropped: the balancer is named.
func TestALeaderBehindABalancerThatCannotBeReachedNamesTheBalancer(t *testing.T) {
	for name, fails := range map[string]struct {
		err      error
		category Category
	}{
		"reset":   {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, Network},
		"refused": {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, Network},
		"dropped": {&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := replay(t, "14-ha", "nonleader-")
			cluster.Handle(mesostest.Master2, "/redirect", toLeader("10.0.0.9:5050"))
			transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == "10.0.0.9:5050" {
					return nil, fails.err
				}
				return new(net.Dialer).DialContext(ctx, network, address)
			}}
			client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master2)}, HTTP: &http.Client{Transport: transport}})
			_, err := client.State(t.Context())
			balancer := cluster.Address(mesostest.Master2)
			requireError(t, err, fails.category, "10.0.0.9:5050, which "+balancer+" names as the leader", "where "+balancer+" is a load balancer, let it choose the leader")
		})
	}
}
