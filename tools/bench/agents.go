//go:build linux

package main

import (
	"net/http"
	"net/url"
)

// generatedAgents sends the requests for all agents to the generated master, which answers
// for them (tools/simulator/generate/agents.ts). So that is no work of this process.
type generatedAgents struct {
	master *url.URL
	next   http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (g generatedAgents) RoundTrip(req *http.Request) (*http.Response, error) {
	to := *g.master
	to.Path, to.RawQuery = "/agent/"+req.URL.Hostname()+req.URL.Path, req.URL.RawQuery
	sent := req.Clone(req.Context())
	sent.URL, sent.Host = &to, to.Host
	return g.next.RoundTrip(sent)
}
