package series

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// MaxName is how many bytes a name may have that a user of the cluster chooses:
// of a framework, a principal, a role, a task, a host. Without a bound one
// framework could fill the memory, because names are labels of many series; the
// label library panics at 16 MiB (prometheus/prometheus, model/labels).
const MaxName = 256

// MaxText is how many bytes are kept of any text of an answer. It is four times
// MaxName, so that a name that is cut there can be told from one that is not.
const MaxText = 1024

// MaxLabels is how many labels one agent may have of its attributes, and one task of
// its labels.
const MaxLabels = 20

// CutName returns a name of at most MaxName bytes. One that is longer keeps its
// beginning and ends in ~ and a hash of the whole, so that two names that differ at
// their end stay two: series of the same labels would be lost. A name that CutText
// cut before becomes the same as one that it did not.
func CutName(name string) string { return cutUnique(CutText(name), MaxName) }

// CutText is CutName for MaxText bytes.
func CutText(text string) string { return cutUnique(text, MaxText) }

const (
	cutMark    = "~"
	hashDigits = 16
)

func cutUnique(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return Cut(text, bytes-len(cutMark)-hashDigits) + cutMark + Hash(text, hashDigits)
}

// Hash returns the first hexadecimal digits of a hash of a text. It is a
// cryptographic one, because those who choose names could choose two with the same
// hash otherwise.
func Hash(text string, digits int) string {
	h := sha256.New()
	var part [512]byte // a conversion would copy a text of 1 MiB
	for text != "" {
		n := copy(part[:], text)
		h.Write(part[:n])
		text = text[n:]
	}
	return hex.EncodeToString(h.Sum(nil))[:digits]
}

// Cut returns the longest beginning of a text that has at most this many bytes
// and ends with a whole character. What is not UTF-8 is replaced. A text that was
// cut does not hold on to the memory of the whole.
func Cut(text string, bytes int) string {
	// Replacing makes a text at most three times as long, so the beginning of a
	// very long one is enough.
	if most := 4 * bytes; len(text) > most {
		text = text[:most]
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= bytes {
		return text
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return strings.Clone(text[:bytes])
}
