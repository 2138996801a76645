package mesos

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func text(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func js(body string) http.HandlerFunc { return text(http.StatusOK, "application/json", body) }

func zipped(body string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, body)
	_ = z.Close()
	return b.Bytes()
}

func encoded(encoding string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(body)
	}
}

// cutOff promises more than it sends.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"master/elected":1,`)
}

func hangs(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func hangsInTheBody(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, `{"master/elected":1,`)
	hangs(w, r)
}

func TestWhatAnswersInPlaceOfAMasterIsSaid(t *testing.T) {
	long := `{"master/elected":1,"a/b":` + strings.Repeat(" ", 3<<20) + `1}`
	compressed := zipped(`{"master/elected":1,"a/b":` + strings.Repeat("1", 300) + `}`)
	for name, c := range map[string]struct {
		path     string // /metrics/snapshot without one
		handler  http.HandlerFunc
		category Category
		says     []string
	}{
		"a web page":                      {"", text(200, "text/html", "<!doctype html><title>Login</title>"), NotMesos, []string{"web page", "login"}},
		"a web page that says it is JSON": {"", js(" \n<html>"), NotMesos, []string{"web page"}},
		"a JSON list":                     {"", js(`[1,2]`), NotMesos, []string{"not a JSON object"}},
		"a JSON string":                   {"", js(`"up"`), NotMesos, []string{"not a JSON object"}},
		"white space":                     {"", js("  \n "), NotMesos, []string{"not a JSON object"}},
		"an object of another program":    {"", js(`{"status":"success","data":{}}`), NotMesos, []string{`"status"`, "no metric of Mesos"}},
		"no metrics at all":               {"", js(`{}`), NotMesos, []string{"master/elected"}},
		"an agent":                        {"", js(`{"slave/registered":1.0}`), NotMesos, []string{"agent", "5050"}},
		"state of an agent":               {"/state", js(`{"id":"S1","master_hostname":"m","frameworks":[]}`), NotMesos, []string{"slaves"}},
		"state of another program":        {"/state", js(`{"up":true}`), NotMesos, []string{"slaves"}},
		"roles of another program":        {"/roles", js(`{"up":true}`), NotMesos, []string{"roles"}},
		"version of another program":      {"/version", js(`{"release":"1"}`), NotMesos, []string{"version"}},
		"flags of another program":        {"/flags", js(`{"release":"1"}`), NotMesos, []string{"flags"}},
		"a page that is not there":        {"", text(404, "text/plain", "not found"), NotMesos, []string{"404", "/metrics/snapshot"}},
		"a method that is not allowed":    {"", text(405, "text/plain", ""), NotMesos, []string{"405"}},
		"no content":                      {"", text(204, "text/plain", ""), NotMesos, []string{"204"}},
		"an empty body":                   {"", js(""), Protocol, []string{"empty body"}},
		"an empty compressed body":        {"", encoded("gzip", nil), Protocol, []string{"empty body"}},
		"a compressed nothing":            {"", encoded("gzip", zipped("")), Protocol, []string{"empty body"}},
		"a number as string":              {"", js(`{"master/elected":1,"master/cpus_total":"8"}`), Protocol, []string{"a string at master/cpus_total", "number"}},
		"a number as object":              {"", js(`{"master/elected":{"value":1}}`), Protocol, []string{"an object at master/elected", "number"}},
		"a resource as string":            {"/state", js(`{"id":"x","frameworks":[],"slaves":[{},{"resources":{"cpus":"8"}}]}`), Protocol, []string{"a string at slaves[1].resources.cpus", "number"}},
		"a weight as string":              {"/roles", js(`{"roles":[{"weight":"2"}]}`), Protocol, []string{"a string at roles[0].weight", "number"}},
		"a flag as number":                {"/flags", js(`{"flags":{"port":5050}}`), Protocol, []string{"a number at flags.port", "a string"}},
		"truncated JSON":                  {"", js(`{"master/elected":1,"a`), Protocol, []string{"ended early", "JSON"}},
		"truncated JSON, of state":        {"/state", js(`{"id":"x","slaves":[{"id":`), Protocol, []string{"ended early", "JSON"}},
		"broken JSON":                     {"", js(`{"master/elected":1,"a/b":2x}`), Protocol, []string{"not valid JSON", "byte"}},
		"something after the JSON":        {"", js(`{"master/elected":1} tail`), Protocol, []string{"not valid JSON"}},
		"a connection cut in the body":    {"", cutOff, Protocol, []string{"ended early"}},
		"truncated gzip":                  {"", encoded("gzip", compressed[:len(compressed)-12]), Protocol, []string{"ended early", "compressed"}},
		"gzip that is cut in its head":    {"", encoded("gzip", compressed[:5]), Protocol, []string{"ended early"}},
		"gzip that is none":               {"", encoded("gzip", []byte(`{"master/elected":1}`)), Protocol, []string{"says gzip and is not"}},
		"gzip with a wrong checksum":      {"", encoded("gzip", flipped(compressed, len(compressed)-6)), Protocol, []string{"damaged"}},
		"another compression":             {"", encoded("br", []byte("x")), Protocol, []string{`"br"`}},
		"an answer beyond the limit":      {"", js(long), Protocol, []string{"longer than the limit of 1 MiB"}},
		"a bomb":                          {"", encoded("gzip", zipped(long)), Protocol, []string{"longer than the limit of 1 MiB"}},
		"a bomb before the JSON":          {"", encoded("gzip", zipped(strings.Repeat(" ", 4<<20))), NotMesos, []string{"not a JSON object"}},
		"no credentials":                  {"", text(401, "text/plain", ""), Auth, []string{"401", "basic authentication"}},
		"no right":                        {"", text(403, "text/plain", "403 Forbidden."), Forbidden, []string{"403", "get_endpoints for /metrics/snapshot"}},
		"no right to see flags":           {"/flags", text(403, "text/plain", "403 Forbidden."), Forbidden, []string{"403", "view_flags"}},
		"a firewall rule":                 {"", text(403, "text/plain", "Endpoint '/metrics/snapshot' is disabled"), Forbidden, []string{"--firewall_rules"}},
		"no leader":                       {"", text(503, "text/plain", "No leader elected"), NoLeader, []string{"no leading master"}},
		"not recovered":                   {"", text(503, "text/plain", "Master has not finished recovery"), Recovering, []string{"recovered"}},
		"a gateway":                       {"", text(502, "text/html", "<html>"), Network, []string{"502", "proxies"}},
		"a full load balancer":            {"", text(503, "text/html", "<html>"), Network, []string{"503", "proxies"}},
		"a proxy's login":                 {"", text(407, "text/html", "<html>"), Network, []string{"407", "proxy"}},
		"a failing master":                {"", text(500, "text/plain", "boom"), Protocol, []string{"500", "log"}},
		"http where https is spoken":      {"", text(400, "text/plain", "Client sent an HTTP request to an HTTPS server."), TLS, []string{"https://"}},
		"a server that never answers":     {"", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Timeout, []string{"within", "/metrics/snapshot"}},
		"a server that answers headers":   {"", hangs, Timeout, []string{"did not answer"}},
		"a server that stops":             {"", hangsInTheBody, Timeout, []string{"did not answer"}},
		"a closed connection":             {"", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Network, []string{"closed before"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := replay(t, "03-workload")
			path := c.path
			if path == "" {
				path = snapshotPage.path
			}
			cluster.Handle(mesostest.Master, path, c.handler)
			client := newClient(t, Config{Masters: cluster.Masters()[:1], MaxBody: 1 << 20})
			_, err := client.Leader(t.Context())
			require.NoError(t, err)
			if c.category == Timeout {
				client.timeout = 300 * time.Millisecond
			}
			err = questions(client)[path](t)
			requireError(t, err, c.category, c.says...)
			require.NotContains(t, err.Error(), "<", "nothing of the body")
			require.True(t, strings.HasSuffix(err.Error(), "."), "a sentence: %s", err)

			// The next poll is answered.
			cluster.Handle(mesostest.Master, path, nil)
			client.timeout = DefaultTimeout
			require.NoError(t, questions(client)[path](t))
		})
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0xff
	return b
}

func TestAnythingButMesosIsSaidWhenAskedForItsLeader(t *testing.T) {
	for name, c := range map[string]struct {
		handler  http.HandlerFunc
		category Category
		says     string
	}{
		"a web server without the page": {text(404, "text/html", "<html>"), NotMesos, "404"},
		"a web server with every page":  {text(200, "text/html", "<html>"), NotMesos, "with a web page, where Mesos names its leader"},
		"a login":                       {text(401, "text/html", "<html>"), Auth, "401"},
		"a redirect to a login": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/?key=s3cret", 302)
		}, NotMesos, "it leads to a login"},
		"a redirect to https":               {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "https://"+r.Host+r.URL.Path, 307) }, TLS, "write https://"},
		"a redirect to nowhere":             {text(307, "text/plain", ""), NotMesos, "redirects are not followed"},
		"a redirect that cannot be read":    {toLeader("%zz:5050"), Protocol, "cannot be read"},
		"a redirect without a port":         {toLeader("master1"), NotMesos, "redirects are not followed"},
		"a server that never says anything": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, Timeout, "within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.handler)
			t.Cleanup(server.Close)
			cfg := Config{Masters: []string{server.URL}}
			if c.category == Timeout {
				cfg.Timeout = 300 * time.Millisecond
			}
			client := newClient(t, cfg)
			_, err := client.Leader(t.Context())
			requireError(t, err, c.category, c.says)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func TestWrongAddressesAreSaid(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := listener.Addr().String()
	require.NoError(t, listener.Close())
	client := newClient(t, Config{Masters: []string{"http://" + nobody}})
	_, err = client.State(t.Context())
	requireError(t, err, Network, nobody, "connection refused", "check that the master runs")

	client = newClient(t, Config{Masters: []string{"http://master.invalid:5050"}})
	_, err = client.State(t.Context())
	requireError(t, err, Network, "master.invalid")
}

