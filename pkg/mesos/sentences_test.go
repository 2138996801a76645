package mesos

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each sentence beside its cause: it names the cause, and advises what helps there.

// A signed is a certificate with its key.
type signed struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// sign returns a certificate that by signs; nil: itself.
func sign(t *testing.T, template x509.Certificate, by *signed) *signed {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent, signer := &template, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	made, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &signed{made, key}
}

func authority(name string) x509.Certificate {
	return x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
}

func TestSentencesOfCertificates(t *testing.T) {
	ca := sign(t, authority("Our CA"), nil)
	other := sign(t, authority("Another CA"), nil)
	old := authority("Old CA")
	old.NotAfter = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	expiredCA := sign(t, old, nil)
	notCA := sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "not a CA"}, BasicConstraintsValid: true}, nil)
	local := []net.IP{net.IPv4(127, 0, 0, 1)}
	server := func(change func(*x509.Certificate), by *signed) *signed {
		c := x509.Certificate{Subject: pkix.Name{CommonName: "m1.example"}, IPAddresses: local, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		if change != nil {
			change(&c)
		}
		return sign(t, c, by)
	}
	for name, c := range map[string]struct {
		cert       *signed
		trusted    *signed
		serverName string
		advice     Advice
		agent      bool
		says       []string
		not        string
	}{
		"an authority that is not known": {cert: server(nil, ca), says: []string{`signed by "CN=Our CA", which is not known here; add the CA certificate under TLS settings (tlsCACert, with tlsAuthWithCACert)`}},
		"a CA whose switch is off":       {cert: server(nil, ca), advice: Advice{UnusedCA: true}, says: []string{"the CA certificate that is set is not used: set tlsAuthWithCACert to true (jsonData.tlsAuthWithCACert)"}},
		"another CA":                     {cert: server(nil, other), trusted: ca, advice: Advice{CA: true}, says: []string{`signed by "CN=Another CA", which is not the CA certificate that is set; add that authority's certificate to it (secureJsonData.tlsCACert)`}},
		"signed by itself":               {cert: server(nil, nil), says: []string{`signed by itself ("CN=m1.example"); write it as CA certificate`}},
		"signed by itself, with a CA":    {cert: server(nil, nil), trusted: ca, advice: Advice{CA: true}, says: []string{"signed by itself", "is not the CA certificate that is set; write this certificate as CA certificate"}},
		"a common name only": {cert: server(func(c *x509.Certificate) { c.IPAddresses = nil }, ca), trusted: ca,
			says: []string{`has no subjectAltName, and its common name ("m1.example") is not read any more; make the certificate anew with a subjectAltName for 127.0.0.1`, "A server name in the TLS settings does not help"}, not: "another host name"},
		"a common name only, and a server name": {cert: server(func(c *x509.Certificate) { c.IPAddresses = nil }, ca), trusted: ca, serverName: "m1.example",
			says: []string{"make the certificate anew with a subjectAltName for m1.example"}, not: "another host name"},
		"a common name only, of an agent": {cert: server(func(c *x509.Certificate) { c.IPAddresses = nil }, ca), trusted: ca, agent: true,
			says: []string{"make the certificate anew with a subjectAltName for 127.0.0.1"}},
		"another name": {cert: server(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"m2.example", "*.example.org"} }, ca), trusted: ca,
			says: []string{"is for another host name (m2.example, *.example.org) and not for 127.0.0.1; use the name in the certificate as address, or set the server name under TLS settings (serverName, with tlsAuthWithCACert)"}},
		"another name, of an agent": {cert: server(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"a2.example"} }, ca), trusted: ca, agent: true,
			says: []string{"use a name in the certificate in agentAddress ({hostname} or {ip})"}, not: "server name"},
		"expired": {cert: server(func(c *x509.Certificate) { c.NotAfter = time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC) }, ca), trusted: ca,
			says: []string{"its certificate has expired on 2024-01-02T03:04:05Z; renew it"}},
		"an expired authority": {cert: server(nil, expiredCA), trusted: expiredCA, says: []string{`the certificate of its authority "CN=Old CA" has expired on 2020-01-02T03:04:05Z; renew it`}},
		"not valid yet": {cert: server(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Date(2090, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2091, 1, 1, 0, 0, 0, 0, time.UTC)
		}, ca), trusted: ca, says: []string{"its certificate is not valid before 2090-01-02T03:04:05Z; check the clocks"}, not: "expired"},
		"one for clients": {cert: server(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, ca), trusted: ca,
			says: []string{"is not one for servers; make it anew with the extended key usage serverAuth"}},
		"signed by what must not": {cert: server(nil, notCA), trusted: notCA, advice: Advice{CA: true}, says: []string{`signed by "CN=not a CA", and the CA certificate of that name that is set did not sign it, or is not one of an authority`}},
		"a CA made anew":          {cert: server(nil, sign(t, authority("Our CA"), nil)), trusted: ca, advice: Advice{CA: true}, says: []string{`signed by "CN=Our CA", and the CA certificate of that name that is set did not sign it`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listening := httptest.NewUnstartedServer(http.NotFoundHandler())
			listening.Config.ErrorLog = quiet()
			listening.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{c.cert.Raw}, PrivateKey: c.cert.key}}}
			listening.StartTLS()
			t.Cleanup(listening.Close)
			pool := x509.NewCertPool()
			if c.trusted != nil {
				pool.AddCert(c.trusted.Certificate)
			}
			sender := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: c.serverName}}}
			err := askOne(t, listening.URL, c.agent, c.advice, sender)
			requireError(t, err, TLS, c.says...)
			require.True(t, strings.HasSuffix(err.Error(), "."), err.Error())
			if c.not != "" {
				require.NotContains(t, err.Error(), c.not)
			}
		})
	}
}

