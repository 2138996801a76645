package disk

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"community-mesos-datasource/pkg/history/remote"
)

// markFile is the name of a Mark's file, beside those of the TSDB, which leaves it alone.
const markFile = "remote.json"

// A Mark keeps in a directory up to where a remote engine has what is in it.
type Mark struct{ Dir string }

var _ remote.Mark = Mark{}

// Load implements remote.Mark.
func (m Mark) Load() (remote.Acknowledged, error) {
	var mark remote.Acknowledged
	text, err := os.ReadFile(filepath.Join(m.Dir, markFile))
	if errors.Is(err, fs.ErrNotExist) {
		return mark, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &mark)
	}
	return mark, err
}

// Save implements remote.Mark. It does not make the directory: where that has gone it must
// not come back empty. A process that is killed meanwhile leaves the one before.
func (m Mark) Save(mark remote.Acknowledged) error {
	text, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	next := filepath.Join(m.Dir, markFile+".tmp")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(m.Dir, markFile))
}

// Opened reports whether what is in the directory can be read.
func (d *Store) Opened() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.open != nil
}
