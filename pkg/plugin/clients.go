package plugin

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
)

// This file makes what masters and agents are asked through, by the settings
// and the SDK's HTTP options: an http.Client for each kind of target. What lets
// one in, basic authentication and custom headers, is never sent to the other.
// TLS settings, time-outs and proxies are common to both. Nothing is forwarded
// from the user who asks: the poll is shared by everybody.

// newClients makes what the settings say is asked, and returns them too.
func newClients(ctx context.Context, ds backend.DataSourceInstanceSettings, now func() time.Time) (*collector.Both, Settings, error) {
	parsed, err := ParseSettings(ds)
	if err != nil {
		return nil, parsed, err
	}
	options, err := ds.HTTPClientOptions(ctx)
	if err != nil {
		return nil, parsed, fmt.Errorf("settings of the data source: HTTP client: %w", err)
	}
	// ZooKeeper is reached on the masters' way: through the secure socks proxy,
	// where that is switched on.
	zooKeeper := mesos.ZooKeeperConfig{Digest: parsed.ZooKeeperDigest, Scheme: parsed.mastersScheme()}
	forMasters, err := configOf(options, parsed, now, func(dial mesos.Dial) mesos.Dial {
		zooKeeper.Dial = dial
		return dial
	})
	if err != nil {
		return nil, parsed, err
	}
	forMasters.ZooKeeper = zooKeeper
	masters, err := mesos.New(forMasters)
	if err != nil {
		return nil, parsed, fmt.Errorf("settings of the data source: masters: %w", err)
	}
	made := &collector.Both{Client: masters}
	if !parsed.AgentStatistics {
		return made, parsed, nil
	}
	cfg := mesos.AgentsConfig{Address: parsed.AgentAddress, Hosts: parsed.AgentHosts}
	cfg.Masters = parsed.Masters
	cfg.Config, err = configOf(agentOptions(options, parsed, ds.DecryptedSecureJSONData["agentBasicAuthPassword"]), parsed, now, cfg.GuardDial)
	if err != nil {
		masters.Close()
		return nil, parsed, err
	}
	agents, err := mesos.NewAgents(cfg)
	if err != nil {
		masters.Close()
		return nil, parsed, fmt.Errorf("settings of the data source: agents: %w", err)
	}
	made.Of = agents
	return made, parsed, nil
}

// agentOptions are the options for agents: those for masters without what lets
// one in there, and without the name that the masters' certificates have.
func agentOptions(options httpclient.Options, parsed Settings, password string) httpclient.Options {
	options.Header, options.BasicAuth, options.SigV4 = nil, nil, nil
	if parsed.AgentBasicAuthUser != "" {
		options.BasicAuth = &httpclient.BasicAuthOptions{User: parsed.AgentBasicAuthUser, Password: password}
	}
	if options.TLS != nil {
		tls := *options.TLS
		tls.ServerName = ""
		options.TLS = &tls
	}
	return options
}

// configOf is the configuration of a client. guard looks at the connections that
// are made, or at how they are.
func configOf(options httpclient.Options, parsed Settings, now func() time.Time, guard func(mesos.Dial) mesos.Dial) (mesos.Config, error) {
	cfg := mesos.Config{Masters: parsed.Masters, Now: now}
	if options.Timeouts != nil {
		cfg.Timeout = options.Timeouts.Timeout
	}
	// The SDK's middlewares hide the transport, whose idle connections the
	// client closes when it is replaced.
	options.ConfigureTransport = func(_ httpclient.Options, transport *http.Transport) {
		cfg.CloseIdle = transport.CloseIdleConnections
		transport.DialContext = guard(transport.DialContext)
	}
	var err error
	if cfg.HTTP, err = httpclient.New(options); err != nil {
		return cfg, fmt.Errorf("settings of the data source: HTTP client (TLS certificates, proxy): %w", err)
	}
	return cfg, nil
}