// askOne queries a master for its leader, or an agent for its statistics.
func askOne(t *testing.T, url string, agent bool, advice Advice, sender *http.Client) error {
	t.Helper()
	cfg := Config{Masters: []string{url}, HTTP: sender, Advice: advice, Timeout: 3 * time.Second}
	if !agent {
		_, err := newClient(t, cfg).Leader(t.Context())
		return err
	}
	agents := newAgents(t, AgentsConfig{Config: cfg, Address: url + "/agent/{id}"}, AgentAddress{ID: "S1", Hostname: "a1", Port: 5051})
	_, err := agents.Statistics(t.Context(), "S1")
	return err
}

// Where agents have addresses of their own the sentence has the whole setting, with the port
// that answers by https where that is another one.
func TestAnAgentThatRedirectsToHTTPS(t *testing.T) {
	for location, want := range map[string]string{
		"https://a1.example:5051/x": "write https:// in agentAddress, such as https://{hostname}:{port}",
		"https://a1.example:5443/x": "write https:// and its port in agentAddress, such as https://{hostname}:5443",
		"https://a1.example/x":      "write https:// and its port in agentAddress, such as https://{hostname}:443",
	} {
		target := newTarget("http", "a1.example", "5051")
		require.Equal(t, "it leads to https at the same host; write https:// in the address", Advice{}.redirect(target, location))
		target.agent = true
		require.Equal(t, "it leads to https at the same host; "+want, Advice{}.redirect(target, location))
	}
}

