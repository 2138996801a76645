package disk

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/fileutil"
	"github.com/prometheus/prometheus/tsdb/index"
	"github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/tsdb/wlog"
)

// This file mends a directory before it is opened. The TSDB does not open at
// all with one unreadable block, leaves out a block whose meta.json is broken,
// and cuts its log at the first broken record, later ones included. Here a
// block that cannot be read moves aside, a lost meta.json is written again, and
// of a broken log everything that can be read is kept. Nothing is deleted.

// quarantine is the directory, in that of the history, where things go that
// cannot be read.
const quarantine = "quarantine"

// mend mends what it can. What it returns is left to do when the directory is
// open; nil if nothing is. Meanwhile it holds the lock of the directory.
func (d *Store) mend() (*salvage, error) {
	lock, err := tsdbutil.NewDirLocker(d.opts.Dir, "tsdb", d.log, nil)
	if err != nil {
		return nil, err
	}
	if err := lock.Lock(); err != nil {
		return nil, err
	}
	rest, err := d.mendLocked()
	return rest, errors.Join(err, lock.Release())
}

func (d *Store) mendLocked() (*salvage, error) {
	if err := d.mendBlocks(); err != nil {
		return nil, fmt.Errorf("look at the blocks: %w", err)
	}
	if _, err := identify(d.unread()); err == nil {
		return &salvage{errors.New("found when it was opened before")}, nil
	}
	damage, err := scanWAL(filepath.Join(d.opts.Dir, "wal"))
	if err != nil || damage == nil {
		return nil, err
	}
	return d.setWALAside(damage)
}

// --- blocks ---

// corruptedBlock is how the TSDB names a block it cannot open (tsdb/db.go).
var corruptedBlock = regexp.MustCompile(`corrupted block ([0-9A-Z]{26}): ([^\n]*)`)

// mendBlocks sees to it that every block can be opened.
func (d *Store) mendBlocks() error {
	for {
		err := d.tryBlocks()
		bad := corruptedBlock.FindAllStringSubmatch(fmt.Sprint(err), -1)
		if len(bad) == 0 {
			if err != nil {
				return err
			}
			break
		}
		for _, match := range bad {
			to, err := d.setAside(filepath.Join(d.opts.Dir, match[1]))
			if err != nil {
				return err
			}
			d.remember(fmt.Sprintf("a block of history could not be read (%s) and was moved to %s: restore it from a backup while Grafana is stopped, or delete it", match[2], to))
		}
	}
	for _, dir := range d.mended.take() {
		if !strings.HasPrefix(dir, d.opts.Dir) {
			continue
		}
		if err := d.mendMeta(dir); err != nil {
			to, aside := d.setAside(dir)
			if aside != nil {
				return aside
			}
			d.remember(fmt.Sprintf("a block of history could not be read (its meta.json is broken, and so is more: %v) and was moved to %s: restore it from a backup while Grafana is stopped, or delete it", err, to))
		}
	}
	return nil
}

// tryBlocks opens and closes all blocks.
func (d *Store) tryBlocks() error {
	d.mended.take()
	db, err := tsdb.OpenDBReadOnly(d.opts.Dir, "", d.log)
	if err != nil {
		return err
	}
	_, err = db.Blocks()
	return errors.Join(err, db.Close())
}

// setAside moves something out of the way and returns where it is.
func (d *Store) setAside(path string) (to string, err error) {
	within := filepath.Join(d.opts.Dir, quarantine)
	if err := makeDir(within); err != nil {
		return "", err
	}
	to = filepath.Join(within, fmt.Sprintf("%s-%s", time.Now().UTC().Format("20060102T150405.000"), filepath.Base(path)))
	return to, fileutil.Rename(path, to)
}

// mendMeta writes the meta.json of a block again. It makes a block of the same
// time and puts the index and chunks of the old one in: so it is the TSDB that
// writes the file.
func (d *Store) mendMeta(dir string) (err error) {
	mint, maxt, err := blockSpan(dir)
	if err != nil {
		return err
	}
	within := filepath.Join(d.opts.Dir, quarantine)
	if err := makeDir(within); err != nil {
		return err
	}
	w, err := tsdb.NewBlockWriter(d.log, within, max(1, maxt-mint))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	ctx := context.Background()
	app := w.AppenderV2(ctx)
	for _, t := range []int64{mint, maxt} {
		if _, err := app.Append(0, labels.FromStrings(labels.MetricName, "x"), 0, t, 0, nil, nil, storage.AOptions{}); err != nil {
			return errors.Join(err, app.Rollback())
		}
	}
	if err := app.Commit(); err != nil {
		return err
	}
	id, err := w.Flush(ctx)
	if err != nil {
		return err
	}
	made := filepath.Join(within, id.String())
	for _, part := range []string{"chunks", "index"} {
		if err := fileutil.Replace(filepath.Join(dir, part), filepath.Join(made, part)); err != nil {
			return err
		}
	}
	if err := fileutil.Rename(made, filepath.Join(d.opts.Dir, id.String())); err != nil {
		return err
	}
	to, err := d.setAside(dir)
	if err != nil {
		return err
	}
	d.remember(fmt.Sprintf("the meta.json of a block of history was broken and was written again; nothing is lost, and %s may be deleted", to))
	return nil
}

