package plugin

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// This file makes the HTTP clients of a data source from its settings and the
// SDK's HTTP options: one http.Client for masters, one for agents. Neither gets
// the other's credentials: basic authentication, custom headers, SigV4, TLS client
// certificate. The trusted CA, time-outs and proxies are the same for both.
// Nothing of the user who sends a query is forwarded: everyone shares the poll.

// newClients returns the clients for masters and, with agentStatistics or
// sandboxLogs, for agents, and the parsed settings. They connect by dial where it is not nil.
func newClients(ctx context.Context, ds backend.DataSourceInstanceSettings, now func() time.Time, dial mesos.Dial) (*collector.Both, Settings, error) {
	parsed, err := ParseSettings(ds)
	if err != nil {
		return nil, parsed, err
	}
	forSDK := ds
	forSDK.JSONData, forSDK.DecryptedSecureJSONData = parsed.forSDK(ds.JSONData, ds.DecryptedSecureJSONData)
	options, err := forSDK.HTTPClientOptions(ctx)
	if err != nil {
		return nil, parsed, fmt.Errorf("settings of the data source: HTTP client: %s", withoutFile(err))
	}
	forMasters, transport, err := configOf(options, parsed, now, dial)
	if err != nil {
		return nil, parsed, err
	}
	transport.DialContext = mesos.ByIP(transport.DialContext)
	if transport.MaxConnsPerHost > 0 && parsed.Subscribe != "never" {
		transport.MaxConnsPerHost++ // the event stream keeps one, and polls would wait for it
	}
	forMasters.Advice = parsed.adviceForMasters(options, ds.DecryptedSecureJSONData)
	// ZooKeeper is reached the way masters are: through the secure socks proxy, if
	// that is on.
	forMasters.ZooKeeper = mesos.ZooKeeperConfig{Digest: parsed.ZooKeeperDigest, Scheme: parsed.mastersScheme(), Dial: transport.DialContext}
	// [dataproxy] response_limit of grafana.ini bounds a body. The stream's has no end,
	// and its records are bounded each.
	forMasters.Streaming = func(ctx context.Context) context.Context { return httpclient.WithResponseLimit(ctx, 1<<62) }
	masters, err := mesos.New(forMasters)
	if err != nil {
		return nil, parsed, fmt.Errorf("settings of the data source: masters: %w", err)
	}
	parsed.dialZooKeeper = transport.DialContext
	made := &collector.Both{Client: masters}
	if !parsed.asksAgents() {
		return made, parsed, nil
	}
	cfg := mesos.AgentsConfig{Address: parsed.AgentAddress, Hosts: parsed.AgentHosts}
	cfg.Config, transport, err = configOf(agentOptions(options, parsed, ds.DecryptedSecureJSONData["agentBasicAuthPassword"]), parsed, now, dial)
	if err != nil {
		masters.Close()
		return nil, parsed, err
	}
	cfg.Advice = parsed.adviceForAgents(forMasters.Advice, ds.DecryptedSecureJSONData["agentBasicAuthPassword"])
	// Behind the secure socks proxy names are resolved there: the address of the
	// connection is the proxy's, and there is nothing to check.
	if options.ProxyOptions == nil || !options.ProxyOptions.Enabled {
		transport.DialContext = cfg.GuardDial(transport.DialContext)
	}
	agents, err := mesos.NewAgents(cfg)
	if err != nil {
		masters.Close()
		return nil, parsed, fmt.Errorf("settings of the data source: agents: %w", err)
	}
	made.Of = agents
	return made, parsed, nil
}

// adviceForMasters returns what errors of requests to masters say of the settings.
func (s *Settings) adviceForMasters(options httpclient.Options, secrets map[string]string) mesos.Advice {
	certificate := secrets[clientCert] != "" && secrets[clientKey] != ""
	header := secrets[s.mastersAuthorization]
	a := mesos.Advice{
		User:                    options.BasicAuth != nil,
		Header:                  s.mastersAuthorization,
		HeaderKind:              authorizationOf(header),
		HeaderFault:             headerFault("Authorization", header),
		CA:                      options.TLS != nil && options.TLS.CACertificate != "",
		UnusedCA:                secrets[caCert] != "" && !s.readsCertificates(),
		ClientCertificate:       certificate && s.readsCertificates(),
		UnusedClientCertificate: certificate && !s.readsCertificates(),
		Password:                "basicAuthPassword",
	}
	if a.User {
		if secrets[a.Password] == "" && secrets["password"] != "" { // of a data source whose user is beside jsonData
			a.Password = "password"
		}
		a.PasswordFault = passwordFault(options.BasicAuth.Password)
	}
	return a
}

// adviceForAgents returns what errors of requests to agents say of the settings: they
// get the masters' CA certificate, and credentials of their own.
func (s *Settings) adviceForAgents(masters mesos.Advice, password string) mesos.Advice {
	a := mesos.Advice{User: s.AgentBasicAuthUser != "", CA: masters.CA, UnusedCA: masters.UnusedCA, Password: "agentBasicAuthPassword", PasswordFault: passwordFault(password)}
	for i, name := range s.agentHeaderNames {
		if value := s.AgentHeaders.Get(name); strings.EqualFold(name, "Authorization") && value != "" {
			a.Header = "agentHeaderValue" + strconv.Itoa(i+1)
			a.HeaderKind, a.HeaderFault = authorizationOf(value), headerFault(name, value)
		}
	}
	return a
}

// agentOptions returns the options for agents: those for masters without their
// credentials and without the name in the masters' certificates, and with the
// credentials for agents.
func agentOptions(options httpclient.Options, parsed Settings, password string) httpclient.Options {
	options.BasicAuth, options.SigV4 = nil, nil
	options.Header = parsed.AgentHeaders
	if parsed.AgentBasicAuthUser != "" {
		options.BasicAuth = &httpclient.BasicAuthOptions{User: parsed.AgentBasicAuthUser, Password: password}
	}
	if options.TLS != nil {
		tls := *options.TLS
		tls.ServerName, tls.ClientCertificate, tls.ClientKey = "", "", ""
		options.TLS = &tls
	}
	return options
}

// configOf returns the configuration of a client, and its transport, which may be
// changed until the first request.
func configOf(options httpclient.Options, parsed Settings, now func() time.Time, dial mesos.Dial) (mesos.Config, *http.Transport, error) {
	cfg := mesos.Config{Masters: parsed.Masters, Now: now}
	if options.Timeouts != nil {
		cfg.Timeout = options.Timeouts.Timeout
	}
	// The transport is taken here because the SDK's middlewares hide it. Only after
	// httpclient.New does its DialContext lead through the secure socks proxy.
	var transport *http.Transport
	options.ConfigureTransport = func(_ httpclient.Options, t *http.Transport) { transport = t }
	var err error
	if cfg.HTTP, err = httpclient.New(options); err != nil {
		return cfg, nil, fmt.Errorf("settings of the data source: HTTP client (TLS certificates, proxy): %s", withoutFile(err))
	}
	if dial != nil {
		transport.DialContext = dial
	}
	cfg.CloseIdle = transport.CloseIdleConnections
	return cfg, transport, nil
}
