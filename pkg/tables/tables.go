package tables

import "slices"

// Tables are all tables.
var Tables = []*Table{tasksTable}

// TableNamed returns the table with a name or an alias, or nil.
func TableNamed(name string) *Table {
	for _, t := range Tables {
		if t.has(name) {
			return t
		}
	}
	return nil
}

// tableNames returns the names of the tables.
func tableNames() []string {
	var names []string
	for _, t := range Tables {
		names = append(names, t.Name)
	}
	return slices.Clip(names)
}
