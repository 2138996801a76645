package query

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
)

// This file answers what an editor of logs offers: tasks and their files.

// A LogTask is a task whose logs may be asked for.
type LogTask struct {
	TaskID      string `json:"taskId"`
	Name        string `json:"name,omitempty"`
	Framework   string `json:"framework,omitempty"`
	FrameworkID string `json:"frameworkId"`
	Agent       string `json:"agent,omitempty"`
	AgentID     string `json:"agentId"`
	Role        string `json:"role,omitempty"`
	// State is that of a task that the leader lists, or the last event of one that it does
	// not list any more.
	State string `json:"state"`
}

// A LogFile is a log in a task's sandbox.
type LogFile struct {
	Name     string     `json:"name"`  // as a query's file
	Bytes    *int64     `json:"bytes"` // nil where what the agent says cannot be, as of Modified
	Modified *time.Time `json:"modified"`
}

// LogFiles are the logs in a directory of a sandbox, and the directories there.
type LogFiles struct {
	Files       []LogFile
	Directories []string // names, as of files
}

// Bounds of the list of tasks.
const (
	defaultLogTasks = 100
	maxLogTasks     = 1000
)

// Tasks lists tasks that have a text in their ID, name, framework, agent or role: those that
// the leader lists, the newest first, then those that ended, the latest first.
func (s *Sandboxes) Tasks(ctx context.Context, src Source, search string, limit int) ([]LogTask, error) {
	if limit == 0 {
		limit = defaultLogTasks
	}
	limit = min(limit, maxLogTasks)
	search = strings.ToLower(search)
	has := func(texts ...string) bool {
		for _, text := range texts {
			if strings.Contains(strings.ToLower(text), search) {
				return true
			}
		}
		return false
	}
	found := []LogTask{}
	seen := map[[2]string]bool{}
	if model := s.Model(); model != nil {
		var listed []*cluster.Task
		tasks := model.Tasks()
		for i := range tasks {
			if t := &tasks[i]; has(t.ID, t.Name, t.Framework.Name, t.Agent.Hostname, t.Role) {
				listed = append(listed, t)
				seen[[2]string{t.Framework.ID, t.ID}] = true
			}
		}
		slices.SortStableFunc(listed, func(a, b *cluster.Task) int { return cmp.Compare(b.Started, a.Started) })
		for _, t := range listed[:min(len(listed), limit)] {
			found = append(found, LogTask{
				TaskID: t.ID, Name: t.Name, Framework: t.Framework.Name, FrameworkID: t.Framework.ID,
				Agent: t.Agent.Hostname, AgentID: t.Agent.ID, Role: t.Role, State: string(t.State),
			})
		}
	}
	if src.Events == nil {
		return found, nil
	}
	told, _, err := src.Events.Select(ctx, events.Filter{Kinds: []events.Kind{events.KindTask}, Limit: maxLogTasks})
	if err != nil {
		return nil, err
	}
	for _, e := range told {
		key := [2]string{e.FrameworkID, e.TaskID}
		if len(found) == limit {
			break
		}
		if e.AgentID != "" && e.TaskID != "" && !seen[key] && has(e.TaskID, e.Task, e.Framework, e.Agent, e.Role) {
			found = append(found, LogTask{
				TaskID: e.TaskID, Name: e.Task, Framework: e.Framework, FrameworkID: e.FrameworkID,
				Agent: e.Agent, AgentID: e.AgentID, Role: e.Role, State: string(e.What),
			})
		}
		seen[key] = true // the newest event says how it ended
	}
	return found, nil
}

// List lists the logs of a task in a directory of its sandbox, "" for the sandbox itself.
func (s *Sandboxes) List(ctx context.Context, src Source, q LogsQuery, directory string) (LogFiles, error) {
	// The directory is checked as that of a file in it.
	q.File = "stdout"
	if directory != "" {
		q.File = directory + "/stdout"
	}
	if err := checkLogs(&q); err != nil {
		return LogFiles{}, err
	}
	task, err := s.find(ctx, src, &q)
	if err != nil {
		return LogFiles{}, err
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return LogFiles{}, err
	}
	defer leave()
	files, directories, err := s.list(ctx, &task, directory)
	if err != nil {
		return LogFiles{}, err
	}
	found := LogFiles{Files: []LogFile{}, Directories: append([]string{}, directories...)}
	for _, f := range files {
		one := LogFile{Name: f.name}
		if f.Odd == "" {
			written := writtenAt(f)
			one.Bytes, one.Modified = &f.Size, &written
		}
		found.Files = append(found.Files, one)
	}
	return found, nil
}
