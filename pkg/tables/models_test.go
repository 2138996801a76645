package tables

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
)

// Statements share a model until the next one. What is forgotten is garbage, also where nobody
// asks for the next one.
func TestAModelThatIsForgottenIsGarbage(t *testing.T) {
	var m Models
	c := &cluster.Cluster{Version: "1.12.0"}
	first := m.Of(c)
	require.Same(t, first, m.Of(c))
	require.NotSame(t, first, m.Of(&cluster.Cluster{}))
	m.Of(c)
	kept := weak.Make(c)
	c, first = nil, nil
	runtime.GC()
	require.NotNil(t, kept.Value(), "it is the latest")
	m.Forget()
	require.Eventually(t, func() bool {
		runtime.GC()
		return kept.Value() == nil
	}, 10*time.Second, time.Millisecond)
}