// What the other side says of our certificate, and of its own versions.
func TestSentencesOfHandshakes(t *testing.T) {
	for name, c := range map[string]struct {
		server *tls.Config
		agent  bool
		advice Advice
		says   string
	}{
		"no client certificate":            {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, false, Advice{}, "it may require a client certificate: set one under TLS settings (tlsClientCert and tlsClientKey, with tlsAuth)"},
		"one whose switch is off":          {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, false, Advice{UnusedClientCertificate: true}, "the client certificate that is set is not used: set tlsAuth to true (jsonData.tlsAuth)"},
		"one that is not accepted":         {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, false, Advice{ClientCertificate: true}, "it does not accept the client certificate that is set"},
		"an agent that requires one":       {&tls.Config{ClientAuth: tls.RequireAnyClientCert}, true, Advice{}, "since that of the TLS settings is for masters only"},
		"old versions of TLS":              {&tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, false, Advice{}, "allow TLS 1.2 there (LIBPROCESS_SSL_ENABLE_TLS_V1_2=true)"},
		"old versions of TLS, of an agent": {&tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, true, Advice{}, "allow TLS 1.2 there"},
	} {
		t.Run(name, func(t *testing.T) {
			listening := httptest.NewUnstartedServer(http.NotFoundHandler())
			listening.Config.ErrorLog = quiet()
			listening.TLS = c.server
			listening.StartTLS()
			t.Cleanup(listening.Close)
			sender := &http.Client{Transport: listening.Client().Transport.(*http.Transport).Clone()}
			requireError(t, askOne(t, listening.URL, c.agent, c.advice, sender), TLS, c.says)
		})
	}
}

func TestSentencesOfTheWrongScheme(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet()
	secure.StartTLS()
	t.Cleanup(secure.Close)
	toTLS, toPlain := strings.Replace(secure.URL, "https:", "http:", 1), strings.Replace(plain.URL, "http:", "https:", 1)
	requireError(t, askOne(t, toTLS, false, Advice{}, nil), TLS, "it speaks https only; write https:// in its address")
	requireError(t, askOne(t, toTLS, true, Advice{}, nil), TLS, "it speaks https only; write https:// in agentAddress")
	requireError(t, askOne(t, toPlain, false, Advice{}, nil), TLS, "it speaks plain http; write http:// in its address")
	requireError(t, askOne(t, toPlain, true, Advice{}, nil), TLS, "it speaks plain http; write http:// in agentAddress")
}

