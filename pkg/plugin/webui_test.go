package plugin

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheLeadersWebUIHasTheSchemeOfItsMaster(t *testing.T) {
	for _, c := range []struct {
		masters      []string
		tls          bool
		leader, want string
	}{
		{[]string{"http://m1:5050"}, false, "", ""},
		{[]string{"http://m1:5050", "https://M2:5050"}, false, "m2:5050", "https://m2:5050"},
		{[]string{"https://m1:5050"}, false, "10.0.0.1:5050", "https://10.0.0.1:5050"},
		{[]string{"https://dcos.example.com/mesos", "http://dcos.example.com"}, false, "dcos.example.com:443/mesos", "https://dcos.example.com:443/mesos"},
		{[]string{"zk://zk1:2181/mesos"}, false, "m1:5050", "http://m1:5050"},
		{[]string{"zk://zk1:2181/mesos"}, true, "[::1]:5050", "https://[::1]:5050"},
	} {
		require.Equal(t, c.want, (&Settings{Masters: c.masters, TLS: c.tls}).webUI(c.leader))
	}
}

func TestTheWebUIIsWhereTheSettingSays(t *testing.T) {
	for written, want := range map[string]string{
		`"https://mesos.example.com"`:               "https://mesos.example.com",
		`" https://dcos.example/mesos/ "`:           "https://dcos.example/mesos",
		`"http://master1:5050/#/agents/a-1"`:        "http://master1:5050",
		`"https://dcos.example/mesos/#/frameworks"`: "https://dcos.example/mesos",
		`"http://[::1]:5050"`:                       "http://[::1]:5050",
		`"https://proxy/Mesos%20prod"`:              "https://proxy/Mesos%20prod",
		`""`:                                        "http://m1:5050",
		`null`:                                      "http://m1:5050",
	} {
		s, err := ParseSettings(instance(`{"masters": ["http://m1:5050"], "webUrl": ` + written + `}`))
		require.NoError(t, err, written)
		require.Equal(t, want, s.webUI("m1:5050"), written)
	}
	s, err := ParseSettings(instance(`{"masters": ["zk://zk1:2181/mesos"], "webUrl": "https://mesos.example.com"}`))
	require.NoError(t, err)
	require.Equal(t, "https://mesos.example.com", s.webUI(""), "it does not depend on the leader")
	for written, wrong := range map[string]string{
		`"javascript:alert(1)"`:         `"javascript:alert(1)" is not an http or https address: write for example https://mesos.example.com`,
		`"mesos.example.com"`:           "is not an http or https address",
		`"ftp://mesos.example.com"`:     "is not an http or https address",
		`"https://"`:                    "is not an http or https address",
		`"zk://zk1:2181/mesos"`:         "is not an http or https address",
		`"https://jo:s3cret@mesos"`:     "it has a user or password",
		`"https://mesos.example.com/?"`: "has a query",
		`true`:                          "true is not text",
		`["https://mesos.example.com"]`: "is not text in quotes",
	} {
		_, err := ParseSettings(instance(`{"masters": ["http://m1:5050"], "webUrl": ` + written + `}`))
		require.ErrorContains(t, err, wrong)
		require.ErrorContains(t, err, "(jsonData.webUrl)")
		require.NotContains(t, err.Error(), "s3cret")
	}
}
