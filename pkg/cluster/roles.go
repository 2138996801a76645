package cluster

import (
	"slices"
	"strings"

	"github.com/community/mesos-datasource/pkg/mesos"
)

// WithRoles is the model with what /roles says added.
//
// /roles sums a role's allocated, offered and reserved over the role and all
// below it (RoleTree in src/master/master.hpp): a/b counts in a too. What is a
// role's own is its sum less those of its children, so that roles add up to
// the cluster.
//
// It sums by the resource's name alone (RoleResourceBreakdown::allocated in
// src/master/master.cpp), so that revocable CPUs are in cpus. Those never add to
// allocated; /state says which tasks and executors hold them. Which role revocable
// offers are made to is said nowhere: they stay in Offered. Quota counts them, as
// RoleResourceBreakdown::consumedQuota does.
func (c *Cluster) WithRoles(r *mesos.Roles) *Cluster {
	with := *c
	with.Roles = make([]*Role, len(r.Roles))
	byName := make(map[string]*Role, len(r.Roles))
	var said Resources
	for i := range r.Roles {
		role := roleOf(&r.Roles[i])
		with.Roles[i] = role
		byName[role.Name] = role
		for k := range said {
			said[k] |= role.Allocated[k] | role.Offered[k] | role.Reserved[k]
		}
	}
	with.RoleSums = said != Resources{} || (c.Allocated == Resources{} && c.Offered == Resources{} && c.Reserved == Resources{})

	// What is taken from a parent is the child's whole sum, whatever was taken
	// from the child before.
	sums := make(map[*Role][3]Resources, len(with.Roles))
	for _, role := range with.Roles {
		sums[role] = [3]Resources{role.Allocated, role.Offered, role.Reserved}
	}
	for _, role := range with.Roles {
		if above := nearestAbove(role.Name, byName); above != nil {
			sum := sums[role]
			above.Allocated.Subtract(sum[0])
			above.Offered.Subtract(sum[1])
			above.Reserved.Subtract(sum[2])
		}
	}
	for _, role := range with.Roles {
		role.Allocated.subtractAtMost(c.revocable[role.Name])
	}
	slices.SortFunc(with.Roles, func(a, b *Role) int { return strings.Compare(a.Name, b.Name) })
	return &with
}

func roleOf(s *mesos.Role) *Role {
	role := &Role{
		Name:       s.Name,
		Weight:     s.Weight,
		Frameworks: len(s.Frameworks),
		Allocated:  regular(s.Allocated),
		Offered:    regular(s.Offered),
		Reserved:   regular(s.Reserved),
	}
	if s.Quota != nil {
		role.QuotaGuarantee = limitsOf(s.Quota.Guarantee)
		role.QuotaLimit = limitsOf(s.Quota.Limit)
		role.QuotaConsumed = limitsOf(s.Quota.Consumed)
		// Consumed leaves out what is 0; with a quota at all, that is known.
		for k := range role.QuotaConsumed {
			role.QuotaConsumed[k].Set = true
		}
	}
	return role
}

// nearestAbove is the listed role whose subtree holds the role most closely:
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
