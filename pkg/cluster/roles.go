package cluster

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// WithRoles returns the model with what /roles says added.
//
// /roles sums a role's reserved over the role and all below it
// (RoleResourceBreakdown in src/master/master.cpp): a/b counts in a too. What is
// a role's own is its sum less those of its children, so that roles add up to
// the cluster.
//
// What is allocated and offered is not taken from there but from the tasks,
// executors and offers of /state (RoleLoads). What is allocated is equal in every recorded scene; but
// /roles adds up by the resource's name, so that revocable CPUs are in cpus, and it
// is of another moment than what frameworks and agents are said to have: in scene
// 03 offers were made in between. Quota counts revocable resources, as
// RoleResourceBreakdown::consumedQuota does.
func (c *Cluster) WithRoles(r *mesos.Roles) *Cluster {
	with := *c
	var n repeated
	listed := first(&n, r.Roles, func(r *mesos.Role) twin { return twin{id: r.Name} })
	with.RolesTwice = n.times
	with.RolesImpossible, with.RolesImpossibleWhy = 0, ""
	with.Roles = make([]*Role, len(listed))
	byName := make(map[string]*Role, len(listed))
	for i := range listed {
		role := c.roleOf(&listed[i])
		with.checkRole(&listed[i])
		with.Roles[i] = role
		byName[role.Name] = role
	}

	// What is taken from a parent is the child's whole sum, whatever was taken
	// from the child before.
	sums := make(map[*Role]Resources, len(with.Roles))
	for _, role := range with.Roles {
		sums[role] = role.Reserved
	}
	for _, role := range with.Roles {
		if above := nearestAbove(role.Name, byName); above != nil {
			above.Reserved.Subtract(sums[role])
		}
	}
	slices.SortFunc(with.Roles, func(a, b *Role) int { return strings.Compare(a.Name, b.Name) })
	return &with
}

func (c *Cluster) roleOf(s *mesos.Role) *Role {
	role := &Role{Name: series.CutName(s.Name), Reserved: regular(s.Reserved)}
	if !s.Lacks.Weight && possibleWeight(s.Weight) {
		role.Weight = &s.Weight
	}
	if n := len(s.Frameworks); !s.Lacks.Frameworks {
		role.Frameworks = &n
	} else {
		role.Frameworks = c.subscribed(role.Name)
	}
	if s.Quota != nil {
		role.QuotaGuarantee = limitsOf(s.Quota.Guarantee)
		role.QuotaLimit = limitsOf(s.Quota.Limit)
		if s.Quota.Consumed != nil {
			role.QuotaConsumed = limitsOf(*s.Quota.Consumed)
			// Consumed leaves out what is 0; where it is there, that is known.
			for k := range role.QuotaConsumed {
				role.QuotaConsumed[k].Set = role.QuotaConsumed[k].Amount.Known()
			}
		}
	}
	return role
}

// checkRole notes what of a role in /roles cannot be. It is unknown already.
func (c *Cluster) checkRole(s *mesos.Role) {
	note := func(what string, n float64) {
		c.RolesImpossible++
		if c.RolesImpossibleWhy == "" {
			c.RolesImpossibleWhy = fmt.Sprintf("In /roles, %s of role %s is %g.", what, series.CutName(s.Name), n)
		}
	}
	if !s.Lacks.Weight && !possibleWeight(s.Weight) {
		note("the weight", s.Weight)
	}
	if key, n, found := noAmount(&s.Reserved); found {
		note(key+" of what is reserved", n)
	}
	if s.Quota == nil {
		return
	}
	for _, quota := range []struct {
		which string
		of    *mesos.QuotaResources
	}{{"the guarantee", &s.Quota.Guarantee}, {"the limit", &s.Quota.Limit}, {"what is consumed", s.Quota.Consumed}} {
		if quota.of == nil {
			continue
		}
		for i, n := range [...]*float64{quota.of.CPUs, quota.of.GPUs, quota.of.Mem, quota.of.Disk} {
			if n != nil && amountOf(*n) == Unknown {
				note([...]string{"cpus", "gpus", "mem", "disk"}[i]+" of "+quota.which, *n)
			}
		}
	}
}

// possibleWeight reports whether a weight is one that Mesos accepts.
func possibleWeight(weight float64) bool { return weight > 0 && weight <= math.MaxFloat64 }

// subscribed returns how many frameworks of /state are subscribed to a role; nil if
// one does not tell its roles.
func (c *Cluster) subscribed(role string) *int {
	n := 0
	for _, f := range c.Frameworks {
		if f.Roles == nil {
			return nil
		}
		if slices.Contains(f.Roles, role) {
			n++
		}
	}
	return &n
}

// nearestAbove returns the listed role whose subtree holds the role most closely:
// its parent, or where Mesos lists no parent, the next one up.
func nearestAbove(name string, byName map[string]*Role) *Role {
	for {
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return nil
		}
		name = name[:i]
		if role := byName[name]; role != nil {
			return role
		}
	}
}
