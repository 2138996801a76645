package collector

import (
	"fmt"
	"runtime/debug"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// Responses of Mesos contain what others chose: frameworks, those who register an
// agent. A panic about it is the error of the poll that met it, and the next poll
// goes on.

// guard runs a function and returns its panic as an error.
func (c *Collector) guard(doing string, run func()) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			c.log.Warn("A panic in the plugin", "while", doing, "panic", cause, "stack", string(debug.Stack()))
			err = &mesos.Error{
				Category: mesos.Protocol,
				Sentence: fmt.Sprintf("The plugin failed while %s (%.200v): this is a fault of the plugin, and the log of Grafana's server has the details; please report it.", doing, cause),
			}
		}
	}()
	run()
	return nil
}

// named returns the poll of an outcome, which another poll may forget meanwhile.
func (c *Collector) named(o *outcome) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(o.Poll)
}

// traced is attempt, with a trace of the poll.
func (c *Collector) traced(k pollKind, p *scheduledPoll) bool {
	of := k.outcomes()
	if c.span == nil || len(of) == 0 {
		return c.attempt(k, p)
	}
	ctx, end := c.span(p.ctx, series.Poll(c.named(of[0])))
	p.ctx = ctx
	ok := c.attempt(k, p)
	end(ok)
	return ok
}

// attempt performs a poll and reports whether all went well.
func (c *Collector) attempt(k pollKind, p *scheduledPoll) (ok bool) {
	what := "what is planned" // the poll without an outcome
	if of := k.outcomes(); len(of) > 0 {
		what = c.named(of[0])
	}
	err := c.guard("polling "+what, func() { ok = k.perform(p) })
	if err == nil {
		return ok
	}
	for _, o := range k.outcomes() {
		// What made the poll panic may make this panic, too.
		_ = c.guard("ending the series of "+c.named(o), func() { c.fail(p, o, err) })
	}
	return false
}
