package mesos

import (
	"io"
	"io/fs"
	"log"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// captures are the recorded responses of a real cluster.
func captures() fs.FS { return os.DirFS("../../testdata/captures") }

func replay(t testing.TB, name string, prefixes ...string) *mesostest.Cluster {
	t.Helper()
	return mesostest.NewCluster(t, captures(), mesostest.Scene{Name: name, Prefix: prefixes})
}

func newClient(t testing.TB, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// withHeader is a transport that adds a header to every request, as the
// middlewares of Grafana's SDK do with credentials.
type withHeader struct {
	*http.Transport
	key, value string
}

func (w withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(w.key, w.value)
	return w.Transport.RoundTrip(r)
}

func authorized(value string) *http.Client {
	return &http.Client{Transport: withHeader{&http.Transport{}, "Authorization", value}}
}

// requireError requires an error of a category whose sentence has all the parts.
func requireError(t testing.TB, err error, category Category, parts ...string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, category, CategoryOf(err), "%v", err)
	for _, part := range parts {
		require.Contains(t, err.Error(), part)
	}
}

// quiet is the log of servers whose complaints a test provokes.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
