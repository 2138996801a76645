package cluster

import (
	"fmt"
	"math"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/mesos"
)

// This file decides which amounts in /state are possible. One that is not is unknown:
// what contradicts itself has no sum, no rest and no ratio.

// mostOfAgent are the largest amounts of one agent: more than a machine can have.
var mostOfAgent = [numKinds]Amount{CPUs: 1 << 20 * perUnit, GPUs: 1 << 20 * perUnit, Memory: 1 << 52 / mebibyte * perUnit, Disk: 1 << 60 / mebibyte * perUnit}

// MostOfAgent returns the largest amount of a kind that one agent can have, in what Mesos
// counts in: CPUs, GPUs, MiB.
func MostOfAgent(k Kind) float64 { return mostOfAgent[k].In(CPUs) }

// mostAgents is more than any cluster has.
const mostAgents = 1 << 31

// checkCounts returns a /state in which numbers of agents that cannot be are not told.
func (b *builder) checkCounts(s *mesos.State) *mesos.State {
	checked := *s // others may share it
	for _, c := range []struct {
		key   string
		n     float64
		lacks *bool
	}{
		{"activated_slaves", s.ActivatedSlaves, &checked.Lacks.ActivatedSlaves},
		{"unreachable_slaves", s.UnreachableSlaves, &checked.Lacks.UnreachableSlaves},
	} {
		if c.n < 0 || c.n > mostAgents || c.n != math.Trunc(c.n) {
			*c.lacks = true
			b.isImpossible("%s is %g.", c.key, c.n)
		}
	}
	return &checked
}

// noAmount returns a scalar of resources that is none, because it is negative or beyond
// what can be counted, with its name.
func noAmount(r *mesos.Resources) (name string, n float64, found bool) {
	for i, n := range [...]float64{r.CPUs, r.GPUs, r.Mem, r.Disk, r.CPUsRevocable, r.GPUsRevocable, r.MemRevocable, r.DiskRevocable} {
		if amountOf(n) == Unknown {
			return [...]string{"cpus", "gpus", "mem", "disk", "cpus_revocable", "gpus_revocable", "mem_revocable", "disk_revocable"}[i], n, true
		}
	}
	return "", 0, false
}

// checkAmounts notes what of resources is no amount. It is unknown already.
func (b *builder) checkAmounts(r *mesos.Resources, which, kind, name string) {
	if key, n, found := noAmount(r); found {
		b.isImpossible("%s of %s of %s %s is %g.", key, which, kind, name, n)
	}
}

// checkAmountsOf notes what of an agent's, framework's or task's resources is no amount.
func (b *builder) checkAmountsOf(kind, name string, resources, used, offered *mesos.Resources) {
	for _, r := range []struct {
		of    *mesos.Resources
		which string
	}{{resources, "resources"}, {used, "used_resources"}, {offered, "offered_resources"}} {
		if r.of != nil {
			b.checkAmounts(r.of, r.which, kind, name)
		}
	}
}

// checkAgent makes what an agent cannot have unknown.
func (b *builder) checkAgent(a *Agent) {
	for k := range a.Capacity {
		kind := Kind(k)
		if c := a.Capacity[k]; c != Unknown && c > mostOfAgent[k] {
			b.impossible(&a.Capacity, kind, "agent %s has %s.", a.Hostname, shown(c, kind))
		}
		capacity := a.Capacity[k]
		if capacity == Unknown {
			continue
		}
		for _, part := range []struct {
			of    *Resources
			which string
		}{{&a.Allocated, "allocated"}, {&a.Offered, "offered"}, {&a.Reserved, "reserved"}} {
			if n := part.of[k]; n != Unknown && n > capacity {
				if part.of == &a.Allocated && n <= a.held[k]+Amount(a.holds) {
					b.overfull[k] = true // its tasks say so, too: it is the capacity that is doubtful
					continue
				}
				b.impossible(part.of, kind, "agent %s has %s and %s of it %s.", a.Hostname, shown(capacity, kind), shown(n, kind), part.which)
			}
		}
		// A shared volume, which is of what is reserved, may be offered and used at a time.
		most := capacity
		if kind == Disk {
			most = capacity.Plus(a.Reserved[k])
		}
		if both := a.Allocated[k].Plus(a.Offered[k]); both != Unknown && most != Unknown && both > most {
			b.impossible(&a.Offered, kind, "agent %s has %s, and %s of it allocated or offered.", a.Hostname, shown(capacity, kind), shown(both, kind))
		}
	}
}

// checkHolders makes unknown what frameworks and roles have of more than there is.
func (b *builder) checkHolders() {
	for k, capacity := range b.Capacity {
		if capacity == Unknown || b.overfull[k] || len(b.Agents) == 0 {
			continue
		}
		kind := Kind(k)
		check := func(of *Resources, who string) {
			if n := of[k]; n != Unknown && n > capacity {
				b.impossible(of, kind, "%s has %s of the cluster's %s.", who, shown(n, kind), shown(capacity, kind))
			}
		}
		for _, f := range b.Frameworks {
			check(&f.Allocated, "framework "+f.Name)
			check(&f.Offered, "framework "+f.Name)
		}
		for role, load := range b.RoleLoads {
			check(&load.Allocated, "role "+role)
			check(&load.Offered, "role "+role)
		}
	}
}

// impossible makes an amount unknown and notes why.
func (b *builder) impossible(of *Resources, k Kind, why string, values ...any) {
	of[k] = Unknown
	b.doubted[k] = true
	b.isImpossible(why, values...)
}

// isImpossible notes what cannot be.
func (b *builder) isImpossible(why string, values ...any) {
	b.Impossible++
	if b.ImpossibleWhy == "" {
		b.ImpossibleWhy = "In /state, " + fmt.Sprintf(why, values...)
	}
}

// shown returns an amount as sentences have it.
func shown(a Amount, k Kind) string {
	if k == Memory || k == Disk {
		return display.Size(int64(a.In(k))) + " of " + k.String()
	}
	return fmt.Sprintf("%g %s", a.In(k), map[Kind]string{CPUs: "CPUs", GPUs: "GPUs"}[k])
}