func TestTroublesWithTLSAreSaid(t *testing.T) {
	cluster := replay(t, "03-workload")
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet()
	secure.StartTLS()
	t.Cleanup(secure.Close)
	demanding := httptest.NewUnstartedServer(http.NotFoundHandler())
	demanding.Config.ErrorLog = quiet()
	demanding.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	demanding.StartTLS()
	t.Cleanup(demanding.Close)

	trusting := func(name string) *http.Client {
		transport := secure.Client().Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.ServerName = name
		return &http.Client{Transport: transport}
	}
	for name, c := range map[string]struct {
		url  string
		http *http.Client
		says string
	}{
		"an unknown authority":       {secure.URL, nil, "CA certificate"},
		"another name":               {secure.URL, trusting("master.example.org"), "another host name"},
		"https where http is spoken": {strings.Replace(cluster.URL(mesostest.Master), "http:", "https:", 1), nil, "write http://"},
		"http where https is spoken": {strings.Replace(secure.URL, "https:", "http:", 1), nil, "write https://"},
		"a certificate of our own":   {demanding.URL, trusting(""), "client certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, Config{Masters: []string{c.url}, HTTP: c.http})
			_, err := client.Leader(t.Context())
			requireError(t, err, TLS, c.says)
		})
	}
}

func TestEveryQuestionOfAnUnknownPrincipalIsUnauthorized(t *testing.T) {
	cluster := replay(t, "15-auth")
	for name, value := range map[string]string{
		"no credentials":    "",
		"wrong password":    "Basic bW9uaXRvcjp3cm9uZw==",
		"unknown principal": "Basic bm9ib2R5Ong=",
		"bearer token":      "Bearer abc.def.ghi",
		"never recorded":    "Basic YTpi",
	} {
		t.Run(name, func(t *testing.T) {
			httpClient := &http.Client{Transport: &http.Transport{}}
			if value != "" {
				httpClient = authorized(value)
			}
			client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master)}, HTTP: httpClient})
			for _, page := range []string{"/metrics/snapshot", "/state"} {
				requireError(t, questions(client)[page](t), Auth, "401", page)
			}
			if value == "" { // open to everybody
				_, err := client.Version(t.Context())
				require.NoError(t, err)
			}
		})
	}
}

