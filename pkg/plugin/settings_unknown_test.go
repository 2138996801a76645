package plugin

import (
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

const oneMaster = `"masters": ["http://m:5050"]`

// Keys that nothing reads are named, with the one that was probably meant.
func TestSettingsWarnOfUnknownAndMisplacedKeys(t *testing.T) {
	for name, c := range map[string]struct {
		json    string
		secrets map[string]string
		want    string
	}{
		"in lower case":                {`"pollinterval": "30s"`, nil, `"pollinterval" is not a setting of this data source and does nothing: did you mean pollInterval? (jsonData.pollinterval)`},
		"a letter missing":             {`"agentStatistic": true`, nil, `did you mean agentStatistics? (jsonData.agentStatistic)`},
		"a key of the SDK":             {`"tlsSkipVerifi": true`, nil, `did you mean tlsSkipVerify? (jsonData.tlsSkipVerifi)`},
		"a header without its number":  {`"httpHeaderName": "X"`, nil, `did you mean httpHeaderName1? (jsonData.httpHeaderName)`},
		"nothing like a setting":       {`"colour": "red"`, nil, `"colour" is not a setting of this data source and does nothing (jsonData.colour)`},
		"an unset variable":            {`"pollinterval": ""`, nil, `did you mean pollInterval?`},
		"a url":                        {`"url": "http://m:5050"`, nil, `url is in jsonData and does nothing there: write the masters' addresses into masters (jsonData.url)`},
		"an access":                    {`"access": "direct"`, nil, `access is in jsonData and does nothing there: it belongs beside jsonData (jsonData.access)`},
		"a key beside jsonData":        {`"isDefault": true`, nil, `isDefault is in jsonData and does nothing there: it belongs beside jsonData (jsonData.isDefault)`},
		"a certificate":                {`"tlsCACert": "-----BEGIN"`, nil, `tlsCACert is in jsonData and does nothing there: write it in secureJsonData (secureJsonData.tlsCACert)`},
		"a certificate, misspelled":    {`"tlsCaCert": "-----BEGIN"`, nil, `did you mean tlsCACert in secureJsonData? (jsonData.tlsCaCert)`},
		"jsonData in jsonData":         {`"jsonData": {"pollInterval": "30s"}`, nil, `jsonData is in jsonData and does nothing there: write its keys one level up (jsonData.jsonData)`},
		"a user in jsonData":           {`"basicAuthUser": "admin"`, nil, `basicAuthUser is in jsonData and does nothing there: write it beside jsonData, with basicAuth: true (jsonData.basicAuthUser)`},
		"basicAuth in jsonData":        {`"basicAuth": true, "basicAuthUser": "admin"`, map[string]string{"basicAuthPassword": "s3cret"}, `basicAuth is in jsonData, where it is used and Grafana's settings page does not show it: write basicAuth and basicAuthUser beside jsonData (jsonData.basicAuth)`},
		"it, without a password":       {`"basicAuth": true, "basicAuthUser": "admin"`, nil, `basic authentication is on and the password is empty`},
		"it, without a user":           {`"basicAuth": true`, map[string]string{"basicAuthPassword": "s3cret"}, `basic authentication is on and the user is empty`},
		"a password without a user":    {``, map[string]string{"basicAuthPassword": "s3cret"}, `basicAuthPassword is set and does nothing: basicAuth: true and basicAuthUser are missing, beside jsonData (secureJsonData.basicAuthPassword)`},
		"another one without a user":   {``, map[string]string{"password": "s3cret"}, `password is set and does nothing: basicAuth: true and basicAuthUser are missing`},
		"a value without its name":     {``, map[string]string{"httpHeaderValue1": "s3cret"}, `httpHeaderValue1 is set and does nothing: the name of the header is missing; write for example httpHeaderName1: Authorization (jsonData.httpHeaderName1)`},
		"a second one":                 {`"httpHeaderName1": "A"`, map[string]string{"httpHeaderValue1": "a", "httpHeaderValue2": "s3cret"}, `httpHeaderValue2 is set and does nothing: the name of the header is missing; write for example httpHeaderName2: Authorization (jsonData.httpHeaderName2)`},
		"a token":                      {``, map[string]string{"token": "s3cret"}, `"token" is not a secret of this data source and does nothing: did you mean httpHeaderValue1 with httpHeaderName1: Authorization in jsonData? (secureJsonData.token)`},
		"a secret in lower case":       {``, map[string]string{"zkdigest": "u:s3cret"}, `"zkdigest" is not a secret of this data source and does nothing: did you mean zkDigest? (secureJsonData.zkdigest)`},
		"a value without its number":   {``, map[string]string{"httpHeaderValue": "s3cret"}, `did you mean httpHeaderValue1 with httpHeaderName1: Authorization in jsonData? (secureJsonData.httpHeaderValue)`},
		"another case of a secret":     {``, map[string]string{"tlsCaCert": "s3cret"}, `did you mean tlsCACert? (secureJsonData.tlsCaCert)`},
		"a misspelled secret":          {``, map[string]string{"agentBasicAuthPasword": "s3cret"}, `did you mean agentBasicAuthPassword? (secureJsonData.agentBasicAuthPasword)`},
		"nothing like a secret":        {``, map[string]string{"xyz": "s3cret"}, `"xyz" is not a secret of this data source and does nothing (secureJsonData.xyz)`},
		"a setting among secrets":      {``, map[string]string{"agentBasicAuthUser": "s3cret"}, `agentBasicAuthUser is in secureJsonData and does nothing there: write it in jsonData (secureJsonData.agentBasicAuthUser)`},
		"a header's name there":        {``, map[string]string{"httpHeaderName2": "s3cret"}, `httpHeaderName2 is in secureJsonData and does nothing there: write it in jsonData (secureJsonData.httpHeaderName2)`},
		"a user there":                 {``, map[string]string{"basicAuthUser": "s3cret"}, `basicAuthUser is in secureJsonData and does nothing there: write it beside jsonData (secureJsonData.basicAuthUser)`},
		"a misspelled setting there":   {``, map[string]string{"agentBasicAuthUsr": "s3cret"}, `did you mean agentBasicAuthUser in jsonData? (secureJsonData.agentBasicAuthUsr)`},
		"a misspelled user there":      {``, map[string]string{"basicAuthUsr": "s3cret"}, `did you mean basicAuthUser, beside jsonData? (secureJsonData.basicAuthUsr)`},
		"an empty entry of labels":     {`"taskLabels": ["team", ""]`, nil, `entry 2 of taskLabels is empty, as an unset variable in a provisioning file is, and is left out`},
		"an empty entry of labels, ,,": {`"taskLabels": "team,,env"`, nil, `entry 2 of taskLabels is empty`},
	} {
		t.Run(name, func(t *testing.T) {
			ds := instance("{" + strings.TrimSuffix(oneMaster+", "+c.json, ", ") + "}")
			ds.DecryptedSecureJSONData = c.secrets
			s, err := ParseSettings(ds)
			require.NoError(t, err)
			all := strings.Join(s.Warnings, "\n")
			require.Contains(t, all, c.want)
			require.NotContains(t, all, "s3cret")
			require.NotContains(t, all, "BEGIN")
		})
	}
}

// What is in its place has no warning.
func TestSettingsInTheirPlacesHaveNoWarning(t *testing.T) {
	ds := instance(`{` + oneMaster + `, "access": "proxy", "httpHeaderName1": "X", "pdcInjected": false, "oauthPassThru": false, "basicAuth": false, "basicAuthUser": ""}`)
	ds.BasicAuthEnabled, ds.BasicAuthUser = true, "u"
	ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": "p", "httpHeaderValue1": "x", "httpHeaderValue2": "", "token": "", "secureSocksProxyPassword": "p"}
	s, err := ParseSettings(ds)
	require.NoError(t, err)
	require.Empty(t, s.Warnings)
}

// A request of anybody through Grafana's data source proxy changes what Grafana sends, and no setting.
func TestWhatTheProxyAddsToSettingsChangesNothing(t *testing.T) {
	plain, proxied := instance(`{`+oneMaster+`}`), instance(`{`+oneMaster+`, "grafanaData": {`+oneMaster+`}}`)
	require.Equal(t, Fingerprint(plain), Fingerprint(proxied))
	s, err := ParseSettings(proxied)
	require.NoError(t, err)
	require.Empty(t, s.Warnings)
}

// The user in jsonData is not used where basicAuth is beside it.
func TestSettingsWarnOfAUserThatIsNotUsed(t *testing.T) {
	ds := instance(`{` + oneMaster + `, "basicAuthUser": "admin"}`)
	ds.BasicAuthEnabled = true
	ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": "p"}
	s, err := ParseSettings(ds)
	require.NoError(t, err)
	require.Contains(t, s.Warnings, `basicAuthUser is in jsonData and does nothing there: write it beside jsonData, as basicAuth is (jsonData.basicAuthUser)`)
}

// A secret with a misspelled name in jsonData can be read as well as one with the right name.
func TestSettingsRefuseWhatIsProbablyASecretInJSONData(t *testing.T) {
	for key, near := range map[string]string{
		"zkdigest": "zkDigest", "httpHeaderValue": "httpHeaderValue1", "agentBasicAuthPasword": "agentBasicAuthPassword",
		"token": "httpHeaderValue1", "basic_auth_password": "basicAuthPassword", "tlsClientkey": "tlsClientKey", "httpheadervalue2": "httpHeaderValue1",
	} {
		_, err := ParseSettings(instance(`{` + oneMaster + `, "` + key + `": "s3cret"}`))
		require.ErrorContains(t, err, `"`+key+`" is not a setting of this data source, and probably a secret`)
		require.ErrorContains(t, err, "write it as "+near+" in secureJsonData, and change it (jsonData."+key+")")
		require.NotContains(t, err.Error(), "s3cret")
	}
	_, err := ParseSettings(instance(`{` + oneMaster + `, "secureJsonData": {"zkDigest": "s3cret"}}`))
	require.ErrorContains(t, err, "secureJsonData is in jsonData, which everyone who may query this data source can read")
	require.NotContains(t, err.Error(), "s3cret")
}

// A wrong key for masters is in the error about the right one.
func TestSettingsNameTheWrongKeyForMasters(t *testing.T) {
	for _, key := range []string{"master", "Masters", "url", "hosts", "zookeeper"} {
		_, err := ParseSettings(instance(`{"` + key + `": "http://m:5050"}`))
		require.ErrorContains(t, err, `; "`+key+`" is not a setting of this data source, so write masters in its place (jsonData.masters)`)
	}
	_, err := ParseSettings(instance(`{"taskLabels": ["a"]}`))
	require.NotContains(t, err.Error(), "in its place")
}

// Among several faults the missing masters, and the key that was probably meant as masters, come first.
func TestSettingsNameTheWrongKeyForMastersFirst(t *testing.T) {
	_, err := ParseSettings(instance(`{"agentHosts": "([bad", "maxSeries": "many", "memoryLimit": "1M", "master": ["http://m:5050"], "pollInterval": "1x"}`))
	require.ErrorContains(t, err, `settings of the data source: masters is missing: `)
	for _, key := range []string{"agentHosts", "maxSeries", "memoryLimit", "pollInterval"} {
		require.ErrorContains(t, err, "(jsonData."+key+")")
	}
	require.Less(t, strings.Index(err.Error(), `"master" is not a setting`), strings.Index(err.Error(), "agentHosts"))

	ds := instance(`{"maxSeries": "many"}`)
	ds.URL = "http://m:5050"
	_, err = ParseSettings(ds)
	require.Regexp(t, `^settings of the data source: url must stay empty.*masters is missing.*maxSeries`, err.Error())
}

// An empty entry beside others is not left out in silence.
func TestSettingsWarnOfAnEmptyEntryOfMasters(t *testing.T) {
	for written, entry := range map[string]string{
		`["", "http://m:5050"]`: "entry 1", `["http://m:5050", " "]`: "entry 2", `"http://m:5050,"`: "entry 2", `["http://m:5050,,http://n:5050"]`: "entry 2",
	} {
		s, err := ParseSettings(instance(`{"masters": ` + written + `}`))
		require.NoError(t, err, written)
		require.Equal(t, []string{entry + " of masters is empty, as an unset variable in a provisioning file is, and is left out: set the variable in the environment of Grafana's process, or remove the entry (jsonData.masters)"}, s.Warnings, written)
	}
	s, err := ParseSettings(instance(`{"masters": "http://m:5050, http://n:5050"}`))
	require.NoError(t, err)
	require.Empty(t, s.Warnings)
}

// The value of a header for agents whose name is empty would not be sent.
func TestSettingsRefuseAnAgentsHeaderWithoutItsName(t *testing.T) {
	ds := backend.DataSourceInstanceSettings{JSONData: []byte(`{` + oneMaster + `, "agentHeaders": ["", "X"]}`)}
	ds.DecryptedSecureJSONData = map[string]string{"agentHeaderValue1": "s3cret", "agentHeaderValue2": "x"}
	_, err := ParseSettings(ds)
	require.ErrorContains(t, err, "name 1 of agentHeaders is empty, as an unset variable in a provisioning file is, and its value is set")
	require.NotContains(t, err.Error(), "s3cret")
}
