package plugin

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

func instance(jsonData string) backend.DataSourceInstanceSettings {
	return backend.DataSourceInstanceSettings{UID: "mesos", Name: "Mesos", JSONData: []byte(jsonData)}
}

func TestSettingsDefaults(t *testing.T) {
	s, err := ParseSettings(instance(`{"masters": ["http://master1:5050"]}`))
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
		"agentHeaders": [], "engine": "memory", "memoryLimit": "1GiB", "retention": "30d", "sandboxLogs": "editor", "subscribe": "never",
		"timeout": 20, "tlsSkipVerify": true, "httpHeaderName1": "Authorization", "pdcInjected": false}`))
	require.NoError(t, err)
	require.Len(t, s.Warnings, 2)
	require.Equal(t, `header "Authorization" has no value and is not sent: write it as httpHeaderValue1 (secureJsonData.httpHeaderValue1)`, s.Warnings[0])
	require.Contains(t, s.Warnings[1], "agentBasicAuthUser is set and its password is empty", "agents are asked, for logs")
	require.Equal(t, []string{"http://master1:5050", "http://master2:5050"}, s.Masters)
	require.Equal(t, 30*time.Second, s.PollInterval)
	require.Equal(t, 24*time.Hour, s.IdleTimeout)
	require.Equal(t, 30*24*time.Hour, s.Retention)
	require.Equal(t, int64(1<<30), s.MemoryLimit)
	require.Equal(t, 50000, s.MaxSeries)
	require.Equal(t, "never", s.Subscribe)
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
		require.ErrorContains(t, err, "zkDigest is not user:password")
		require.NotContains(t, err.Error(), "s3cret")
	}
	s, err = read(`{"masters": ["http://master1:5050"]}`, "mesos:s3cret")
	require.NoError(t, err)
	require.Equal(t, []string{"zkDigest is set and does nothing: there is no zk:// address in masters, and none in replicas (jsonData.masters)"}, s.Warnings)

}

// Each wrong setting is named, with what would be right.
func TestSettingsWrong(t *testing.T) {
	const masters = `"masters": ["http://master1:5050"]`
	cases := map[string]struct{ json, want string }{
		"not an object":               {`[]`, "jsonData is not a JSON object"},
		"no masters":                  {`{}`, `masters is missing: name at least one, for example ["http://master1:5050"] or ["zk://zk1:2181,zk2:2181/mesos"] (jsonData.masters)`},
		"masters as an object":        {`{"masters": {"0": "http://m:5050"}}`, `{"0": "http://m:5050"} is not a list of addresses: write for example ["http://master1:5050", "http://master2:5050"] (jsonData.masters)`},
		"empty masters":               {`{"masters": ["", " "]}`, "masters is missing: name at least one"},
		"interval as a number":        {`{` + masters + `, "pollInterval": 15}`, `15 is not a valid duration: write for example "15s", "10m" or "7d" (jsonData.pollInterval)`},
		"interval too short":          {`{` + masters + `, "pollInterval": "1s"}`, `"1s" is too short: it must be at least 10s (jsonData.pollInterval)`},
		"interval nonsense":           {`{` + masters + `, "pollInterval": "soon"}`, `"soon" is not a valid duration: write for example "15s", "10m" or "7d" (jsonData.pollInterval)`},
		"unknown task series":         {`{` + masters + `, "taskSeries": "some"}`, `"some" is not possible: write one of auto, always, never (jsonData.taskSeries)`},
		"task labels as object":       {`{` + masters + `, "taskLabels": {"team": 1}}`, `{"team": 1} is not a list of texts: write for example ["team","env"] (jsonData.taskLabels)`},
		"max series as text":          {`{` + masters + `, "maxSeries": "many"}`, `"many" is not a whole number of at least 1000: write for example 300000 (jsonData.maxSeries)`},
		"cluster name as a number":    {`{` + masters + `, "clusterName": 1.1}`, `1.1 is not text: Grafana makes a number of a variable that looks like one, and digits are lost; write the value itself, in quotes (jsonData.clusterName)`},
		"statistics as a number":      {`{` + masters + `, "agentStatistics": 2}`, `2 is not true or false (jsonData.agentStatistics)`},
		"memory limit nonsense":       {`{` + masters + `, "memoryLimit": "lots"}`, `"lots" is not a valid size: write for example "256MiB" (jsonData.memoryLimit)`},
		"memory limit too small":      {`{` + masters + `, "memoryLimit": "1MiB"}`, `"1MiB" is too small: it must be at least "16MiB" (jsonData.memoryLimit)`},
		"broken pattern":              {`{` + masters + `, "agentHosts": "("}`, `"(" is not a regular expression (`},
		"endless pattern":             {`{` + masters + `, "agentHosts": "` + strings.Repeat("a", 5000) + `"}`, `the regular expression has 5000 bytes: 4096 are the most (jsonData.agentHosts)`},
		"agents nowhere":              {`{` + masters + `, "agentAddress": "{hostname}"}`, "\"{hostname}\" does not begin with http:// or https://"},
		"agents all at one place":     {`{` + masters + `, "agentAddress": "http://router/agent"}`, "the same for all agents"},
		"headers as an object":        {`{` + masters + `, "agentHeaders": {}}`, `{} is not a list of texts: write for example ["Authorization"] (jsonData.agentHeaders)`},
		"time-out as text":            {`{` + masters + `, "timeout": "long"}`, `"long" is not a number of seconds from 0 to 86400: write for example 30 (jsonData.timeout)`},
		"time-out of half a second":   {`{` + masters + `, "timeout": 0.5}`, `0.5 is not a number of seconds`},
		"time-out without end":        {`{` + masters + `, "timeout": 1e300}`, `1e300 is not a number of seconds from 0 to 86400`},
		"connections by halves":       {`{` + masters + `, "httpMaxIdleConns": 0.5}`, `0.5 is not a whole number from 0 to 100000 (jsonData.httpMaxIdleConns)`},
		"switch as text":              {`{` + masters + `, "tlsSkipVerify": "maybe"}`, `"maybe" is not true or false (jsonData.tlsSkipVerify)`},
		"header name of another type": {`{` + masters + `, "httpHeaderName1": {}}`, `{} is not text in quotes (jsonData.httpHeaderName1)`},
		"header name that is none":    {`{` + masters + `, "httpHeaderName1": "X Y"}`, `header "X Y" is not the name of an HTTP header: write for example Authorization (jsonData.httpHeaderName1)`},
		"unknown subscription":        {`{` + masters + `, "subscribe": "always"}`, `"always" is not possible: write one of auto, never (jsonData.subscribe)`},
		"unknown engine":              {`{` + masters + `, "engine": "cloud"}`, `"cloud" is not possible: write one of auto, memory, remote (jsonData.engine)`},
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
	for _, key := range []string{"masters is missing", "(jsonData.taskSeries)", "(jsonData.retention)"} {
		require.ErrorContains(t, err, key)
	}
}

// An address of a master is one of the settings: its fault is named beside the others', and each of several.
func TestSettingsNameEveryWrongMasterBesideOtherProblems(t *testing.T) {
	_, err := ParseSettings(instance(`{"masters": ["http://m1:5050", "master2:5050 ftp://m3:5050"], "engine": "cloud", "retention": "x"}`))
	require.EqualError(t, err, "settings of the data source: "+
		`master 2: "master2:5050" has no scheme: write http://master2:5050 (or https://master2:5050) (jsonData.masters); `+
		`master 3: "ftp://m3:5050" has the scheme "ftp": only http and https are possible, and zk for ZooKeeper (jsonData.masters); `+
		`"cloud" is not possible: write one of auto, memory, remote (jsonData.engine); `+
		`"x" is not a valid duration: write for example "15s", "10m" or "7d" (jsonData.retention)`)

	_, err = ParseSettings(instance(`{"masters": ["http://m1:5050", "zk://zk1:2181/mesos"], "retention": "x"}`))
	require.ErrorContains(t, err, "the address of ZooKeeper must stand alone")
	require.ErrorContains(t, err, "(jsonData.masters); ")
	require.ErrorContains(t, err, "(jsonData.retention)")
}