// What the configuration has decides on what a refusal means.
func TestSentencesOfRefusals(t *testing.T) {
	header := Advice{Header: "httpHeaderValue1", HeaderKind: TokenOfDCOS}
	login := func(status int, challenge, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if challenge != "" {
				w.Header().Set("WWW-Authenticate", challenge)
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		}
	}
	const page = "<html><body>s3cret</body></html>"
	for name, c := range map[string]struct {
		handler  http.HandlerFunc
		agent    bool
		advice   Advice
		category Category
		says     []string
		not      string
	}{
		"an expired token":                     {login(401, "oauthjwt", page), false, header, Auth, []string{"(401): the token of the header Authorization is not accepted", "(secureJsonData.httpHeaderValue1)"}, "basic authentication"},
		"an expired token of agents":           {login(401, "oauthjwt", page), true, Advice{Header: "agentHeaderValue2", HeaderKind: TokenOfDCOS}, Auth, []string{"The agent at", "the token of the header Authorization is not accepted", "(secureJsonData.agentHeaderValue2)"}, "agentBasicAuthUser"},
		"a header without a token":             {login(401, "oauthjwt", page), false, Advice{Header: "httpHeaderValue1", HeaderFault: "has nothing"}, Auth, []string{"(401): the header Authorization has nothing (secureJsonData.httpHeaderValue1)"}, "expired"},
		"a login, and no token":                {login(200, "", page), false, Advice{Header: "httpHeaderValue1", HeaderFault: "has nothing"}, NotMesos, []string{"or a login, and the header Authorization has nothing (secureJsonData.httpHeaderValue1)"}, "expired"},
		"to a login, and no token":             {to("/login"), false, Advice{Header: "httpHeaderValue1", HeaderFault: "has nothing"}, NotMesos, []string{"it leads to a login", "the header Authorization has nothing (secureJsonData.httpHeaderValue1)"}, "write a new one"},
		"no rights, and no token":              {login(403, "", page), true, Advice{Header: "agentHeaderValue1", HeaderFault: "has nothing"}, Forbidden, []string{"(403): the header Authorization has nothing (secureJsonData.agentHeaderValue1)"}, "account"},
		"Bearer for DC/OS":                     {login(401, "oauthjwt", page), false, Advice{Header: "httpHeaderValue1", HeaderKind: BearerToken}, Auth, []string{"this is DC/OS, which requires a token behind token=", "(secureJsonData.httpHeaderValue1)"}, "expired"},
		"token= for Mesos' JWT":                {login(401, `Bearer realm="mesos"`, ""), false, Advice{Header: "httpHeaderValue1", HeaderKind: TokenOfDCOS}, Auth, []string{"a token behind Bearer is required"}, "expired"},
		"token= for a user":                    {login(401, `Basic realm="mesos"`, ""), false, Advice{Header: "httpHeaderValue1", HeaderKind: TokenOfDCOS}, Auth, []string{"a user and password are required, and the header Authorization has a token"}, "expired"},
		"a user in the header":                 {login(401, `Basic realm="mesos"`, ""), false, Advice{Header: "httpHeaderValue1", HeaderKind: UserAndPassword}, Auth, []string{"the user and password of the header Authorization are not accepted"}, "token"},
		"a password that is no word":           {login(401, `Basic realm="mesos"`, ""), true, Advice{User: true, Password: "agentBasicAuthPassword", PasswordFault: "is empty"}, Auth, []string{"the user and password are not accepted, and the password is empty (secureJsonData.agentBasicAuthPassword)"}, "header"},
		"a token, and a user":                  {login(401, "", ""), false, Advice{Header: "httpHeaderValue1", User: true}, Auth, []string{"the token of the header Authorization is not accepted"}, "basic authentication"},
		"DC/OS without a token":                {login(401, "acsjwt", page), false, Advice{}, Auth, []string{"this is DC/OS, which requires a token. Set the header Authorization (httpHeaderName1: Authorization with httpHeaderValue1: token=...)"}, "principal"},
		"DC/OS without a token, of agents":     {login(401, "oauthjwt", page), true, Advice{}, Auth, []string{"this is DC/OS", "agentHeaders: [Authorization] with agentHeaderValue1: token=..."}, ""},
		"a user that is not accepted":          {login(401, `Basic realm="mesos"`, ""), false, Advice{User: true}, Auth, []string{"the user and password are not accepted", "under basic authentication", "in a provisioning file $ is written $$"}, "token"},
		"a user of agents":                     {login(401, `Basic realm="mesos"`, ""), true, Advice{User: true}, Auth, []string{"the user and password are not accepted. Correct agentBasicAuthUser and agentBasicAuthPassword", "$ is written $$"}, "token"},
		"no credentials":                       {login(401, `Basic realm="mesos"`, ""), false, Advice{}, Auth, []string{"none are set", "under basic authentication", "token=..."}, ""},
		"no credentials for agents":            {login(401, `Basic realm="mesos"`, ""), true, Advice{}, Auth, []string{"none are set for agents, which have credentials of their own", "agentBasicAuthUser"}, ""},
		"Kerberos":                             {login(401, `Negotiate`, ""), false, Advice{}, Auth, []string{"of Kerberos, which is not supported"}, ""},
		"a token without rights":               {login(403, "", page), false, header, Forbidden, []string{"what the token of the header Authorization stands for", "write another token (secureJsonData.httpHeaderValue1)"}, ""},
		"a token of agents without rights":     {login(403, "", ""), true, Advice{Header: "agentHeaderValue1"}, Forbidden, []string{"The agent at", "write another token (secureJsonData.agentHeaderValue1)"}, "master"},
		"a principal without rights":           {login(403, "", "403 Forbidden."), false, Advice{User: true}, Forbidden, []string{"does not allow this principal", "in the master's ACLs"}, ""},
		"an agent's principal":                 {login(403, "", "403 Forbidden."), true, Advice{User: true}, Forbidden, []string{"does not allow this principal", "in the agent's ACLs"}, "master"},
		"nobody in particular":                 {login(403, "", "403 Forbidden."), false, Advice{}, Forbidden, []string{"does not allow anybody without credentials"}, "this principal"},
		"a gateway":                            {login(403, "", page), false, Advice{User: true}, Forbidden, []string{"Something before the master", "see the proxy or gateway"}, "ACL"},
		"a web page":                           {login(200, "", page), false, Advice{}, NotMesos, []string{"with a web page, where Mesos names its leader", "a login before Mesos", "https://dcos.example/mesos", "httpHeaderName1: Authorization"}, ""},
		"a web page, with a token":             {login(200, "", page), false, header, NotMesos, []string{"a login that does not accept the token of the header Authorization", "https://dcos.example/mesos", "(secureJsonData.httpHeaderValue1)"}, ""},
		"a web page of an agent":               {login(200, "", page), true, Advice{}, NotMesos, []string{"is a web page and not JSON", "a login before the agents", "https://dcos.example/agent/{id}"}, "master"},
		"a web page of an agent, with token":   {login(200, "", page), true, Advice{Header: "agentHeaderValue1"}, NotMesos, []string{"(secureJsonData.agentHeaderValue1)"}, "master"},
		"a redirect to a login":                {to("/login?redirect=s3cret"), false, Advice{}, NotMesos, []string{"it leads to a login", "write the masters' own addresses, or a token"}, ""},
		"a redirect to a login, with token":    {to("https://id.example/oauth2/authorize?state=s3cret"), false, header, NotMesos, []string{"it leads to a login", "write a new one (secureJsonData.httpHeaderValue1)"}, ""},
		"a redirect of an agent to a login":    {to("/login?redirect=s3cret"), true, Advice{}, NotMesos, []string{"it leads to a login", "agentHeaders: [Authorization]"}, "master"},
		"a redirect to https":                  {to("https://127.0.0.1/redirect"), false, Advice{}, TLS, []string{"it leads to https at the same host; write https:// in the address"}, ""},
		"a redirect of a router to https":      {to("https://127.0.0.1/agent/S1/monitor/statistics"), true, Advice{}, TLS, []string{"it leads to https at the same host; write https:// in agentAddress."}, "{port}"},
		"a redirect elsewhere":                 {to("http://elsewhere.example/"), true, Advice{}, NotMesos, []string{"write the agents' own addresses (agentAddress)"}, "master"},
		"too many requests":                    {login(429, "", page), false, Advice{}, Network, []string{"allows no more requests (429)", "raise pollInterval"}, "check the address"},
		"an agent that recovers":               {login(503, "", "Agent has not finished recovery"), true, Advice{}, Recovering, []string{"The agent at", "has not finished recovery"}, "leads"},
		"a gateway before an agent":            {login(502, "", page), true, Advice{}, Network, []string{"Something before the agent", "check that the agent is up"}, "master"},
		"words of an agent":                    {login(200, "", "Failed to collect usage"), true, Advice{}, Protocol, []string{"is text, where the list of its containers belongs: the agent answered and could not say what they use; see its log. Only this agent's numbers are missing"}, "check the address"},
		"a number that an agent does not send": {login(418, "", ""), true, Advice{}, NotMesos, []string{"as no Mesos agent does: check agentAddress"}, "the address"},
		"null of an agent":                     {login(200, "", "null"), true, Advice{}, Protocol, []string{"is null, where the list of its containers belongs"}, "check the address"},
		"an object of an agent":                {login(200, "", `{"error": "Failed to collect usage"}`), true, Advice{}, Protocol, []string{"is an object, where the list of its containers belongs"}, "check the address"},
		"Marathon": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Marathon-Leader", "http://marathon.example:8080")
			http.Error(w, "{}", 404)
		}, false, Advice{}, NotMesos, []string{"is Marathon (port 8080 where nothing else was configured): write the address of the Mesos master, whose port is 5050"}, ""},
		"an agent": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/metrics/snapshot" {
				http.NotFound(w, r)
				return
			}
			_, _ = io.WriteString(w, `{"slave/registered": 1}`)
		}, false, Advice{}, NotMesos, []string{"has the metrics of an agent: write the address of a master, whose port is 5050"}, ""},
		"another program": {login(404, "", "not found"), false, Advice{}, NotMesos, []string{"so this is not a Mesos master: check the address and port (5050 is a master's where nothing else was configured, 5051 an agent's, 8080 Marathon's)"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.handler)
			t.Cleanup(server.Close)
			err := askOne(t, server.URL, c.agent, c.advice, nil)
			requireError(t, err, c.category, c.says...)
			require.NotContains(t, err.Error(), "s3cret")
			require.True(t, strings.HasSuffix(err.Error(), "."), err.Error())
			if c.not != "" {
				require.NotContains(t, err.Error(), c.not)
			}
		})
	}
}

