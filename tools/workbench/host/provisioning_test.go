package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/stretchr/testify/require"
)

func provision(t *testing.T, content string, env map[string]string) (*sources, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "datasources"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "datasources", "mesos.yaml"), []byte(content), 0o644))
	look := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	return readProvisioning(dir, "x-datasource", look, hclog.NewNullLogger())
}

func TestProvisioningExpandsValuesAsGrafanaDoes(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("from a file\n"), 0o600))
	all, err := provision(t, `
apiVersion: 1
datasources:
  - name: $NAME
    uid: mesos
    type: x-datasource
    basicAuth: $AUTH
    jsonData:
      $NAME: a key stays
      masters: ["http://${HOST}:5050"]
      agentStatistics: $AUTH
      maxSeries: $COUNT
      quoted: "$COUNT"
      dollar: 5$$
      unset: "[$UNSET]"
      agentAddress: http://{hostname}:{port}
      deep: { env: "$__env{HOST}" }
    secureJsonData:
      basicAuthPassword: $__file{`+secret+`}
`, map[string]string{"NAME": "Mesos", "AUTH": "true", "HOST": "master1", "COUNT": "77"})
	require.NoError(t, err)
	one, ok := all.find("mesos")
	require.True(t, ok)
	require.Equal(t, "Mesos", one.Name)
	require.True(t, one.BasicAuth)
	require.True(t, one.ReadOnly)
	require.Equal(t, map[string]string{"basicAuthPassword": "from a file"}, one.secrets)
	require.JSONEq(t, `{
		"$NAME": "a key stays", "masters": ["http://master1:5050"], "agentStatistics": true, "maxSeries": 77,
		"quoted": "77", "dollar": "5$", "unset": "[]", "agentAddress": "http://{hostname}:{port}", "deep": {"env": "master1"}
	}`, string(one.JSONData))
}

func TestProvisioningGivesGrafanasUIDToAnEntryWithoutOne(t *testing.T) {
	all, err := provision(t, "apiVersion: 1\ndatasources: [{name: Prometheus, type: x-datasource}]", nil)
	require.NoError(t, err)
	_, ok := all.find("PBFA97CFB590B2093") // Grafana's well-known UID for the name "Prometheus".
	require.True(t, ok)
}

func TestBrokenProvisioningSaysWhat(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"not YAML":            {"a: [", "mesos.yaml"},
		"old version":         {"datasources: []", "apiVersion is 0"},
		"nothing of this":     {"apiVersion: 1\ndatasources: [{name: a, type: other}]", "no data source of type x-datasource"},
		"no name":             {"apiVersion: 1\ndatasources: [{type: x-datasource}]", "has no name"},
		"the same twice":      {"apiVersion: 1\ndatasources: [{name: a, type: x-datasource}, {name: a, type: x-datasource}]", "is there twice"},
		"a file not there":    {"apiVersion: 1\ndatasources: [{name: '$__file{/none}', type: x-datasource}]", "line 2: expanding $__file{/none}"},
		"a secret of no kind": {"apiVersion: 1\ndatasources: [{name: a, type: x-datasource, secureJsonData: {a: [1]}}]", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provision(t, c.content, nil)
			require.ErrorContains(t, err, c.want)
		})
	}
}
