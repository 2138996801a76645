//go:build !catalogue

package sqlite

import (
	"github.com/prometheus/prometheus/tsdb/fileutil"

	"community-mesos-datasource/pkg/history/disk/files"
)

// A fileID tells a file from any other that has its name later.
type fileID = files.ID

func identify(path string) (fileID, error) { return files.Identify(path) }
func exists(path string) bool              { return files.Exists(path) }
func makeDir(path string) error            { return files.MakeDir(path) }
func freeSpace(path string) (int64, error) { return files.FreeSpace(path) }
func rename(from, to string) error         { return fileutil.Rename(from, to) }
