package plugin

import "runtime/debug"

// guard runs a function of a goroutine that nobody else watches. A panic is
// logged and ends the function, not the process, which serves other data sources.
func (r *Registry) guard(doing string, run func()) {
	defer func() {
		if cause := recover(); cause != nil {
			r.log.Error("A panic in the plugin", "while", doing, "panic", cause, "stack", string(debug.Stack()))
		}
	}()
	run()
}
