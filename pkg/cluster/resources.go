package cluster

import (
	"math"

	"community-mesos-datasource/pkg/mesos"
)

// Kind is a kind of resource.
type Kind int

// The kinds of resources Mesos schedules by itself. Others (ports, disks'
// identities, an operator's own) are not numbers that add up.
const (
	CPUs Kind = iota
	GPUs
	Memory
	Disk
	numKinds
)

// Kinds are all kinds, in the order they are shown.
var Kinds = [numKinds]Kind{CPUs, GPUs, Memory, Disk}

// String returns the name that series have for the kind.
func (k Kind) String() string {
	return [numKinds]string{CPUs: "cpus", GPUs: "gpus", Memory: "memory", Disk: "disk"}[k]
}

// Resources are amounts by kind.
//
// Mesos counts scalars in thousandths and rounds to them since 0.28 (MESOS-4687;
// convertToFixed in src/common/values.cpp). Before, it added and subtracted doubles,
// so that 5.6e-17 CPUs are left of none and 14.5500000000001 are 14.55. Counting
// whole thousandths does the same for all versions, and makes a sum over ten
// thousand agents equal the master's own, whatever the order.
type Resources [numKinds]Amount

// Amount is a number of thousandths of what Mesos counts in: CPUs, GPUs, MiB. It may
// be unknown.
//
// The rule for what is unknown: a sum of which one part is unknown is unknown, unless
// the sum is known from elsewhere (accounting.go). It is never the sum of the rest.
type Amount int64

// Unknown is the amount that the master does not tell. It has no value and no series.
const Unknown Amount = math.MinInt64

const (
	perUnit  = 1000
	mebibyte = 1 << 20 // what Mesos calls MB (Megabytes in 3rdparty/stout/include/stout/bytes.hpp)
)

// most is the largest amount: a double holds no thousandths of more. It leaves room
// to add up a thousand of them.
const most = 1 << 53

// amountOf returns the amount of a scalar of Mesos. One that is none, because it is
// negative or beyond what can be counted, is unknown.
func amountOf(scalar float64) Amount {
	n := math.Round(scalar * perUnit)
	if n < 0 || n > most || n != n {
		return Unknown
	}
	return Amount(n)
}

// Round returns a scalar of Mesos as Mesos counts it, in whole thousandths. One that
// is no amount is returned as it is.
func Round(scalar float64) float64 {
	if a := amountOf(scalar); a != Unknown {
		return a.In(CPUs)
	}
	return scalar
}

// Known reports whether the amount is known.
func (a Amount) Known() bool { return a != Unknown }

// Plus returns the sum, which is unknown if one of both is.
func (a Amount) Plus(other Amount) Amount {
	if a == Unknown || other == Unknown {
		return Unknown
	}
	if sum := a + other; -math.MaxInt64/2 < sum && sum < math.MaxInt64/2 {
		return sum
	}
	return Unknown // of amounts that nobody has
}

// Minus returns the difference, which is unknown if one of both is.
func (a Amount) Minus(other Amount) Amount {
	if other == Unknown {
		return Unknown
	}
	return a.Plus(-other)
}

// Value returns the amount of a kind in its base unit: CPUs, GPUs or bytes; NaN if it
// is unknown.
func (r *Resources) Value(k Kind) float64 { return r[k].In(k) }

// In returns the amount in the base unit of a kind: CPUs, GPUs or bytes; NaN if it is
// unknown.
func (a Amount) In(k Kind) float64 {
	switch {
	case a == Unknown:
		return math.NaN()
	case k == Memory || k == Disk:
		return float64(a) * mebibyte / perUnit
	}
	return float64(a) / perUnit
}

// Add adds other to r.
func (r *Resources) Add(other Resources) {
	for k := range r {
		r[k] = r[k].Plus(other[k])
	}
}

// Subtract subtracts other from r.
func (r *Resources) Subtract(other Resources) {
	for k := range r {
		r[k] = r[k].Minus(other[k])
	}
}

// known reports whether all amounts are known.
func (r *Resources) known() bool {
	for _, a := range r {
		if a == Unknown {
			return false
		}
	}
	return true
}

var unknownResources = Resources{Unknown, Unknown, Unknown, Unknown}

// UnknownResources returns resources of which no amount is known.
func UnknownResources() Resources { return unknownResources }

// regular are the resources without the revocable ones, which Mesos lists
// beside them (cpus, cpus_revocable) and which never add to these.
func regular(r mesos.Resources) Resources {
	amounts := Resources{CPUs: amountOf(r.CPUs), GPUs: amountOf(r.GPUs), Memory: amountOf(r.Mem), Disk: amountOf(r.Disk)}
	return amounts.without(r.Unknown)
}

func revocable(r mesos.Resources) Resources {
	amounts := Resources{CPUs: amountOf(r.CPUsRevocable), GPUs: amountOf(r.GPUsRevocable), Memory: amountOf(r.MemRevocable), Disk: amountOf(r.DiskRevocable)}
	return amounts.without(r.Unknown)
}

// without returns the resources with some kinds unknown.
func (r Resources) without(kinds mesos.ResourceKinds) Resources {
	if kinds == 0 {
		return r
	}
	for k, kind := range [numKinds]mesos.ResourceKinds{CPUs: mesos.KindCPUs, GPUs: mesos.KindGPUs, Memory: mesos.KindMem, Disk: mesos.KindDisk} {
		if kinds&kind != 0 {
			r[k] = Unknown
		}
	}
	return r
}

// Limits are amounts that may be absent: a quota without a limit for GPUs is
// something else than one of 0.
type Limits [numKinds]struct {
	Amount Amount
	Set    bool
}

// Value is the limit of a kind in its base unit, and whether there is one.
func (l *Limits) Value(k Kind) (float64, bool) { return l[k].Amount.In(k), l[k].Set }

func limitsOf(q mesos.QuotaResources) Limits {
	var l Limits
	for k, scalar := range [numKinds]*float64{CPUs: q.CPUs, GPUs: q.GPUs, Memory: q.Mem, Disk: q.Disk} {
		if scalar != nil {
			l[k].Amount = amountOf(*scalar)
			l[k].Set = l[k].Amount.Known()
		}
	}
	return l
}
