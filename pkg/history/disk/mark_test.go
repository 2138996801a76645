package disk

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/remote"
)

func TestAMarkIsKeptBesideTheHistory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	m := Mark{Dir: dir}
	none, err := m.Load()
	require.NoError(t, err)
	require.Zero(t, none)
	require.ErrorIs(t, m.Save(remote.Acknowledged{Until: 1}), fs.ErrNotExist)
	require.NoDirExists(t, dir, "a directory that has gone is not made again")

	require.NoError(t, os.Mkdir(dir, 0o750))
	for _, want := range []remote.Acknowledged{{Until: 5}, {Until: 7, From: 3}} {
		require.NoError(t, m.Save(want))
		got, err := m.Load()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, markFile), []byte("{"), 0o600))
	_, err = m.Load()
	require.Error(t, err)
}
