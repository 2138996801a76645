package plugin

import (
	"fmt"
	"runtime/debug"
)

// A panic must not end the process, which serves other data sources, too. What
// answers Grafana turns it into an error (panicked); goroutines of the registry
// log it and end (guard). Queries recover in query.Run, one by one.

// panicked logs a panic, with the stack of the goroutine that calls it, and
// returns the sentence for the user.
func (p *Plugin) panicked(doing string, cause any) string {
	p.registry.logPanic(doing, cause)
	return fmt.Sprintf("the plugin failed while %s (%v): Grafana's log has the details; please report them", doing, cause)
}

// guard runs a function of a goroutine that nobody else watches, and logs its
// panic.
func (r *Registry) guard(doing string, run func()) {
	defer func() {
		if cause := recover(); cause != nil {
			r.logPanic(doing, cause)
		}
	}()
	run()
}

func (r *Registry) logPanic(doing string, cause any) {
	r.log.Error("A panic in the plugin", "while", doing, "panic", cause, "stack", string(debug.Stack()))
}
