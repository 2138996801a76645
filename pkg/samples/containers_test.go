package samples

import (
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
)

// The use that agents told is that of the containers of the latest model, so that nothing
// keeps the model before it.
func TestWhatAgentsToldIsKeptWithoutTheModelOfThen(t *testing.T) {
	before := cluster.Build(large(2, 6), nil)
	w := NewWriter(nil)
	told := map[agentKey][]singleUse{}
	for _, a := range before.Agents {
		key, own := agentKey{a.Hostname, a.ID}, newAgentTables()
		for _, c := range w.containersOf(before)[a.ID] {
			own.current = append(own.current, singleUse{c, use{cpus: maybe{float64(len(own.current) + 1), true}}})
		}
		require.Len(t, own.current, 3)
		w.perAgent[key], told[key] = own, own.current
	}
	now := large(2, 6)
	now.Frameworks[0].Tasks = nil // one has ended
	m := cluster.Build(now, nil)
	w.renew(m)
	kept := 0
	for key, own := range w.perAgent {
		for _, one := range own.current {
			kept++
			require.Same(t, w.containersOf(m)[key.id][containerKey{one.frameworkKey.id, one.executorKey.id}], one.container)
			for _, old := range told[key] {
				require.NotSame(t, old.container, one.container)
				if old.executorKey == one.executorKey {
					require.Equal(t, old.use, one.use)
				}
			}
		}
		require.Len(t, told[key], 3, "who reads the list of before has it")
	}
	require.Equal(t, 5, kept)
}
