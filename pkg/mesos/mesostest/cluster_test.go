package mesostest

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func captures() fs.FS { return os.DirFS("../../../testdata/captures") }

// get sends a request unlike a browser: no redirects, no hidden gzip.
func get(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

func TestAnswersAreThoseRecorded(t *testing.T) {
	cluster := NewCluster(t, captures(), Scene{Name: "15-auth"})
	resp, body := get(t, cluster.URL(Master)+"/state")
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, "401 Unauthorized.", body)
	require.Equal(t, `Basic realm="mesos-master-readonly"`, resp.Header.Get("WWW-Authenticate"))
	require.Equal(t, "Sat, 21 Nov 2026 07:55:24 GMT", resp.Header.Get("Date"))

	resp, body = get(t, cluster.URL(Master)+"/state", "Authorization", "Basic bGltaXRlZDpsaW1pdGVkcHc=")
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(body, "{"))

	resp, _ = get(t, cluster.URL(Master)+"/state?never=recorded")
	require.Equal(t, 404, resp.StatusCode)
	require.Equal(t, []string{"/state", "/state", "/state?never=recorded"},
		[]string{cluster.Requests()[0].Path, cluster.Requests()[1].Path, cluster.Requests()[2].Path})
	require.Equal(t, "Basic bGltaXRlZDpsaW1pdGVkcHc=", cluster.Requests()[1].Authorization)
}

func TestBodiesAreCompressedOnRequest(t *testing.T) {
	cluster := NewCluster(t, captures(), Scene{Name: "03-workload"})
	resp, plain := get(t, cluster.URL(Master)+"/state", "Accept-Encoding", "gzip;q=0")
	require.Empty(t, resp.Header.Get("Content-Encoding"))
	resp, zipped := get(t, cluster.URL(Master)+"/state", "Accept-Encoding", "gzip, deflate")
	require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
	require.Less(t, len(zipped), len(plain)/5)
	resp, _ = get(t, cluster.URL(Master)+"/version", "Accept-Encoding", "gzip")
	require.Empty(t, resp.Header.Get("Content-Encoding"), "Mesos leaves small bodies alone")
}

func TestRedirectsPointAtTheServersOfTheTest(t *testing.T) {
	cluster := NewCluster(t, captures(), Scene{Name: "14-ha", Prefix: []string{"leader-", "nonleader-"}})
	_, port, _ := strings.Cut(cluster.Address(Master), ":")
	for path, location := range map[string]string{
		"/redirect":      "//localhost:" + port,
		"/state":         "//localhost:" + port + "/master/state",
		"/state?jsonp=x": "//localhost:" + port + "/master/state?jsonp=x",
	} {
		resp, _ := get(t, cluster.URL(Master2)+path)
		require.Equal(t, 307, resp.StatusCode)
		require.Equal(t, location, resp.Header.Get("Location"))
	}
	require.Len(t, cluster.Masters(), 3)
}

func TestScenesLieOverEachOtherAndChange(t *testing.T) {
	under := Scene{Name: "03-workload"}
	cluster := NewCluster(t, captures(), Step(0), under)
	_, first := get(t, cluster.URL(Master)+"/metrics/snapshot")
	resp, _ := get(t, cluster.URL(Master)+"/roles")
	require.Equal(t, 200, resp.StatusCode, "from the scene below")
	url := cluster.URL(Master)
	cluster.SetScene(Step(76), under)
	require.Equal(t, url, cluster.URL(Master))
	_, last := get(t, url+"/metrics/snapshot")
	require.NotEqual(t, first, last)
	require.Equal(t, 2, cluster.Count(Master, "/metrics/snapshot"))
	cluster.Reset()
	require.Empty(t, cluster.Requests())
}

func TestHostsDieAndComeBack(t *testing.T) {
	cluster := NewCluster(t, captures(), Scene{Name: "01-empty-master"})
	cluster.Kill(Master)
	transport := &http.Transport{}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, cluster.URL(Master), nil)
	require.NoError(t, err)
	_, err = transport.RoundTrip(req)
	require.ErrorContains(t, err, "connection refused")
	cluster.Revive(Master)
	resp, _ := get(t, cluster.URL(Master)+"/version")
	require.Equal(t, 200, resp.StatusCode)

	cluster.Handle(Master, "/version", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	resp, _ = get(t, cluster.URL(Master)+"/version")
	require.Equal(t, http.StatusTeapot, resp.StatusCode)
	cluster.Handle(Master, "/version", nil)
	resp, _ = get(t, cluster.URL(Master)+"/version")
	require.Equal(t, 200, resp.StatusCode)
}
