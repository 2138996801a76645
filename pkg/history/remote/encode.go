package remote

import (
	"encoding/binary"
	"math"

	"github.com/prometheus/prometheus/model/labels"
)

// The messages are written by hand: they have five fields, and the generated code of
// Prometheus' prompb is half a megabyte. The tests read them with the generated types.

// A message is an encoded request, in the form that client_golang's API takes.
type message []byte

func (m message) SizeVT() int { return len(m) }

func (m message) MarshalToSizedBufferVT(into []byte) (int, error) { return copy(into, m), nil }

// Wire types of protocol buffers.
const (
	varint    = 0
	fixed64   = 1
	delimited = 2
)

func tag(field, wire int) byte { return byte(field<<3 | wire) }

func appendString(b []byte, field int, text string) []byte {
	b = binary.AppendUvarint(append(b, tag(field, delimited)), uint64(len(text)))
	return append(b, text...)
}

func sizeOfString(text string) int { return 1 + sizeOfVarint(uint64(len(text))) + len(text) }

func sizeOfVarint(v uint64) (n int) {
	for n = 1; v >= 0x80; n++ {
		v >>= 7
	}
	return n
}

// appendSample appends a Sample: its value is field 1, its time field 2, in both versions.
func appendSample(b []byte, field int, s sample) []byte {
	b = append(b, tag(field, delimited), byte(1+8+1+sizeOfVarint(uint64(s.t))), tag(1, fixed64))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.v))
	return binary.AppendUvarint(append(b, tag(2, varint)), uint64(s.t))
}

func sizeOfSample(s sample) int { return 2 + 1 + 8 + 1 + sizeOfVarint(uint64(s.t)) }

// bySeries calls yield with the samples of each series, as they follow each other.
func bySeries(samples []sample, yield func(of []sample)) {
	for len(samples) > 0 {
		n := 1
		for n < len(samples) && samples[n].series == samples[0].series {
			n++
		}
		yield(samples[:n])
		samples = samples[n:]
	}
}

// withOwn calls yield with the labels of a series and those that are added when
// writing, sorted by name. A label that the series has itself is not replaced.
func withOwn(of labels.Labels, own []labels.Label, yield func(name, value string)) {
	of.Range(func(l labels.Label) {
		for len(own) > 0 && own[0].Name <= l.Name {
			if own[0].Name < l.Name {
				yield(own[0].Name, own[0].Value)
			}
			own = own[1:]
		}
		yield(l.Name, l.Value)
	})
	for _, l := range own {
		yield(l.Name, l.Value)
	}
}

// encodeV1 returns a prometheus.WriteRequest.
func encodeV1(samples []sample, own []labels.Label) message {
	b := make([]byte, 0, 256*len(samples))
	bySeries(samples, func(of []sample) {
		size := 0
		withOwn(of[0].series.labels, own, func(name, value string) {
			n := sizeOfString(name) + sizeOfString(value)
			size += 1 + sizeOfVarint(uint64(n)) + n
		})
		for _, s := range of {
			size += sizeOfSample(s)
		}
		b = binary.AppendUvarint(append(b, tag(1, delimited)), uint64(size))
		withOwn(of[0].series.labels, own, func(name, value string) {
			n := sizeOfString(name) + sizeOfString(value)
			b = binary.AppendUvarint(append(b, tag(1, delimited)), uint64(n))
			b = appendString(appendString(b, 1, name), 2, value)
		})
		for _, s := range of {
			b = appendSample(b, 2, s)
		}
	})
	return b
}

// encodeV2 returns an io.prometheus.write.v2.Request.
func encodeV2(samples []sample, own []labels.Label) message {
	symbols := map[string]uint64{"": 0} // the first symbol must be empty
	b := appendString(make([]byte, 0, 128*len(samples)), 4, "")
	ref := func(text string) uint64 {
		n, known := symbols[text]
		if !known {
			n = uint64(len(symbols))
			symbols[text] = n
			b = appendString(b, 4, text)
		}
		return n
	}
	var refs, series []byte
	bySeries(samples, func(of []sample) {
		refs, series = refs[:0], series[:0]
		withOwn(of[0].series.labels, own, func(name, value string) {
			refs = binary.AppendUvarint(refs, ref(name))
			refs = binary.AppendUvarint(refs, ref(value))
		})
		series = binary.AppendUvarint(append(series, tag(1, delimited)), uint64(len(refs)))
		series = append(series, refs...)
		for _, s := range of {
			series = appendSample(series, 2, s)
		}
		b = binary.AppendUvarint(append(b, tag(5, delimited)), uint64(len(series)))
		b = append(b, series...)
	})
	return b
}
