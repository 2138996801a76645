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
