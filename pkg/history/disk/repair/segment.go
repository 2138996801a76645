package repair

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/util/compression"
)

// The format of a segment (tsdb/docs/format/wal.md): pages of 32 KiB; fragments
// of records in them, none of which crosses the end of a page; in front of each
// fragment its type and compression, its length and a checksum.
const (
	pageSize   = 32 << 10
	headerSize = 7

	typeMask   = 7
	typePad    = 0 // the rest of the page is zeros
	typeFull   = 1
	typeFirst  = 2
	typeMiddle = 3
	typeLast   = 4

	snappyMask = 1 << 3
	zstdMask   = 1 << 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A logRecord is a record as the log has it.
type logRecord struct {
	compression compression.Type
	data        []byte
}

// decode returns the record's content. It is valid until the next call with
// the same buffer.
func (r logRecord) decode(buf compression.DecodeBuffer) ([]byte, error) {
	return compression.Decode(r.compression, r.data, buf)
}

// size returns the length of the record's content at least, without decoding
// it where that is possible.
func (r logRecord) size() int {
	switch r.compression {
	case compression.None:
		return len(r.data)
	case compression.Snappy:
		if n, err := snappy.DecodedLen(r.data); err == nil {
			return n
		}
	}
	return maxLabelBytes + 1 // not known: it must be looked at
}

// A segment holds what readSegment found.
type segment struct {
	places  int   // damaged places: a run of damage without a whole record within counts once
	at      int64 // the first of them, bytes from the beginning
	cutOff  bool  // the last record is incomplete because the file ends
	records int   // whole records
}

// readSegment calls each with every whole record of a segment. After damage it
// continues with the next whole record, where Prometheus' reader ends.
func readSegment(data []byte, each func(logRecord) error) (segment, error) {
	var found segment
	var rec logRecord
	begun, damaged := false, false // within a record; since the last whole record
	damage := func(at int) {
		if !damaged {
			if found.places == 0 {
				found.at = int64(at)
			}
			found.places++
		}
		begun, damaged = false, true
	}
	for at := 0; at < len(data); {
		page := at/pageSize*pageSize + pageSize // where the next one begins
		kind := data[at] & typeMask
		if kind == typePad {
			switch {
			case !zeros(data[at:min(page, len(data))]):
				damage(at)
			case begun && page-at >= headerSize: // the record should have continued here
				damage(at)
			}
			at = page
			continue
		}
		if at+headerSize > len(data) {
			begun = true // a header that is cut off
			break
		}
		length := int(binary.BigEndian.Uint16(data[at+1:]))
		sum := binary.BigEndian.Uint32(data[at+3:])
		end := at + headerSize + length
		if end > page {
			damage(at)
			at = page
			continue
		}
		if end > len(data) {
			begun = true // a fragment that is cut off
			break
		}
		content := data[at+headerSize : end]
		first := kind == typeFull || kind == typeFirst
		switch {
		case crc32.Checksum(content, castagnoli) != sum, kind > typeLast:
			damage(at)
		case first == begun: // the end of the record before is missing, or the beginning of this one
			damage(at)
			if !first {
				break
			}
			fallthrough
		default:
			if first {
				rec = logRecord{compressionOf(data[at]), nil}
			}
			rec.data = append(rec.data, content...)
			begun = kind == typeFirst || kind == typeMiddle
			if begun {
				break
			}
			found.records++
			damaged = false
			if err := each(rec); err != nil {
				return found, err
			}
		}
		at = end
	}
	found.cutOff = begun
	return found, nil
}

func compressionOf(header byte) compression.Type {
	switch {
	case header&snappyMask != 0:
		return compression.Snappy
	case header&zstdMask != 0:
		return compression.Zstd
	default:
		return compression.None
	}
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
