package plugin

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/proxy"
	"github.com/grafana/grafana-plugin-sdk-go/config"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// A DC/OS router in front of the agents requires a token, which masters never
// get; agents never get the masters' headers.
func TestAgentsGetTheirOwnHeaders(t *testing.T) {
	s := newAgentFixture(t, map[string]any{"agentHeaders": []string{"Authorization", "X-Team"}, "httpHeaderName1": "Authorization", "httpHeaderName2": "X-Masters"}, workload)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{
			"agentHeaderValue1": "token=secret-of-agents", "agentHeaderValue2": "team-of-agents",
			"httpHeaderValue1": "token=secret-of-masters", "httpHeaderValue2": "header-of-masters",
		}
	})
	s.start().clock.Advance(3 * every)
	asked := map[string]int{}
	for _, r := range s.cluster.Requests() {
		asked[r.Host]++
		if r.Host == mesostest.Master {
			require.Equal(t, "token=secret-of-masters", r.Authorization, r.Path)
			require.Equal(t, "header-of-masters", r.Header.Get("X-Masters"), r.Path)
			require.Empty(t, r.Header.Get("X-Team"), r.Path)
		} else {
			require.Equal(t, "token=secret-of-agents", r.Authorization, r.Path)
			require.Equal(t, "team-of-agents", r.Header.Get("X-Team"), r.Path)
			require.Empty(t, r.Header.Get("X-Masters"), r.Path)
		}
	}
	require.Len(t, asked, 4, "the master and three agents")

	// A router that refuses the token: the sentence has the setting, and no value.
	s.cluster.Handle("127.0.0.1:5052", "/monitor/statistics", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	s.clock.Advance(2 * every)
	_, details := s.check()
	require.Contains(t, details, "(secureJsonData.agentHeaderValue1)")
	s.call("GET status", "")
	s.ask(cpusByFramework)
	for _, secret := range []string{"secret-of-agents", "team-of-agents", "secret-of-masters", "header-of-masters"} {
		require.NotContains(t, s.heard(), secret)
	}

	// Another value is in force with the next request.
	s.cluster.Handle("127.0.0.1:5052", "/monitor/statistics", nil)
	s.cluster.Reset()
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"agentHeaderValue1": "token=another", "agentHeaderValue2": "x", "httpHeaderValue1": "y", "httpHeaderValue2": "z"}
	})
	s.start().clock.Advance(3 * every)
	agents := 0
	for _, r := range s.cluster.Requests() {
		if r.Host != mesostest.Master {
			require.Equal(t, "token=another", r.Authorization)
			agents++
		}
	}
	require.Positive(t, agents)
}

// Save & test warns while whoever may register an agent gets the credentials.
func TestCredentialsForAnyAgentAreInSaveAndTest(t *testing.T) {
	s := newFixture(t, map[string]any{"agentStatistics": true, "agentBasicAuthUser": "grafana"}, workload)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"agentBasicAuthPassword": "x"}
	})
	health, details := s.start().check()
	require.Contains(t, health.Message, ". Warning: credentials for agents (agentBasicAuthUser with its password)")
	require.Contains(t, details, "Warning: credentials for agents (agentBasicAuthUser with its password) are sent to every host that registers as an agent: write a pattern")
	s.configure(map[string]any{"agentStatistics": true, "agentBasicAuthUser": "grafana", "agentHosts": `.*\.fixture\.test`})
	_, details = s.check()
	require.NotContains(t, details, "credentials for agents")
}

