package tables

import (
	"maps"
	"slices"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
)

// role is a role with what it holds.
type role struct {
	name string
	load *cluster.RoleLoad
	role *cluster.Role // nil where /roles does not name it, or was not read
}

// rolesOf returns the roles of a view, sorted by name.
func rolesOf(v *View) []role {
	byName := map[string]*cluster.Role{}
	for _, r := range v.Cluster.Roles {
		byName[r.Name] = r
	}
	names := slices.Collect(maps.Keys(v.Cluster.RoleLoads))
	for name := range byName {
		if v.Cluster.RoleLoads[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	all := make([]role, 0, len(names))
	for _, name := range names {
		if name != "" {
			all = append(all, role{name, v.Cluster.Load(name), byName[name]})
		}
	}
	return all
}

// rolesTable is the table of roles.
var rolesTable = tableOf(Table{
	Name: "roles", Aliases: []string{"role"},
	Help: "Roles that a framework is subscribed to, that something runs in, or that have a quota, a weight or a reservation. What a role is allocated and offered is its own, without the roles below it.",
}, func(v *View) things[role] { return listed(rolesOf(v)) }, slices.Concat(
	[]column[role]{
		textOf("role", "Name of the role", func(r role) string { return r.name }),
		{Column{"weight", Real, NoUnit, "Weight of the role; NULL where it is not known"}, func(_ *View, r role) value {
			if r.role == nil || r.role.Weight == nil {
				return null
			}
			return real(*r.role.Weight)
		}},
		{Column{"frameworks", Integer, NoUnit, "Number of frameworks subscribed to it; NULL where it is not known"}, func(_ *View, r role) value {
			if r.role == nil || r.role.Frameworks == nil {
				return null
			}
			return integer(*r.role.Frameworks)
		}},
	},
	amounts("allocated", "allocated", func(_ *View, r role) cluster.Resources { return r.load.Allocated }),
	amounts("offered", "offered", func(_ *View, r role) cluster.Resources { return r.load.Offered }),
	amounts("reserved", "reserved for it; NULL where /roles does not tell it", func(_ *View, r role) cluster.Resources {
		if r.role == nil {
			return cluster.UnknownResources()
		}
		return r.role.Reserved
	}),
	taskStates(func(v *View, r role) *cluster.TaskCounts { return countsOf(v, &r.load.Tasks, r.load.TasksUnknown) }),
), "role")

// quotaTable is the table of quotas.
var quotaTable = tableOf(Table{
	Name: "quota", Aliases: []string{"quotas"},
	Help: "Roles with a quota. Quota is of a role and all roles below it. NULL: there is none for that resource.",
	unknown: func(v *View) string {
		if v.Cluster.Roles == nil {
			return "/roles has not been read, so quotas are not known"
		}
		return ""
	},
	doubt: func(v *View) string {
		if untold := catalogue.Older(v.Cluster.Version, "1.3.0") && !catalogue.Older(v.Cluster.Version, "0.27.0"); untold {
			return "Mesos " + cutText(v.Cluster.Version) + " does not tell quotas in /roles, which it does since 1.3"
		}
		return ""
	},
}, func(v *View) things[*cluster.Role] {
	var all []*cluster.Role
	for _, r := range v.Cluster.Roles {
		for _, k := range cluster.Kinds {
			if r.QuotaGuarantee[k].Set || r.QuotaLimit[k].Set {
				all = append(all, r)
				break
			}
		}
	}
	return listed(all)
}, slices.Concat(
	[]column[*cluster.Role]{textOf("role", "Name of the role", func(r *cluster.Role) string { return r.Name })},
	limits("guarantee", "that it gets for sure", func(r *cluster.Role) *cluster.Limits { return &r.QuotaGuarantee }),
	limits("limit", "that it may have at most", func(r *cluster.Role) *cluster.Limits { return &r.QuotaLimit }),
	limits("consumed", "that counts against its quota; NULL where the master does not tell it", func(r *cluster.Role) *cluster.Limits { return &r.QuotaConsumed }),
), "role")
