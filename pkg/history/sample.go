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

// FutureLimit is how far beyond the clock a sample may lie. One sample from a
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

// CheckedLabels returns labels as they are kept, or why they cannot be.
func CheckedLabels(l labels.Labels) (labels.Labels, error) {
	l = l.WithoutEmpty()
	if l.IsEmpty() {
		return l, errors.New("a series without labels cannot be kept: give it at least a name")
	}
	if name, dup := l.HasDuplicateLabelNames(); dup {
		return l, fmt.Errorf("the series %s cannot be kept: it has the label %q twice", l, name)
	}
	return l, nil
}

// EverySeries matches every series: all have a name.
var EverySeries = labels.MustNewMatcher(labels.MatchNotEqual, labels.MetricName, "")

// Mebibytes returns n bytes as text, in the unit that the settings use.
func Mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// Moment returns t, in Unix milliseconds, as text.
func Moment(t int64) string { return time.UnixMilli(t).UTC().Format(time.RFC3339) }
