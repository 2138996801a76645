package repair

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tombstones"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"

	"community-mesos-datasource/pkg/history/disk/files"
)

// segmentSize is the size of the segments of a rewritten log.
const segmentSize = 16 << 20

// log rewrites the log, from all records that can be read, where the TSDB
// would drop records that can be read or would not open. A last record that is
// cut off is left to the TSDB: a process that was killed leaves one, and
// nothing comes after it.
func (r *repair) log() error {
	wal := filepath.Join(r.Dir, "wal")
	within := filepath.Join(r.Dir, Quarantine)
	written := filepath.Join(within, "wal-rewritten")
	switch {
	case !files.Exists(written):
	case files.Exists(wal): // the process ended while it wrote that
		if _, err := r.setAside(written); err != nil {
			return err
		}
	default: // the process ended between the two renames below
		return fileutil.Rename(written, wal)
	}
	if !files.Exists(wal) {
		return nil
	}
	parts, first, err := logParts(wal)
	if err != nil {
		return err
	}
	damage, err := scanLog(wal, parts, first)
	if err != nil {
		return err
	}
	skips := false
	if damage == "" && r.gone {
		if skips, err = r.skipsGone(wal); err != nil {
			return err
		}
	}
	if damage == "" && !skips {
		return nil
	}
	size, err := fileutil.DirSize(wal)
	if err != nil {
		return err
	}
	if err := r.Space(size); err != nil {
		return err
	}
	if _, err := r.quarantine(); err != nil {
		return err
	}
	lost, err := r.rewriteLog(written, parts)
	if err != nil {
		return err
	}
	to, err := r.setAside(wal)
	if err != nil {
		return err
	}
	if err := fileutil.Rename(written, wal); err != nil {
		return err
	}
	if skips {
		r.Found(fmt.Sprintf("the log of recent samples is read again for what it still has of a block that could not be read, and %s may be deleted", to), false)
		return nil
	}
	r.Found(fmt.Sprintf("the log of recent samples was damaged (%s): %s; all else was kept, and %s may be deleted", damage, lost, to), true)
	return nil
}

// skipsGone reports whether the TSDB would leave out samples of the log that
// were in a block only which is gone: its checkpoint has the time up to which
// blocks once held all samples. A log that is written again lacks that time, so
// that the TSDB reads all that is newer than the newest block.
func (r *repair) skipsGone(wal string) (bool, error) {
	until, known, err := wlog.ReadMinValidTime(wal)
	return known && until > r.newest, err
}

// logParts returns the segments of a log in the order in which they are read:
// those of its last checkpoint, then those that are newer, whose numbers begin
// at first. Where one is missing the others are returned.
func logParts(wal string) (parts []string, first int, err error) {
	checkpoint, last, err := wlog.LastCheckpoint(wal)
	switch {
	case err == nil:
		if parts, err = segments(checkpoint, -1); err != nil {
			return nil, 0, err
		}
	case files.Missing(err) || errors.Is(err, record.ErrNotFound):
		last = -1
	default:
		return nil, 0, err
	}
	newer, err := segments(wal, last)
	return append(parts, newer...), last + 1, err
}

// segments returns the segments in a directory with numbers greater than one.
func segments(dir string, after int) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(path string) bool {
		n, err := strconv.Atoi(filepath.Base(path))
		return err != nil || n <= after
	}), nil
}