func TestARestrictedPrincipalGetsWhatMesosFilters(t *testing.T) {
	cluster := replay(t, "15-auth")
	client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master)}, HTTP: authorized("Basic bGltaXRlZDpsaW1pdGVkcHc=")})
	_, err := client.Snapshot(t.Context())
	requireError(t, err, Forbidden, "ACLs")
	_, err = client.Flags(t.Context())
	requireError(t, err, Forbidden, "view_flags")
	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.True(t, state.Restricted())
	require.Nil(t, state.Cluster)
	require.Len(t, state.Slaves, 3)
	require.Empty(t, state.Frameworks)

	client = newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master)}, HTTP: authorized("Basic bW9uaXRvcjptb25pdG9ycHc=")})
	for page, ask := range questions(client) {
		require.NoError(t, ask(t), page)
	}
	state, err = client.State(t.Context())
	require.NoError(t, err)
	require.False(t, state.Restricted())
	require.Equal(t, Redacted, state.Flags["credentials"])
	flags, err := client.Flags(t.Context())
	require.NoError(t, err)
	require.Equal(t, Redacted, flags.Flags["credentials"])
	require.Equal(t, "5050", flags.Flags["port"])
}

func TestTextsOfOthersLoseTheirSecrets(t *testing.T) {
	require.Equal(t, `proxyconnect: //proxy:3128 refused`, scrub(`proxyconnect: //user:pass@proxy:3128 refused`))
	require.Equal(t, `header Basic [redacted]`, scrub(`header Basic dXNlcjpwYXNz`))
	err := new(asker).failed(newTarget("http", "m", "1"), statePage, time.Second, true, fmt.Errorf("dialing socks5://u:p4ss@proxy: refused"))
	requireError(t, err, Network, "refused")
	require.NotContains(t, err.Error(), "p4ss")
}
