package tables

import (
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
)

// Mesos has quotas since 0.27, and /roles tells them since 1.3. In between none is told, which is not that there are none.
func TestQuotasThatTheMasterDoesNotTellAreNotNone(t *testing.T) {
	engine := NewEngine()
	for version, doubtful := range map[string]bool{"0.26.0": false, "0.28.2": true, "1.2.3": true, "1.3.0": false, "1.12.0": false, "": false} {
		c := &cluster.Cluster{Version: version, Roles: []*cluster.Role{{Name: "web"}}}
		for _, sql := range []string{"SELECT count(*) FROM quota", "SELECT r.role, q.role FROM roles r LEFT JOIN quota q ON q.role = r.role"} {
			result, err := engine.Run(t.Context(), Request{SQL: sql, View: &View{Model: &Model{Cluster: c}}, Limit: 10})
			require.NoError(t, err, version)
			require.Equal(t, 1, result.Rows)
			_, err = engine.Run(t.Context(), Request{SQL: sql, View: &View{Model: &Model{Cluster: c}, Evaluated: true}, Limit: 10})
			if doubtful {
				require.Equal(t, []string{"The table quota may lack rows: Mesos " + version + " does not tell quotas in /roles, which it does since 1.3."}, result.Notes)
				require.ErrorContains(t, err, "the table quota cannot be read: Mesos "+version+" does not tell quotas")
			} else {
				require.Empty(t, result.Notes, version)
				require.NoError(t, err, version)
			}
		}
	}
}