// blockSpan reads the times of the oldest and newest samples of a block from
// its index.
func blockSpan(dir string) (mint, maxt int64, err error) {
	r, err := index.NewFileReader(filepath.Join(dir, "index"), index.DecodePostingsRaw)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	name, value := index.AllPostingsKey()
	p, err := r.Postings(context.Background(), name, value)
	if err != nil {
		return 0, 0, err
	}
	mint, maxt = math.MaxInt64, math.MinInt64
	var builder labels.ScratchBuilder
	var metas []chunks.Meta
	for p.Next() {
		if err := r.Series(p.At(), &builder, &metas); err != nil {
			return 0, 0, err
		}
		for _, meta := range metas {
			mint, maxt = min(mint, meta.MinTime), max(maxt, meta.MaxTime)
		}
	}
	if err := p.Err(); err != nil {
		return 0, 0, err
	}
	if mint > maxt {
		return 0, 0, errors.New("there are no samples in it")
	}
	return mint, maxt, nil
}

// --- the log of recent samples ---

// scanWAL reads a log, and returns the first broken record; nil if there is
// none. A record cut off at the end of a segment is not one: that is how a
// process that is killed leaves it, and what was committed is before it.
func scanWAL(dir string) (damage error, err error) {
	checkpoint, last, err := wlog.LastCheckpoint(dir)
	switch {
	case err == nil:
		r, err := wlog.NewSegmentsReader(checkpoint)
		if err != nil {
			return nil, err
		}
		read := wlog.NewReader(r)
		for read.Next() {
		}
		if err := errors.Join(read.Err(), r.Close()); err != nil {
			return err, nil
		}
	case missing(err) || errors.Is(err, record.ErrNotFound):
		last = -1
	default:
		return nil, err
	}
	first, end, err := wlog.Segments(dir)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i := max(first, last+1, 0); i <= end; i++ {
		damage, err := scanSegment(wlog.SegmentName(dir, i))
		if damage != nil || err != nil {
			return damage, err
		}
	}
	return nil, nil
}

func scanSegment(name string) (damage error, err error) {
	segment, err := wlog.OpenReadSegment(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, segment.Close()) }()
	// Read as it is, not padded to whole pages as the TSDB reads it, a record
	// that was cut off ends early, and one that was altered does not.
	end := &endSeen{from: bufio.NewReaderSize(segment, 1<<20)}
	read := wlog.NewReader(end)
	for read.Next() {
	}
	if broken := read.Err(); broken != nil && !end.seen {
		return fmt.Errorf("%s: %w", filepath.Base(name), broken), nil
	}
	return nil, nil
}

// endSeen tells whether a reader was read to its end and beyond.
type endSeen struct {
	from *bufio.Reader
	seen bool
}

func (r *endSeen) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	r.seen = r.seen || err != nil
	return n, err
}

// A salvage is a log that was moved out of the way because of a broken record
// and is still to be read.
type salvage struct{ damage error }

// unread is where such a log is until it is read: a process that ends meanwhile
// reads it when it starts again.
func (d *Store) unread() string { return filepath.Join(d.opts.Dir, quarantine, "wal-to-read") }

// setWALAside makes room for a new log. The chunks of the head go first: they
// are of that log, which has all of their samples too.
func (d *Store) setWALAside(damage error) (*salvage, error) {
	chunksHead := filepath.Join(d.opts.Dir, "chunks_head")
	if _, err := identify(chunksHead); err == nil {
		if _, err := d.setAside(chunksHead); err != nil {
			return nil, err
		}
	}
	if err := makeDir(filepath.Join(d.opts.Dir, quarantine)); err != nil {
		return nil, err
	}
	return &salvage{damage}, fileutil.Rename(filepath.Join(d.opts.Dir, "wal"), d.unread())
}

