package history

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// NoTime is before every sample.
const NoTime = math.MinInt64

// FutureLimit is how far after the clock a sample may be. One sample from a
// clock gone wrong would otherwise make every later one of its series out of
// order until that time comes.
const FutureLimit = 10 * time.Minute

// Bounds holds between which times a sample makes sense.
type Bounds struct {
	now              time.Time // when the batch began
	earliest, latest int64     // Unix milliseconds
}

// BoundsAt returns the bounds of now; a retention of 0 or less has no earliest.
func BoundsAt(now time.Time, retention time.Duration) Bounds {
	b := Bounds{now: now, earliest: NoTime, latest: now.Add(FutureLimit).UnixMilli()}
	if retention > 0 {
		b.earliest = now.Add(-retention).UnixMilli()
	}
	return b
}

// Check returns why a sample at t is refused: the clock makes it impossible, or
// retention pointless.
func (b Bounds) Check(t int64) error {
	if t >= b.earliest && t <= b.latest {
		return nil
	}
	at := time.UnixMilli(t)
	if t > b.latest {
		return fmt.Errorf("the sample's time %s is %s in the future, more than %s: check the clocks: %w",
			at.UTC().Format(time.RFC3339), at.Sub(b.now).Round(time.Second), FutureLimit, storage.ErrOutOfBounds)
	}
	return fmt.Errorf("the sample's time %s is older than what is kept, which begins at %s: %w",
		at.UTC().Format(time.RFC3339), time.UnixMilli(b.earliest).UTC().Format(time.RFC3339), storage.ErrOutOfBounds)
}

// MaxLabelBytes bounds the names and values of a series' labels together. The
// names that a tenant of the cluster chooses are cut at 256 bytes before they
// get here, so that a series has a few KiB at most. Package labels panics at a
// label of 16 MiB; each series of 1 MiB takes several times that in memory.
const MaxLabelBytes = 64 << 10

// CheckedLabels returns labels as they are kept, or why they cannot be.
func CheckedLabels(l labels.Labels) (labels.Labels, error) {
	l = l.WithoutEmpty()
	if l.IsEmpty() {
		return l, errors.New("a series without labels cannot be kept: give it at least a name")
	}
	if n := l.ByteSize(); n > MaxLabelBytes {
		return l, tooLong(l, n)
	}
	if name, dup := l.HasDuplicateLabelNames(); dup {
		return l, fmt.Errorf("the series %s cannot be kept: it has the label %q twice", l, name)
	}
	return l, nil
}

// tooLong returns the error about labels of n bytes, which names the longest.
func tooLong(l labels.Labels, n uint64) error {
	var longest labels.Label
	l.Range(func(x labels.Label) {
		if len(x.Name)+len(x.Value) > len(longest.Name)+len(longest.Value) {
			longest = x
		}
	})
	return fmt.Errorf("a series of %.64q cannot be kept: its labels have %d bytes and %d are allowed; shorten %.64q, whose value begins with %.64q",
		l.Get(labels.MetricName), n, MaxLabelBytes, longest.Name, longest.Value)
}

// EverySeries matches every series: all have a name.
var EverySeries = labels.MustNewMatcher(labels.MatchNotEqual, labels.MetricName, "")

// Mebibytes returns n bytes as text, in the unit that the settings use.
func Mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// Moment returns t, in Unix milliseconds, as text.
func Moment(t int64) string { return time.UnixMilli(t).UTC().Format(time.RFC3339) }
