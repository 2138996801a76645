package plugin

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// This file is the network of a case: its hosts are reached by their names, which
// no resolver knows, through the dialer that the plugin is given.

// asBase is the value of `others` for a host that answers everything else as the
// masters of base/answers.json.
const asBase = `"as the base cluster"`

// A caseAnswer is how a page of a host answers.
type caseAnswer struct {
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"`
	Location *string           `json:"location"`
	Text     string            `json:"text"`
	JSON     json.RawMessage   `json:"json"` // "NOW" in it is the clock's time

	File string `json:"file"` // the body, below testdata/public-fixtures; .gz is unpacked

	// Which of several answers it is.
	FromSeconds float64 `json:"from_s"`  // since the start
	Request     int     `json:"request"` // the nth for this page, from 1; the last one is that of all later ones
	Variant     int     `json:"variant"` // the test runs once with each
}

// readAnswers reads one answer or a list of them; nil where raw is neither.
func readAnswers(raw json.RawMessage) []caseAnswer {
	var list []caseAnswer
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var one caseAnswer
	if json.Unmarshal(raw, &one) == nil {
		return []caseAnswer{one}
	}
	return nil
}

// A caseNet is the hosts of a case.
type caseNet struct {
	t         *testing.T
	variant   int
	clock     *clocktest.Clock
	start     time.Time
	authority *authority

	at map[string]string // where it listens, by host:port

	mu    sync.Mutex
	count map[string]int // requests, by host:port and page
}

func newCaseNet(t *testing.T, c *caseFile, variant int, clock *clocktest.Clock, start time.Time) *caseNet {
	t.Helper()
	n := &caseNet{t: t, variant: variant, clock: clock, start: start, authority: newAuthority(t), at: map[string]string{}, count: map[string]int{}}
	pages := map[string]map[string]json.RawMessage{}
	for _, more := range []hosts{c.hosts, c.Want.hosts} {
		for host, answers := range more.Answers {
			if pages[host] == nil {
				pages[host] = map[string]json.RawMessage{}
			}
			for page, answer := range answers {
				pages[host][page] = answer
			}
		}
	}
	secure := strings.Contains(fmt.Sprint(c.JSONData["masters"]), "https://")
	for host, answers := range pages {
		n.serve(host, answers, secure, strings.Contains(c.Certificate, "no subjectAltName"))
	}
	for server, paths := range c.ZooKeeper {
		z := mesostest.NewZooKeeper(t)
		for path, nodes := range paths {
			z.Set(path, nodes)
		}
		n.at[server] = z.Address()
	}
	return n
}

func (n *caseNet) serve(host string, pages map[string]json.RawMessage, secure, commonNameOnly bool) {
	n.t.Helper()
	if raw, ok := pages["others"]; ok {
		require.Equal(n.t, asBase, string(raw), "%s: others", host)
		for page, answer := range baseAnswers(n.t, host) {
			if _, own := pages[page]; !own {
				pages[page] = answer
			}
		}
	}
	read := func(key string) (text string) {
		if raw, ok := pages[key]; ok {
			require.NoError(n.t, json.Unmarshal(raw, &text), "%s: %s", host, key)
		}
		return text
	}
	below, authorization := read("below"), read("authorization")
	for page, raw := range pages {
		switch page {
		case "others", "below", "authorization":
			continue
		}
		require.True(n.t, strings.HasPrefix(page, "GET "), "%s: %s", host, page)
		require.NotEmpty(n.t, readAnswers(raw), "%s: %s", host, page)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page := r.URL.Path
		if _, outside := pages["GET "+page]; below != "" && !outside {
			var inside bool
			if page, inside = strings.CutPrefix(page, below); !inside {
				http.NotFound(w, r)
				return
			}
		}
		if authorization != "" && r.Header.Get("Authorization") != authorization {
			w.Header().Set("WWW-Authenticate", "oauthjwt")
			http.Error(w, "<html><body>401 Unauthorized</body></html>", http.StatusUnauthorized)
			return
		}
		for _, key := range []string{"GET " + page, "GET *"} {
			if raw, ok := pages[key]; ok {
				n.answer(w, host+" "+key, readAnswers(raw))
				return
			}
		}
		http.Error(w, "Not Found.", http.StatusNotFound)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that the plugin ends
	if name, port, _ := net.SplitHostPort(host); secure && port != "5051" {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{n.authority.issue(n.t, name, commonNameOnly)}}
		server.StartTLS()
	} else {
		server.Start()
	}
	n.t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	n.at[host] = server.Listener.Addr().String()
}

