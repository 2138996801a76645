//go:build catalogue

package plugin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
)

func TestTheCatalogueBuildHasNoEngineOnDisk(t *testing.T) {
	registry := NewRegistry(nil, collector.SystemClock{})
	require.Nil(t, registry.newDisk)
	registry.KeepHistoryIn(t.TempDir(), "")
	require.ErrorIs(t, registry.checkEngine(Settings{Engine: "auto"}), errNoDisk)
	require.NoError(t, registry.checkEngine(Settings{Engine: "memory"}))
}
