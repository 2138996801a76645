//go:build catalogue

package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

func TestTheCatalogueBuildKeepsEventsInMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.sqlite")
	log := New(Options{File: file})
	t.Cleanup(func() { require.NoError(t, log.Close()) })
	added, err := log.Append(t.Context(), []events.Event{{ID: "a", Time: time.Now(), Kind: "task"}})
	require.NoError(t, err)
	require.Len(t, added, 1)
	require.NoFileExists(t, file)
	require.Contains(t, log.Stats().Problem, "this build of the plugin keeps events in memory only")
}