// answer writes the answer of this moment, request and variant.
func (n *caseNet) answer(w http.ResponseWriter, page string, answers []caseAnswer) {
	n.mu.Lock()
	n.count[page]++
	nth := n.count[page]
	n.mu.Unlock()
	var chosen caseAnswer
	for _, a := range answers { // the last that fits
		if (a.Variant == 0 || a.Variant == n.variant) && !n.clock.Now().Before(n.start.Add(time.Duration(a.FromSeconds*float64(time.Second)))) && a.Request <= nth {
			chosen = a
		}
	}
	body := []byte(chosen.Text)
	if chosen.JSON != nil {
		now := strconv.FormatFloat(float64(n.clock.Now().UnixMicro())/1e6, 'f', 6, 64)
		body = []byte(strings.ReplaceAll(string(chosen.JSON), `"NOW"`, now))
	}
	if chosen.File != "" {
		body = n.read(chosen.File)
	}
	switch {
	case chosen.JSON != nil, chosen.File != "", strings.HasPrefix(chosen.Text, "{"):
		w.Header().Set("Content-Type", "application/json")
	case strings.HasPrefix(chosen.Text, "<"):
		w.Header().Set("Content-Type", "text/html")
	default:
		w.Header().Set("Content-Type", "text/plain")
	}
	for name, value := range chosen.Headers {
		w.Header().Set(name, value)
	}
	if chosen.Location != nil {
		w.Header().Set("Location", *chosen.Location)
	}
	w.WriteHeader(chosen.Status)
	_, _ = w.Write(body) // a client that has gone is no fault of the test
}

// read returns a file of testdata/public-fixtures.
func (n *caseNet) read(name string) []byte {
	raw, err := os.ReadFile(filepath.Join(realFiles, name))
	if err == nil && strings.HasSuffix(name, ".gz") {
		var unpacked io.Reader
		if unpacked, err = gzip.NewReader(bytes.NewReader(raw)); err == nil {
			raw, err = io.ReadAll(unpacked)
		}
	}
	if err != nil {
		n.t.Error(err) // not FailNow: this is a goroutine of the server
	}
	return raw
}

// baseAnswers returns the answers of a healthy master that is called host.
func baseAnswers(t *testing.T, host string) map[string]json.RawMessage {
	t.Helper()
	raw, err := os.ReadFile(caseFiles + "/base/answers.json")
	require.NoError(t, err)
	var answers map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "m1.example:5050", host)), &answers))
	return answers
}

// dial connects to a host of the case: names of others do not exist, and at other
// ports and addresses nobody listens.
func (n *caseNet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	at, ok := n.at[address]
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	_, notIP := netip.ParseAddr(host)
	if !ok {
		if notIP != nil && !n.exists(host) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
		}
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, at)
	if err != nil {
		return nil, err
	}
	ip := net.IPv4(10, 0, 0, 1)
	if notIP == nil {
		ip = net.ParseIP(host)
	}
	return &caseConn{conn, &net.TCPAddr{IP: ip, Port: 1}}, nil
}

func (n *caseNet) exists(host string) bool {
	for known := range n.at {
		if name, _, _ := net.SplitHostPort(known); name == host {
			return true
		}
	}
	return false
}

// A caseConn is a connection to an address that the host would have.
type caseConn struct {
	net.Conn
	remote net.Addr
}

func (c *caseConn) RemoteAddr() net.Addr { return c.remote }

// An authority is a certificate authority.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the authority of this case"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// issue returns a certificate for a host.
func (a *authority) issue(t *testing.T, host string, commonNameOnly bool) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, NotAfter: time.Now().Add(time.Hour)}
	if !commonNameOnly {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
