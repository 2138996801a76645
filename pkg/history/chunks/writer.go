package chunks

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// header is the length of an empty XOR chunk: its number of samples in two bytes
// (tsdb/docs/format/chunks.md).
const header = 2

// A Writer writes an XOR chunk as chunkenc's appender does, byte for byte, without an
// object of its own beside the chunk and without the last sample, which its user knows:
// with a million series that is a sixth of what they take.
type Writer struct {
	data []byte
	// delta is the time between the last two samples.
	delta uint64
	// free is how many bits of the last byte are; leading and trailing are the zeros
	// around the last difference that was written with them, noZeros before the first.
	free, leading, trailing uint8
}

const noZeros = 0xff

// Begin begins a chunk, whose bytes take capacity at first.
func (w *Writer) Begin(capacity int) {
	*w = Writer{data: make([]byte, header, capacity), leading: noZeros}
}

// Begun reports whether there is a chunk.
func (w *Writer) Begun() bool { return w.data != nil }

// Bytes returns the chunk. It must not be changed, and changes with the next sample.
func (w *Writer) Bytes() []byte { return w.data }

// Samples returns the number of samples.
func (w *Writer) Samples() int { return int(binary.BigEndian.Uint16(w.data)) }

// Append adds a sample; lastT and lastV are those of the one before, if there is one in the
// chunk.
func (w *Writer) Append(t int64, v float64, lastT int64, lastV float64) {
	n := binary.BigEndian.Uint16(w.data)
	delta := uint64(t - lastT)
	switch n {
	case 0:
		delta = 0
		w.data = binary.AppendVarint(w.data, t)
		w.bits(math.Float64bits(v), 64)
	case 1:
		w.data = binary.AppendUvarint(w.data, delta) // free is 0 here
		w.value(v, lastV)
	case math.MaxUint16:
		panic("chunks: a chunk has no room for more samples")
	default:
		switch change := int64(delta - w.delta); {
		case change == 0:
			w.bits(0, 1)
		case fits(change, 14):
			w.bits(0b10<<14|uint64(change)&(1<<14-1), 16)
		case fits(change, 17):
			w.bits(0b110<<17|uint64(change)&(1<<17-1), 20)
		case fits(change, 20):
			w.bits(0b1110<<20|uint64(change)&(1<<20-1), 24)
		default:
			w.bits(0b1111, 4)
			w.bits(uint64(change), 64)
		}
		w.value(v, lastV)
	}
	w.delta = delta
	binary.BigEndian.PutUint16(w.data, n+1)
}

// fits reports whether x is written with so many bits.
func fits(x int64, n uint8) bool { return -(1<<(n-1)-1) <= x && x <= 1<<(n-1) }

// value writes what of a value is not that of the one before.
func (w *Writer) value(v, before float64) {
	delta := math.Float64bits(v) ^ math.Float64bits(before)
	if delta == 0 {
		w.bits(0, 1)
		return
	}
	leading, trailing := uint8(min(bits.LeadingZeros64(delta), 31)), uint8(bits.TrailingZeros64(delta))
	if w.leading != noZeros && leading >= w.leading && trailing >= w.trailing {
		w.bits(0b10, 2)
		w.bits(delta>>w.trailing, 64-w.leading-w.trailing)
		return
	}
	w.leading, w.trailing = leading, trailing
	n := 64 - leading - trailing
	w.bits(0b11<<11|uint64(leading)<<6|uint64(n)&(1<<6-1), 13) // 64 is written as 0
	w.bits(delta>>trailing, n)
}

// bits writes the last n bits of x.
func (w *Writer) bits(x uint64, n uint8) {
	x <<= 64 - n
	if w.free > 0 {
		w.data[len(w.data)-1] |= byte(x >> (64 - w.free))
		if n < w.free {
			w.free -= n
			return
		}
		x <<= w.free
		n -= w.free
		w.free = 0
	}
	for ; n >= 8; n -= 8 {
		w.data = append(w.data, byte(x>>56))
		x <<= 8
	}
	if n > 0 {
		w.data = append(w.data, byte(x>>56))
		w.free = 8 - n
	}
}
