package samples

import "community-mesos-datasource/pkg/cluster"

// An agent names its containers by framework and executor ID. This file finds
// what the leader allocated to each: what use is compared with.

// A containerKey names a container on its agent. For a task that came with a
// command instead of an executor, executor is the task's own ID.
type containerKey struct{ framework, executor string }

// A container is a container as the model has it.
type container struct {
	executorKey
	allocated cluster.Resources // its tasks' and its executor's own
	task      *cluster.Task     // the one task in it; nil with none or several
	tasks     int               // in it
	runs      int               // those of them that are running
}

// containers are those of a model, by agent ID.
type containers map[string]map[containerKey]*container

// placed returns the containers of a model. Ended tasks have none of their own:
// the leader has taken their resources back.
func placed(m *cluster.Cluster) containers {
	all := make(containers, len(m.Agents))
	at := func(agent, framework, executor string) (*container, bool) {
		on := all[agent]
		if on == nil {
			on = map[containerKey]*container{}
			all[agent] = on
		}
		k := containerKey{framework, executor}
		c, known := on[k]
		if !known {
			c = &container{}
			on[k] = c
		}
		return c, !known
	}
	for i := range m.Executors {
		e := &m.Executors[i]
		c, _ := at(e.Agent.ID, e.Framework.ID, e.ID)
		c.executorKey = executorKeyOf(e)
		c.allocated.Add(e.Allocated)
	}
	tasks := m.Tasks()
	for i := range tasks {
		t := &tasks[i]
		if !t.State.Live() || t.State == cluster.Unreachable {
			continue
		}
		id := t.ExecutorID
		if id == "" {
			id = t.ID
		}
		c, fresh := at(t.Agent.ID, t.Framework.ID, id)
		if fresh { // a command executor, which the leader does not list
			if t.ExecutorID != "" { // or, before 0.23, any: what it holds itself is unknown
				c.allocated = cluster.UnknownResources()
			}
			c.executorKey = executorKeyOf(&cluster.Executor{ID: id, Role: t.Role, Framework: t.Framework, Agent: t.Agent})
		}
		c.allocated.Add(t.Allocated)
		c.tasks++
		if t.State == cluster.Running {
			c.runs++
		}
		c.task = t
		if c.tasks > 1 {
			c.task = nil
		}
	}
	return all
}

// containersOfModel holds the containers of one model.
type containersOfModel struct {
	model *cluster.Cluster
	found containers
}

// containersOf returns the containers of a model, by agent ID, and keeps those
// of the latest.
func (w *Writer) containersOf(m *cluster.Cluster) containers {
	if w.containers.model != m {
		w.containers = containersOfModel{m, placed(m)}
	}
	return w.containers.found
}

// renew makes the use of single containers that of the containers of a model: of those of
// the model before it would keep all of that, until each agent has answered again. What is
// not in the model any more is left out.
func (w *Writer) renew(m *cluster.Cluster) {
	for key, own := range w.perAgent {
		if len(own.current) == 0 {
			continue
		}
		on := w.containersOf(m)[key.id]
		now := make([]singleUse, 0, len(own.current)) // others may have the list of before
		for _, one := range own.current {
			if c := on[containerKey{one.frameworkKey.id, one.executorKey.id}]; c != nil {
				now = append(now, singleUse{c, one.use})
			}
		}
		own.current = now
	}
}
