package tables

import "slices"

// Tables are all tables.
var Tables = []*Table{
	tasksTable, agentsTable, frameworksTable, removedFrameworksTable, rolesTable, executorsTable, offersTable, reservationsTable, quotaTable,
	maintenanceTable, mastersTable, flagsTable, eventsTable,
}

// TableNamed returns the table with a name or an alias, or nil.
func TableNamed(name string) *Table {
	for _, t := range Tables {
		if t.has(name) {
			return t
		}
	}
	return nil
}

// Names returns the names of the tables.
func Names() []string {
	var names []string
	for _, t := range Tables {
		names = append(names, t.Name)
	}
	return slices.Clip(names)
}