// scanLog returns where the log is damaged so that the TSDB would lose more
// than the damaged records, or would not open; "" for nowhere.
func scanLog(wal string, parts []string, first int) (damage string, err error) {
	cut, next, in := "", 0, "" // the segment without its end; the number of the next segment, and its directory
	buf := compression.NewSyncDecodeBuffer()
	for _, path := range parts {
		name, err := filepath.Rel(wal, path)
		if err != nil {
			name = path
		}
		long := false
		found, err := readFile(path, func(rec logRecord) error {
			if rec.size() > maxLabelBytes {
				b, err := rec.decode(buf)
				long = long || err == nil && tooLong(b)
			}
			return nil
		})
		if err != nil {
			return "", err
		}
		if dir := filepath.Dir(path); dir != in {
			in, next = dir, 0
			if dir == wal {
				next = first
			}
		}
		n, _ := strconv.Atoi(filepath.Base(path)) // it is a number: see segments
		switch {
		case n != next:
			return fmt.Sprintf("the segment before %s is missing", name), nil
		case long:
			return name + ": a label of more than 16 MiB", nil
		case found.places > 0:
			return fmt.Sprintf("%s at byte %d", name, found.at), nil
		case cut != "" && found.records > 0:
			return cut + ": its end is missing", nil
		}
		if next++; found.cutOff {
			cut = name
		}
	}
	return "", nil
}

// readFile reads a segment's records.
func readFile(path string, each func(logRecord) error) (found segment, err error) {
	s, err := wlog.OpenReadSegment(path)
	if err != nil {
		return segment{}, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	data, err := io.ReadAll(s)
	if err != nil {
		return segment{}, err
	}
	return readSegment(data, each)
}

// lost counts what a rewritten log lacks.
type lost struct {
	places  int // that could not be read
	series  int // left out: their labels are too long
	unknown int // samples, newer than all blocks, of series whose labels could not be read
}

func (l lost) String() string {
	text := fmt.Sprintf("%d places in it, as a rule the samples of one poll each, could not be read", l.places)
	if l.series > 0 {
		text += fmt.Sprintf(", %d series with labels of more than 16 MiB were left out", l.series)
	}
	if l.unknown > 0 {
		text += fmt.Sprintf(", and %d samples belong to series whose labels were lost", l.unknown)
	}
	return text
}

// rewriteLog writes what can be read of the parts of a log to a new one. At its
// end there is a tombstone for a reference beyond all others: the TSDB gives out
// none below it (tsdb/head_wal.go: loadWAL). Else it would give those of series
// whose labels were lost to new ones, and the lost series' chunks with them.
func (r *repair) rewriteLog(to string, parts []string) (l lost, err error) {
	w, err := wlog.NewSize(r.Log, nil, to, segmentSize, compression.Snappy)
	if err != nil {
		return lost{}, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	known := map[chunks.HeadSeriesRef]struct{}{}
	last, newest := chunks.HeadSeriesRef(0), int64(math.MinInt64)
	dec, buf := record.NewDecoder(labels.NewSymbolTable(), r.Log), compression.NewSyncDecodeBuffer()
	var samples []record.RefSample
	for _, path := range parts {
		found, err := readFile(path, func(raw logRecord) error {
			rec, err := raw.decode(buf)
			if err != nil || len(rec) == 0 {
				l.places++
				return nil
			}
			switch dec.Type(rec) {
			case record.Series:
				if tooLong(rec) {
					var n int
					rec, n = withoutTooLong(rec)
					l.series += n
				}
				if !seriesOf(rec, func(ref chunks.HeadSeriesRef, _ []byte, _ bool) {
					known[ref] = struct{}{}
					last = max(last, ref)
				}) {
					l.places++
					return nil
				}
			case record.Samples, record.SamplesV2:
				if samples, err = dec.Samples(rec, samples[:0]); err != nil {
					l.places++
					return nil
				}
				for _, s := range samples {
					last, newest = max(last, s.Ref), max(newest, s.T)
					if _, ok := known[s.Ref]; !ok && s.T >= r.newest {
						l.unknown++
					}
				}
			case record.MinValidTime:
				return nil // it has its place in a checkpoint only
			case record.Unknown:
				l.places++
				return nil
			}
			return w.Log(rec)
		})
		if err != nil {
			return lost{}, err
		}
		if l.places += found.places; found.cutOff {
			l.places++
		}
	}
	beyond := tombstones.Stone{Ref: storage.SeriesRef(last + 1), Intervals: tombstones.Intervals{{Mint: newest, Maxt: newest}}}
	var enc record.Encoder
	return l, w.Log(enc.Tombstones([]tombstones.Stone{beyond}, nil))
}
