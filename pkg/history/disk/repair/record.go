package repair

import (
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/tsdb/encoding"
	"github.com/prometheus/prometheus/tsdb/record"
)

// maxLabelBytes is the length of the longest label that package labels of
// Prometheus can hold: it encodes lengths in three bytes and panics beyond
// them (model/labels/labels_stringlabels.go). When the TSDB reads its log that
// happens in a goroutine of its own, and the process ends.
const maxLabelBytes = 1<<24 - 1

// seriesOf splits a record of series. It calls each with the reference of every
// series, its bytes in the record, and whether a label of it is too long to be
// read; it reports whether the record could be read to its end.
func seriesOf(rec []byte, each func(ref chunks.HeadSeriesRef, raw []byte, tooLong bool)) (whole bool) {
	dec := encoding.Decbuf{B: rec}
	dec.Byte() // the type
	for len(dec.B) > 0 && dec.Err() == nil {
		from := dec.B
		ref, tooLong := chunks.HeadSeriesRef(dec.Be64()), false
		for range 2 * dec.Uvarint() { // names and values
			tooLong = len(dec.UvarintBytes()) > maxLabelBytes || tooLong
			if dec.Err() != nil {
				break
			}
		}
		if dec.Err() == nil {
			each(ref, from[:len(from)-len(dec.B)], tooLong)
		}
	}
	return dec.Err() == nil
}

// tooLong reports whether the TSDB could not read a record because of a label
// that is too long.
func tooLong(rec []byte) (found bool) {
	if len(rec) <= maxLabelBytes || record.Type(rec[0]) != record.Series {
		return false
	}
	seriesOf(rec, func(_ chunks.HeadSeriesRef, _ []byte, long bool) { found = found || long })
	return found
}

// withoutTooLong returns a record of series without those whose labels are too
// long, and how many it left out.
func withoutTooLong(rec []byte) (rest []byte, n int) {
	rest = append(rest, rec[0])
	seriesOf(rec, func(_ chunks.HeadSeriesRef, raw []byte, long bool) {
		if long {
			n++
			return
		}
		rest = append(rest, raw...)
	})
	return rest, n
}
