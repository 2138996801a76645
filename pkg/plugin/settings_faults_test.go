package plugin

import (
	"net/http"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

// Values of secrets that cannot be what was meant, with a part of what is said of them.
// s3cret never is.
func TestFaultsOfSecrets(t *testing.T) {
	for value, part := range map[string]string{
		"token=":                      `has nothing behind "token=", as where a variable`,
		"token= ":                     `has nothing behind "token="`,
		"Bearer":                      `has nothing behind "Bearer"`,
		"Bearer ":                     `has nothing behind "Bearer"`,
		"Basic ":                      `has nothing behind "Basic"`,
		`"token=s3cret"`:              "has quotation marks around it",
		`'token=s3cret'`:              "has quotation marks around it",
		`token="s3cret"`:              "has quotation marks around it",
		`Bearer "s3cret"`:             "has quotation marks around it",
		`"token="`:                    "has quotation marks around it",
		"token=$S3CRET":               "is the name of a variable",
		"token=${s3cret}":             "is the name of a variable",
		"$__env{S3CRET}":              "is the name of a variable",
		"$__file{/s3cret}":            "is the name of a variable",
		"Authorization: token=s3cret": "begins with the name of the header",
		"token=s3cret":                "",
		"Bearer s3cret":               "",
		"Basic czNjcmV0Og==":          "",
		"s3cret==":                    "",
		"tokens3cret":                 "",
		"$ecret":                      "", // it may begin with a dollar sign
		`"`:                           "",
	} {
		fault := headerFault("Authorization", value)
		require.Equal(t, part == "", fault == "", value)
		require.Contains(t, fault, part, value)
		require.NotContains(t, fault, "s3cret")
		require.NotContains(t, fault, "S3CRET")
	}
	for password, part := range map[string]string{
		"":           "is empty, as where a variable",
		`"s3cret"`:   "has quotation marks around it",
		"$S3CRET":    "is the name of a variable",
		"$s3cret":    "",
		`s3"cret"`:   "",
		"s3cret":     "",
		"s3cret$A":   "",
		"${s3cret}x": "",
	} {
		fault := passwordFault(password)
		require.Equal(t, part == "", fault == "", password)
		require.Contains(t, fault, part, password)
		require.NotContains(t, fault, "s3cret")
	}
	for value, kind := range map[string]mesos.Authorization{
		"token=x": mesos.TokenOfDCOS, "Token=x": mesos.TokenOfDCOS, "Bearer x": mesos.BearerToken, "bearer x": mesos.BearerToken, "Basic x": mesos.UserAndPassword, "x": mesos.OtherAuthorization,
	} {
		require.Equal(t, kind, authorizationOf(value), value)
	}
}

// Each of them is in the error of a query, in Save & test and in a warning, and names
// the setting.
func TestAHeaderThatCannotBeWhatWasMeantIsNamed(t *testing.T) {
	dcos := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", "oauthjwt")
		w.WriteHeader(http.StatusUnauthorized)
	}
	for value, part := range map[string]string{
		"token=":            `the header Authorization has nothing behind "token="`,
		`"token=not-shown"`: "the header Authorization has quotation marks around it",
		"Bearer not-shown":  "this is DC/OS, which requires a token behind token=, and the header Authorization begins with something else",
		"token=not-shown":   "the token of the header Authorization is not accepted",
	} {
		t.Run(value, func(t *testing.T) {
			s := newFixture(t, map[string]any{"httpHeaderName1": "Authorization"}, workload)
			s.edit(func(ds *backend.DataSourceInstanceSettings) {
				ds.DecryptedSecureJSONData = map[string]string{"httpHeaderValue1": value}
			})
			s.handle(dcos, "/redirect", "/state", "/roles", "/metrics/snapshot")
			s.start()
			response := s.ask(cpusByFramework)
			health, details := s.check()
			for _, said := range []string{response.Error.Error(), health.Message, details} {
				require.Contains(t, said, part)
				require.Contains(t, said, "(secureJsonData.httpHeaderValue1)")
			}
			if fault := headerFault("Authorization", value); fault != "" {
				require.Contains(t, details, `Warning: header "Authorization" `+fault)
				require.NotContains(t, health.Message, "expired")
			}
			require.NotContains(t, s.heard(), "not-shown")
		})
	}
}

// The same for agents' headers, and for passwords of both.
func TestFaultsOfOtherSecretsAreInTheAdvice(t *testing.T) {
	s := newAgentFixture(t, map[string]any{"agentHeaders": []string{"Authorization"}, "agentHosts": ".*"}, workload)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"agentHeaderValue1": "Bearer "}
	})
	for _, agent := range []string{"127.0.0.1:5052", "127.0.0.1:5053", "127.0.0.1:5054"} {
		s.cluster.Handle(agent, "/monitor/statistics", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	}
	s.start().clock.Advance(2 * every)
	_, details := s.check()
	require.Contains(t, details, `Warning: header "Authorization" for agents has nothing behind "Bearer"`)
	require.Contains(t, details, `(401): the header Authorization has nothing behind "Bearer"`)

	withPassword := newFixture(t, nil, auth)
	withPassword.as("monitor", `"monitorpw"`)
	withPassword.start()
	response := withPassword.ask(cpusByFramework)
	require.ErrorContains(t, response.Error, "the user and password are not accepted, and the password has quotation marks around it")
	require.ErrorContains(t, response.Error, "(secureJsonData.basicAuthPassword)")
	require.NotContains(t, withPassword.heard(), "monitorpw")
}