// Grafana's own proxy would forward anything to url with the stored
// credentials.
func TestSettingsRefuseURL(t *testing.T) {
	ds := instance(`{"masters": ["http://master1:5050"]}`)
	ds.URL = "http://master1:5050"
	_, err := ParseSettings(ds)
	require.ErrorContains(t, err, "url must stay empty")
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
	require.Equal(t, `"pollIntervall" is not a setting of this data source and does nothing: did you mean pollInterval? (jsonData.pollIntervall)`, s.Warnings[0])
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

// A value of a type that the SDK does not expect is an error of ours: the SDK
// would panic, or go on without a time-out.
func TestSettingsNeverPanicInTheSDK(t *testing.T) {
	wrong := map[sdkKind][]string{
		sdkText:    {`1.5`, `true`, `[]`, `{}`},
		sdkSwitch:  {`2`, `"maybe"`, `[]`, `{}`},
		sdkSeconds: {`-1`, `true`, `"soon"`, `[]`, `{}`},
		sdkCount:   {`-1`, `true`, `"many"`, `[]`, `{}`},
	}
	kinds := maps.Clone(sdkKeys)
	kinds["httpHeaderName1"] = sdkText
	for key, kind := range kinds {
		for _, value := range wrong[kind] {
			ds := instance(`{"masters": ["http://m:5050"], "sigV4Auth": true, "enableSecureSocksProxy": true, "basicAuth": true, "tlsAuth": true, "` + key + `": ` + value + `}`)
			ds.DecryptedSecureJSONData = map[string]string{"httpHeaderValue1": "x"}
			_, _, err := newClients(t.Context(), ds, time.Now, nil)
			require.ErrorContains(t, err, "(jsonData."+key+")", "%s: %s", key, value)
		}
	}
}

// Everyone who may query a data source can read jsonData.
func TestSettingsRefuseSecretsInJSONData(t *testing.T) {
	for _, key := range []string{
		"zkDigest", "agentBasicAuthPassword", "agentHeaderValue1", "httpHeaderValue12", "basicAuthPassword", "password",
		"tlsClientKey", "secureSocksProxyPassword", "sigV4AccessKey", "sigV4SecretKey", "sigV4SessionToken",
	} {
		_, err := ParseSettings(instance(`{"masters": ["http://m:5050"], "` + key + `": "user:s3cret"}`))
		require.ErrorContains(t, err, key+" is a secret and must be in secureJsonData")
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestSettingsForAgentsHeaders(t *testing.T) {
	read := func(headers string, values map[string]string) (Settings, error) {
		ds := instance(`{"masters": ["http://m:5050"], "agentHeaders": ` + headers + `}`)
		ds.DecryptedSecureJSONData = values
		return ParseSettings(ds)
	}
	s, err := read(`["authorization", "", " X-Team "]`, map[string]string{"agentHeaderValue1": "token=s3cret", "agentHeaderValue3": "ops"})
	require.NoError(t, err)
	require.Empty(t, s.Warnings)
	require.Equal(t, http.Header{"Authorization": {"token=s3cret"}, "X-Team": {"ops"}}, s.AgentHeaders)

	s, err = read(`["Authorization"]`, map[string]string{"agentHeaderValue1": "token=s3cret", "agentHeaderValue2": "s3cret"})
	require.NoError(t, err)
	require.Equal(t, []string{"agentHeaderValue2 is set and does nothing: agentHeaders has no name for it (jsonData.agentHeaders)"}, s.Warnings)

	for _, c := range []struct {
		headers, want string
		values        map[string]string
	}{
		{`["Authorization"]`, `header "Authorization" for agents has no value: write it as agentHeaderValue1 (secureJsonData.agentHeaderValue1)`, nil},
		{`["X", "Authorization"]`, `no value: write it as agentHeaderValue2`, map[string]string{"agentHeaderValue1": "s3cret"}},
		{`["X Y"]`, `header "X Y" for agents is not the name of an HTTP header`, map[string]string{"agentHeaderValue1": "s3cret"}},
		{`["Content-Length"]`, `is set by the HTTP client: remove it`, map[string]string{"agentHeaderValue1": "s3cret"}},
		{`["X"]`, `has a value that cannot be sent`, map[string]string{"agentHeaderValue1": "s3cret\r\nX-Other: 1"}},
		{`["X", "x"]`, `header "x" for agents is there twice`, map[string]string{"agentHeaderValue1": "s3cret", "agentHeaderValue2": "s3cret"}},
	} {
		_, err := read(c.headers, c.values)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

// Whoever may register an agent with the master gets what agents are sent.
func TestSettingsWarnOfCredentialsForAnyAgent(t *testing.T) {
	const all = "credentials for agents (agentBasicAuthUser with its password, agentHeaders with their values) are sent to every host that registers as an agent: write a pattern for your agents' hosts, for example '.*\\.example\\.com' (jsonData.agentHosts)"
	for name, c := range map[string]struct {
		keys    string
		warning string
	}{
		"user":           {`"agentStatistics": true, "agentBasicAuthUser": "u"`, "credentials for agents (agentBasicAuthUser with its password) are sent to every host"},
		"headers":        {`"agentStatistics": true, "agentHeaders": ["X"]`, "credentials for agents (agentHeaders with their values) are sent to every host"},
		"both":           {`"agentStatistics": true, "agentBasicAuthUser": "u", "agentHeaders": ["X"]`, all},
		"by IP address":  {`"agentStatistics": true, "agentBasicAuthUser": "u", "agentAddress": "https://{ip}:5051"`, "are sent to every host"},
		"none":           {`"agentStatistics": true`, ""},
		"with a pattern": {`"agentStatistics": true, "agentBasicAuthUser": "u", "agentHosts": "a.*"`, ""},
		"a router":       {`"agentStatistics": true, "agentBasicAuthUser": "u", "agentAddress": "https://router/agent/{id}"`, ""},
		"not asked":      {`"agentBasicAuthUser": "u"`, ""},
	} {
		ds := instance(`{"masters": ["http://m:5050"], ` + c.keys + `}`)
		ds.DecryptedSecureJSONData = map[string]string{}
		if strings.Contains(c.keys, "agentHeaders") {
			ds.DecryptedSecureJSONData["agentHeaderValue1"] = "s3cret"
		}
		if strings.Contains(c.keys, "agentBasicAuthUser") {
			ds.DecryptedSecureJSONData["agentBasicAuthPassword"] = "s3cret"
		}
		s, err := ParseSettings(ds)
		require.NoError(t, err, name)
		if c.warning == "" {
			require.Empty(t, s.Warnings, name)
			continue
		}
		require.Len(t, s.Warnings, 1, name)
		require.Contains(t, s.Warnings[0], c.warning, name)
	}
}

// The SDK reads the masters' headers until the first number that is missing, and the
// settings page leaves one out where a header was removed.
func TestMastersHeadersMayHaveGapsInTheirNumbers(t *testing.T) {
	got, err := readAll(t, `{"masters": ["http://m:5050"], "httpHeaderName1": "A", "httpHeaderName2": "", "httpHeaderName3": "C", "httpHeaderName12": "D"}`,
		map[string]string{"httpHeaderValue1": "", "httpHeaderValue3": "c", "httpHeaderValue12": "d"})
	require.NoError(t, err)
	require.Equal(t, http.Header{"C": {"c"}, "D": {"d"}}, got.http.Header)
	require.Equal(t, []string{`header "A" has no value and is not sent: write it as httpHeaderValue1 (secureJsonData.httpHeaderValue1)`}, got.Warnings)
}

// Grafana's provisioning turns a variable into one text.
func TestMastersInOneText(t *testing.T) {
	two := []string{"http://m1:5050", "http://m2:5050"}
	for _, written := range []string{
		`"http://m1:5050,http://m2:5050"`, `["http://m1:5050,http://m2:5050"]`, `["http://m1:5050 http://m2:5050", ""]`,
		`"http://m1:5050\nhttp://m2:5050\n"`, `"[\"http://m1:5050\", \"http://m2:5050\"]"`, `["http://m1:5050", " http://m2:5050 "]`,
		`["[\"http://m1:5050\", \"http://m2:5050\"]"]`,
	} {
		s, err := ParseSettings(instance(`{"masters": ` + written + `}`))
		require.NoError(t, err, written)
		require.Equal(t, two, s.Masters, written)
	}
	for _, written := range []string{`"zk://zk1:2181,zk2:2181/mesos"`, `["zk://zk1:2181, zk2:2181/mesos"]`} {
		s, err := ParseSettings(instance(`{"masters": ` + written + `}`))
		require.NoError(t, err, written)
		require.Equal(t, []string{"zk://zk1:2181,zk2:2181/mesos"}, s.Masters, written)
	}
	_, err := ParseSettings(instance(`{"masters": [" , "]}`))
	require.ErrorContains(t, err, "masters is missing")
}
