package plugin

import (
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

func instance(jsonData string) backend.DataSourceInstanceSettings {
	return backend.DataSourceInstanceSettings{UID: "mesos", Name: "Mesos", JSONData: []byte(jsonData)}
}

func TestSettingsDefaults(t *testing.T) {
	s, err := ParseSettings(instance(`{"masters": ["http://master1:5050", " "]}`))
	require.NoError(t, err)
	want := defaultSettings()
	want.Masters = []string{"http://master1:5050"}
	require.Equal(t, want, s)
}

func TestSettingsAllKeys(t *testing.T) {
	s, err := ParseSettings(instance(`{
		"masters": ["http://master1:5050", "http://master2:5050"], "clusterName": "prod",
		"pollInterval": "30s", "taskSeries": "never", "taskLabels": ["team", "env"], "maxSeries": 50000, "idleTimeout": "1d",
		"agentStatistics": false, "agentAddress": "http://{hostname}:{port}", "agentBasicAuthUser": "grafana", "agentHosts": ".*\\.example\\.com",
		"engine": "memory", "memoryLimit": "1GiB", "retention": "30d", "sandboxLogs": "editor",
		"timeout": 20, "tlsSkipVerify": true, "httpHeaderName1": "Authorization", "pdcInjected": false}`))
	require.NoError(t, err)
	require.Empty(t, s.Warnings)
	require.Equal(t, []string{"http://master1:5050", "http://master2:5050"}, s.Masters)
	require.Equal(t, 30*time.Second, s.PollInterval)
	require.Equal(t, 24*time.Hour, s.IdleTimeout)
	require.Equal(t, 30*24*time.Hour, s.Retention)
	require.Equal(t, int64(1<<30), s.MemoryLimit)
	require.Equal(t, 50000, s.MaxSeries)
	require.True(t, s.AgentHosts.MatchString("a.example.com"))
	require.False(t, s.AgentHosts.MatchString("a.example.com.evil"))
}

// What ZooKeeper needs comes from secureJsonData, and from whether TLS is set up.
func TestSettingsForZooKeeper(t *testing.T) {
	read := func(json, digest string) (Settings, error) {
		ds := instance(json)
		ds.DecryptedSecureJSONData = map[string]string{"zkDigest": digest}
		return ParseSettings(ds)
	}
	const zooKeeper = `{"masters": ["zk://zk1:2181/mesos"]`
	s, err := read(zooKeeper+`}`, "mesos:s3cret")
	require.NoError(t, err)
	require.Empty(t, s.Warnings)
	require.Equal(t, "mesos:s3cret", s.ZooKeeperDigest)
	require.Equal(t, "http", s.mastersScheme())
	for _, key := range []string{"tlsAuth", "tlsAuthWithCACert", "tlsSkipVerify"} {
		s, err = read(zooKeeper+`, "`+key+`": true}`, "")
		require.NoError(t, err)
		require.Equal(t, "https", s.mastersScheme(), key)
		s, err = read(zooKeeper+`, "`+key+`": false}`, "")
		require.NoError(t, err)
		require.Equal(t, "http", s.mastersScheme(), key)
	}

	for _, digest := range []string{"s3cret", ":s3cret"} {
		_, err = read(zooKeeper+`}`, digest)
		require.ErrorContains(t, err, "zkDigest: must be user:password")
		require.NotContains(t, err.Error(), "s3cret")
	}
	s, err = read(`{"masters": ["http://master1:5050"]}`, "mesos:s3cret")
	require.NoError(t, err)
	require.Equal(t, []string{"zkDigest is set and does nothing: masters has no zk:// address"}, s.Warnings)

	// In jsonData it would be public.
	_, err = read(zooKeeper+`, "zkDigest": "mesos:s3cret"}`, "")
	require.ErrorContains(t, err, "zkDigest: belongs into secureJsonData")
	require.NotContains(t, err.Error(), "s3cret")
}

// Each wrong setting is named, with what would be right.
func TestSettingsWrong(t *testing.T) {
	const masters = `"masters": ["http://master1:5050"]`
	cases := map[string]struct{ json, want string }{
		"not an object":               {`[]`, "jsonData is not a JSON object"},
		"no masters":                  {`{}`, `masters: name at least one, for example ["http://master1:5050"] or ["zk://zk1:2181,zk2:2181/mesos"]`},
		"masters as text":             {`{"masters": "http://m:5050"}`, `masters: must be a list of addresses like ["http://master1:5050", "http://master2:5050"], not "http://m:5050"`},
		"empty masters":               {`{"masters": ["", " "]}`, "masters: name at least one"},
		"interval as a number":        {`{` + masters + `, "pollInterval": 15}`, `pollInterval: must be a duration in quotes like "15s", "10m" or "7d", not 15`},
		"interval too short":          {`{` + masters + `, "pollInterval": "1s"}`, `pollInterval: must be at least 10s, not "1s"`},
		"interval nonsense":           {`{` + masters + `, "pollInterval": "soon"}`, `pollInterval: must be a duration like "15s", "10m" or "7d", not "soon"`},
		"unknown task series":         {`{` + masters + `, "taskSeries": "some"}`, `taskSeries: must be one of auto, always, never, not "some"`},
		"max series as text":          {`{` + masters + `, "maxSeries": "many"}`, `maxSeries: must be a whole number of at least 1000, not "many"`},
		"memory limit nonsense":       {`{` + masters + `, "memoryLimit": "lots"}`, `memoryLimit: must be a size like "256MiB" or "1GiB", not "lots"`},
		"memory limit too small":      {`{` + masters + `, "memoryLimit": "1MiB"}`, `memoryLimit: must be at least "16MiB", not "1MiB"`},
		"broken pattern":              {`{` + masters + `, "agentHosts": "("}`, "agentHosts: is not a regular expression"},
		"agents nowhere":              {`{` + masters + `, "agentAddress": "{hostname}"}`, "agentAddress: \"{hostname}\" does not begin with http:// or https://"},
		"agents all at one place":     {`{` + masters + `, "agentAddress": "http://router/agent"}`, "the same for all agents"},
		"time-out as text":            {`{` + masters + `, "timeout": "9"}`, `timeout: must be a number of seconds, not "9"`},
		"server name of another type": {`{` + masters + `, "serverName": 3}`, `serverName: must be text, not 3`},
		"header name of another type": {`{` + masters + `, "httpHeaderName1": {}}`, `httpHeaderName1: must be text, not {}`},
		"unknown engine":              {`{` + masters + `, "engine": "cloud"}`, `engine: must be one of auto, memory, not "cloud"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSettings(instance(c.json))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestSettingsNamesEveryProblemAtOnce(t *testing.T) {
	_, err := ParseSettings(instance(`{"taskSeries": 1, "retention": "x"}`))
	for _, key := range []string{"masters:", "taskSeries:", "retention:"} {
		require.ErrorContains(t, err, key)
	}
}

// Grafana's own proxy would forward anything to url with the stored
// credentials.
func TestSettingsRefuseURL(t *testing.T) {
	ds := instance(`{"masters": ["http://master1:5050"]}`)
	ds.URL = "http://master1:5050"
	_, err := ParseSettings(ds)
	require.ErrorContains(t, err, "url: must stay empty")
	require.ErrorContains(t, err, nowhere)

	// Grafana does not store an empty url over another: the address that stands for it is taken as one.
	ds.URL = nowhere
	_, err = ParseSettings(ds)
	require.NoError(t, err)
}

func TestSettingsWarnOfWhatDoesNothing(t *testing.T) {
	s, err := ParseSettings(instance(`{"masters": ["http://m:5050"], "pollIntervall": "15s", "agentStatistics": true}`))
	require.NoError(t, err)
	require.Len(t, s.Warnings, 1)
	require.Contains(t, s.Warnings[0], `"pollIntervall" is not known`)
}

func TestFingerprint(t *testing.T) {
	base := instance(`{"masters": ["http://m:5050"], "pollInterval": "15s"}`)
	same := map[string]func(*backend.DataSourceInstanceSettings){
		"time of the edit": func(ds *backend.DataSourceInstanceSettings) { ds.Updated = time.Now() },
		"numeric id":       func(ds *backend.DataSourceInstanceSettings) { ds.ID = 7 },
		"order of keys": func(ds *backend.DataSourceInstanceSettings) {
			ds.JSONData = []byte(`{"pollInterval": "15s", "masters": ["http://m:5050"]}`)
		},
		"what Grafana adds": func(ds *backend.DataSourceInstanceSettings) {
			ds.JSONData = []byte(`{"masters": ["http://m:5050"], "pollInterval": "15s", "pdcInjected": false}`)
		},
	}
	for name, change := range same {
		ds := base
		change(&ds)
		require.Equal(t, Fingerprint(base), Fingerprint(ds), name)
	}
	different := map[string]func(*backend.DataSourceInstanceSettings){
		"a setting": func(ds *backend.DataSourceInstanceSettings) {
			ds.JSONData = []byte(`{"masters": ["http://m:5051"], "pollInterval": "15s"}`)
		},
		"a secret": func(ds *backend.DataSourceInstanceSettings) {
			ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": "x"}
		},
		"basic auth":    func(ds *backend.DataSourceInstanceSettings) { ds.BasicAuthEnabled = true },
		"the user":      func(ds *backend.DataSourceInstanceSettings) { ds.BasicAuthUser = "grafana" },
		"the url":       func(ds *backend.DataSourceInstanceSettings) { ds.URL = "http://m" },
		"not an object": func(ds *backend.DataSourceInstanceSettings) { ds.JSONData = []byte(`[1]`) },
	}
	for name, change := range different {
		ds := base
		change(&ds)
		require.NotEqual(t, Fingerprint(base), Fingerprint(ds), name)
	}
}
