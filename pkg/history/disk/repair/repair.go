package repair

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"path/filepath"
	"time"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"community-mesos-datasource/pkg/history/disk/files"
)

// Quarantine is the directory, in that of the history, where things are moved
// that cannot be read.
const Quarantine = "quarantine"

// Options holds what to repair.
type Options struct {
	// Dir is the directory of the TSDB.
	Dir string
	// Suspects are directories of blocks that open but are known to be damaged,
	// and how: they are rewritten.
	Suspects map[string]error
	// Space returns an error where the file system has no room for so many
	// bytes more.
	Space func(bytes int64) error
	// Found is called with a sentence for the operator about each repair, and with whether samples are lost.
	Found func(text string, lost bool)
	// Log is Prometheus' own.
	Log *slog.Logger
}

// Directory repairs what it can. It holds the lock of the TSDB meanwhile and
// returns the lock's error where another process has it. A process that ends
// meanwhile continues at its next start.
func Directory(ctx context.Context, o Options) error {
	lock, err := tsdbutil.NewDirLocker(o.Dir, "tsdb", o.Log, nil)
	if err != nil {
		return err
	}
	if err := lock.Lock(); err != nil {
		return err
	}
	r := &repair{Options: o, newest: math.MinInt64}
	return errors.Join(r.all(ctx), lock.Release())
}

type repair struct {
	Options
	newest int64 // the end of the newest block, Unix milliseconds
	gone   bool  // a block was moved away of which nothing could be read
}

func (r *repair) all(ctx context.Context) error {
	if err := r.blocks(ctx); err != nil {
		return fmt.Errorf("repair the blocks: %w", err)
	}
	if err := r.headChunks(); err != nil {
		return fmt.Errorf("repair the chunks of recent samples: %w", err)
	}
	if err := r.log(); err != nil {
		return fmt.Errorf("repair the log of recent samples: %w", err)
	}
	return nil
}

// headChunks moves the chunks of the head away where one of their files has no
// valid header: the TSDB does not open with it. The log has all of their
// samples. A damaged chunk behind a valid header needs nothing: the TSDB drops
// the file and reads the log.
func (r *repair) headChunks() error {
	dir := filepath.Join(r.Dir, "chunks_head")
	if !files.Exists(dir) {
		return nil
	}
	m, err := chunks.NewChunkDiskMapper(nil, dir, chunkenc.NewPool(), chunks.DefaultWriteBufferSize, 0)
	if err == nil {
		return m.Close()
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err // rights, or the disk: not the content
	}
	to, err2 := r.setAside(dir)
	if err2 != nil {
		return errors.Join(err, err2)
	}
	r.Found(fmt.Sprintf("the chunks of recent samples were damaged (%v) and were read again from the log: nothing is lost, and %s may be deleted", err, to), false)
	return nil
}

// setAside moves something to the quarantine and returns where it is.
func (r *repair) setAside(path string) (to string, err error) {
	within, err := r.quarantine()
	if err != nil {
		return "", err
	}
	to = filepath.Join(within, fmt.Sprintf("%s-%s", time.Now().UTC().Format("20060102T150405.000"), filepath.Base(path)))
	return to, fileutil.Rename(path, to)
}

// quarantine makes the directory and returns its path.
func (r *repair) quarantine() (string, error) {
	within := filepath.Join(r.Dir, Quarantine)
	return within, files.MakeDir(within)
}