// The TLS client certificate and its key are a credential of the masters: agents,
// whose addresses come from whoever registered, are not offered it.
func TestAgentsAreNotOfferedTheMastersTLSKey(t *testing.T) {
	certificate, key := clientCertificate(t)
	var mu sync.Mutex
	offered := map[string][]int{} // certificates offered, by request
	s := newFixture(t, nil, workload)
	secure := func(name, host string) *httptest.Server {
		plain, err := url.Parse(s.cluster.URL(host))
		require.NoError(t, err)
		forward := httputil.NewSingleHostReverseProxy(plain)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			offered[name] = append(offered[name], len(r.TLS.PeerCertificates))
			mu.Unlock()
			if _, page, ok := strings.Cut(r.URL.Path, "/agent/"); ok {
				_, page, _ = strings.Cut(page, "/")
				r.URL.Path = "/" + page
			}
			forward.ServeHTTP(w, r)
		}))
		server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
		server.StartTLS()
		t.Cleanup(server.Close)
		return server
	}
	master, agents := secure("master", mesostest.Master), secure("agents", "127.0.0.1:5051")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: master.Certificate().Raw})
	s.configure(map[string]any{
		"masters": []string{master.URL}, "agentStatistics": true, "agentAddress": agents.URL + "/agent/{id}",
		"tlsAuth": true, "tlsAuthWithCACert": true, "serverName": "example.com",
	})
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"tlsCACert": string(ca), "tlsClientCert": certificate, "tlsClientKey": key}
	})
	s.start().clock.Advance(3 * every)
	s.works()
	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, offered["master"])
	require.NotEmpty(t, offered["agents"], "the same CA is trusted")
	require.NotContains(t, offered["master"], 0)
	require.NotContains(t, offered["agents"], 1)
}

func clientCertificate(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	packed, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: packed}))
}

// Masters, agents and ZooKeeper are reached through Grafana's secure socks proxy
// where that is on; names are resolved there, so a proxy on this machine is no
// reason to refuse an agent.
func TestEverythingGoesThroughTheSecureSocksProxy(t *testing.T) {
	socks := newSocksProxy(t)
	ctx := config.WithGrafanaConfig(t.Context(), config.NewGrafanaCfg(map[string]string{
		proxy.PluginSecureSocksProxyEnabled: "true", proxy.PluginSecureSocksProxyProxyAddress: socks.listener.Addr().String(),
		proxy.PluginSecureSocksProxyAllowInsecure: "true",
	}))
	ds := instance(`{"masters": ["zk://zk1.test:2181/mesos"], "agentStatistics": true, "enableSecureSocksProxy": true}`)
	both, _, err := newClients(ctx, ds, time.Now, nil)
	require.NoError(t, err)
	defer both.Close()
	_, err = both.Snapshot(t.Context())
	require.ErrorContains(t, err, "zk1.test:2181")
	both.Of.Know([]mesos.AgentAddress{{ID: "S0", Hostname: "agent1.test", Port: 5051}})
	_, err = both.Of.Statistics(t.Context(), "S0")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "is not asked")

	both, _, err = newClients(ctx, instance(`{"masters": ["http://master1.test:5050"], "enableSecureSocksProxy": true}`), time.Now, nil)
	require.NoError(t, err)
	defer both.Close()
	_, err = both.Snapshot(t.Context())
	require.Error(t, err)
	require.Subset(t, socks.asked(), []string{"zk1.test", "agent1.test", "master1.test"})
}

// socksProxy is a SOCKS5 proxy (RFC 1928) that notes which names it is asked to
// connect to, and refuses.
type socksProxy struct {
	listener net.Listener
	mu       sync.Mutex
	names    []string
}

func newSocksProxy(t *testing.T) *socksProxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &socksProxy{listener: listener}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(connection) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return p
}

func (p *socksProxy) serve(connection net.Conn) {
	defer connection.Close()
	head := make([]byte, 2)
	read := func(n int) []byte {
		raw := make([]byte, n)
		if _, err := io.ReadFull(connection, raw); err != nil {
			return make([]byte, n)
		}
		return raw
	}
	if _, err := io.ReadFull(connection, head); err != nil {
		return
	}
	read(int(head[1]))                       // methods
	_, _ = connection.Write([]byte{5, 2})    // user and password
	read(int(read(2)[1]))                    // version, user
	read(int(read(1)[0]))                    // password
	_, _ = connection.Write([]byte{1, 0})    // accepted
	if request := read(4); request[3] == 3 { // by name
		name := string(read(int(read(1)[0])))
		p.mu.Lock()
		p.names = append(p.names, name)
		p.mu.Unlock()
	}
	read(2)                                                       // port
	_, _ = connection.Write([]byte{5, 2, 0, 1, 0, 0, 0, 0, 0, 0}) // not allowed by the rules
}

func (p *socksProxy) asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.names
}