// answering listens and answers every connection with these bytes, then closes it.
func answering(t *testing.T, with string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4<<10))
			_, _ = io.WriteString(conn, with)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return "http://" + listener.Addr().String()
}

func TestSentencesOfConnections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	requireError(t, askOne(t, nobody, false, Advice{}, nil), Network, "connection refused", "check that the master runs; this address is Grafana's own machine, and where Grafana runs in a container it is that container", "(masters)")
	requireError(t, askOne(t, nobody, true, Advice{}, nil), Network, "No answer from the agent at", "(agentAddress)")
	requireError(t, askOne(t, answering(t, ""), false, Advice{}, nil), Network, "the connection was closed", "where it speaks https only, write https:// in its address (masters)")
	requireError(t, askOne(t, answering(t, "SSH-2.0-OpenSSH_9.9\r\n"), false, Advice{}, nil), NotMesos, "does not speak HTTP/1.1: check the port, which is 5050 of a master", "write zk:// for it")
	requireError(t, askOne(t, answering(t, "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00"), true, Advice{}, nil), NotMesos, "does not speak HTTP/1.1: check the port, which is 5051 of an agent")

	for name, c := range map[string]struct{ masters, proxy, says string }{
		"a proxy that is not there":          {"http://m1.example:5050", nobody, "The HTTP proxy on the way to the master at m1.example:5050 cannot be used"},
		"a proxy that requires credentials":  {"http://m1.example:5050", answering(t, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"), "requires credentials (407): write them into HTTP_PROXY"},
		"a proxy that requires them for TLS": {"https://m1.example:5050", answering(t, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"), "requires credentials (407): write them into HTTP_PROXY"},
	} {
		proxy, err := url.Parse(c.proxy)
		require.NoError(t, err)
		sender := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
		err = askOne(t, c.masters, false, Advice{}, sender)
		requireError(t, err, Network, c.says)
		require.NotContains(t, err.Error(), "check the address", name)
	}
}

// A connection that is not made is not a master that is slow, and a time-out is raised
// only where it is what bounds the request.
func TestSentencesOfTimeOuts(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	dropping := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}}
	ask := func(timeout time.Duration, sender *http.Client, page endpoint) error {
		client := newClient(t, Config{Masters: []string{silent.URL}, HTTP: sender, Timeout: timeout})
		_, err := client.get(t.Context(), client.masters[0], page, new(Roles))
		return err
	}
	requireError(t, ask(100*time.Millisecond, nil, statePage), Timeout, "did not answer /state within", "or raise the time-out (jsonData.timeout)")
	err := ask(100*time.Millisecond, dropping, statePage)
	requireError(t, err, Timeout, "No connection to the master", "no firewall drops")
	require.NotContains(t, err.Error(), "raise")

	client := newClient(t, Config{Masters: []string{silent.URL}, Timeout: time.Minute})
	require.True(t, client.timeoutDecides(statePage))
	require.False(t, client.timeoutDecides(redirectPage), "5 s, whatever the setting")
	agents := newAgents(t, AgentsConfig{Config: Config{Masters: []string{silent.URL}, Timeout: time.Minute}})
	require.False(t, agents.timeoutDecides(statisticsPage), "10 s at most")
	agents = newAgents(t, AgentsConfig{Config: Config{Masters: []string{silent.URL}, Timeout: time.Second}})
	require.True(t, agents.timeoutDecides(statisticsPage))
}