// into appends to an open TSDB what can be read of the log.
func (s *salvage) into(d *Store, h *handle) error {
	p := &replay{h: h, series: map[chunks.HeadSeriesRef]labels.Labels{}, dec: record.NewDecoder(labels.NewSymbolTable(), d.log)}
	checkpoint, _, err := wlog.LastCheckpoint(d.unread())
	switch {
	case err == nil:
		err = p.segments(checkpoint)
	case errors.Is(err, record.ErrNotFound):
		err = nil
	}
	if err == nil {
		err = p.segments(d.unread())
	}
	if err != nil {
		return fmt.Errorf("read what can be read of the damaged log: %w", err)
	}
	to, err := d.setAside(d.unread())
	if err != nil {
		return err
	}
	lost := ""
	if p.unknown > 0 {
		lost = fmt.Sprintf(", and %d samples belong to series whose labels were there", p.unknown)
	}
	d.remember(fmt.Sprintf("the log of recent samples was damaged (%v): %d samples were read from it again; %d places in it, of a poll's samples each as a rule, could not be read%s; %s may be deleted",
		s.damage, p.samples, p.broken, lost, to))
	return nil
}

// A replay appends the samples of a log in the order they were written.
type replay struct {
	h                        *handle
	series                   map[chunks.HeadSeriesRef]labels.Labels
	dec                      record.Decoder
	samples, unknown, broken int
}

func (p *replay) segments(dir string) error {
	first, last, err := wlog.Segments(dir)
	if err != nil {
		return err
	}
	for i := max(first, 0); i <= last; i++ {
		if err := p.segment(wlog.SegmentName(dir, i)); err != nil {
			return err
		}
		// As reading a log does: the chunks that are full need not be in memory.
		if err := guarded(func() error { p.h.db.ForceHeadMMap(); return nil }); err != nil {
			return err
		}
	}
	return nil
}

// pageSize is that of a log: no part of a record crosses the end of a page
// (tsdb/docs/format/wal.md).
const pageSize = 32 << 10

// segment reads a segment, and after a broken record goes on where the next
// one can be found.
func (p *replay) segment(name string) error {
	for at := int64(0); ; {
		next, err := p.recordsFrom(name, at)
		if err != nil || next <= at {
			return err
		}
		at = next
	}
}

// recordsFrom reads the records of a segment that begin at a place or after it,
// up to a broken one, and returns where to go on; 0 at the end.
func (p *replay) recordsFrom(name string, at int64) (next int64, err error) {
	segment, err := wlog.OpenReadSegment(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, segment.Close()) }()
	end := &endSeen{from: bufio.NewReaderSize(segment, 1<<20)}
	if _, err := end.from.Discard(int(at)); err != nil {
		return 0, nil // that was the last page
	}
	page := at / pageSize * pageSize
	read, records := wlog.NewReader(io.MultiReader(bytes.NewReader(standIn(int(at-page))), end)), 0
	for ; read.Next(); records++ {
		if records == 0 && at > page {
			continue // standIn's
		}
		if err := p.record(read.Record()); err != nil {
			return 0, err
		}
	}
	broken := read.Err()
	if broken == nil || end.seen {
		return 0, nil
	}
	reached := page + read.Offset()
	if strings.Contains(broken.Error(), continues) {
		return reached, nil
	}
	p.broken++
	return (reached + pageSize - 1) / pageSize * pageSize, nil
}

// continues is in the error about a part of a record that began before
// (tsdb/wlog: validateRecord).
const continues = "dropping buffer"

// standIn is a whole record of so many bytes, for the part of a page that is
// passed over: a reader goes by where in a page it is. It is of type 1, "full",
// not compressed (tsdb/docs/format/wal.md).
func standIn(size int) []byte {
	const header = 7 // type, length, checksum
	if size < header {
		return nil
	}
	b := make([]byte, size)
	b[0] = 1
	binary.BigEndian.PutUint16(b[1:], uint16(size-header))
	binary.BigEndian.PutUint32(b[3:], crc32.Checksum(b[header:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// record appends what one record holds, if it is samples.
func (p *replay) record(rec []byte) error {
	switch p.dec.Type(rec) {
	case record.Series:
		list, err := p.dec.Series(rec, nil)
		if err != nil {
			p.broken++
			return nil
		}
		for _, s := range list {
			p.series[s.Ref] = s.Labels
		}
	case record.Samples:
		list, err := p.dec.Samples(rec, nil)
		if err != nil {
			p.broken++
			return nil
		}
		app := p.h.db.AppenderV2(context.Background())
		for _, s := range list {
			l, ok := p.series[s.Ref]
			if !ok {
				p.unknown++
				continue
			}
			// What is refused is in a block already.
			if _, err := app.Append(0, l, 0, s.T, s.V, nil, nil, storage.AOptions{}); err == nil {
				p.samples++
			}
		}
		return guarded(app.Commit)
	}
	return nil
}

// missing tells that there is no such file or directory.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
