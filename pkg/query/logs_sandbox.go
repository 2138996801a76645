package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
)

// Sandboxes reads files of sandboxes for somebody who may.
type Sandboxes struct {
	Files SandboxFiles
	// Model returns the latest model of the cluster, nil before the first.
	Model func() *cluster.Cluster
	// Slots bounds how many reads run at a time, of all who ask.
	Slots chan struct{}
}

// A sandboxTask is a task whose sandbox is asked for.
type sandboxTask struct {
	ID, Name               string
	Framework, FrameworkID string
	Agent, AgentID         string
	Role                   string
	State                  cluster.TaskState // "" where only the log of events knows it

	// known: the leader lists the task, or the log of events has it, in this framework on this
	// agent and, as far as it says, in Mesos' own executor.
	known bool

	container string
	root      string // the directory of its files; "" until it is looked up
	shared    bool   // root is an executor's, and what is below its tasks/ may be other tasks'
}

// errBusySandboxes is the error of a request that did not get a slot in its time.
var errBusySandboxes = &promql.Error{Kind: promql.ErrorBusy, Sentence: "other requests are reading files of sandboxes: try again in some seconds"}

// enter waits for a slot; leave frees it.
func (s *Sandboxes) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s.Slots <- struct{}{}:
		return func() { <-s.Slots }, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, errBusySandboxes
		}
		return nil, ctx.Err()
	}
}

// find returns the task of a query: one that the leader lists, else one that the log of
// events knows.
func (s *Sandboxes) find(ctx context.Context, src Source, q *LogsQuery) (sandboxTask, error) {
	id, frameworkID := series.CutName(q.TaskID), series.CutName(q.FrameworkID)
	var found []sandboxTask
	model := s.Model()
	if model != nil {
		tasks := model.Tasks()
		for i := range tasks {
			t := &tasks[i]
			// An ID may be used again, on another agent.
			if t.ID == id && (frameworkID == "" || t.Framework.ID == frameworkID) && (q.AgentID == "" || t.Agent.ID == q.AgentID) {
				found = append(found, sandboxTask{
					ID: t.ID, Name: t.Name, Framework: t.Framework.Name, FrameworkID: t.Framework.ID,
					Agent: t.Agent.Hostname, AgentID: t.Agent.ID, Role: t.Role, State: t.State,
					known: t.ExecutorID == "",
				})
			}
		}
	}
	if len(found) == 0 && src.Events != nil {
		var err error
		if found, err = s.ended(ctx, src.Events, id, frameworkID, q.AgentID); err != nil {
			return sandboxTask{}, err
		}
	}
	if len(found) == 0 && q.AgentID != "" && frameworkID != "" {
		given := sandboxTask{ID: id, FrameworkID: frameworkID, AgentID: q.AgentID}
		if model != nil {
			if agent := model.Agent(q.AgentID); agent != nil {
				given.Agent = agent.Hostname
			}
			for _, f := range model.Frameworks {
				if f.ID == frameworkID {
					given.Framework = f.Name
				}
			}
		}
		return given, nil // its agent says whether it lists such a task
	}
	switch {
	case len(found) == 0:
		return sandboxTask{}, bad("taskId", "there is no task %q, and none is known that ended%s%s: choose one of the list, or set frameworkId and agentId of one that ended long ago", cut(q.TaskID), ofFramework(q.FrameworkID), onAgent(q.AgentID))
	case len(found) > 1:
		names := make([]string, 0, mostFrameworks+1)
		for _, t := range found[:min(len(found), mostFrameworks)] {
			names = append(names, t.frameworkNamed())
		}
		if len(found) > mostFrameworks {
			names = append(names, "others")
		}
		last := len(names) - 1
		return sandboxTask{}, bad("frameworkId", "is needed: the frameworks %s and %s have a task %q", strings.Join(names[:last], ", "), names[last], cut(q.TaskID))
	}
	return found[0], nil
}

// mostFrameworks is how many frameworks an error names.
const mostFrameworks = 4

// frameworkNamed returns the framework of a task, as an error names it.
func (t sandboxTask) frameworkNamed() string {
	if t.Framework == "" {
		return strconv.Quote(cut(t.FrameworkID))
	}
	return fmt.Sprintf("%q (%s)", cut(t.FrameworkID), cut(t.Framework))
}

// ended returns the latest run of a task in each framework that had one of its ID, as the
// log of events knows them. IDs of the framework and the agent may be "".
func (s *Sandboxes) ended(ctx context.Context, log events.Log, id, frameworkID, agentID string) ([]sandboxTask, error) {
	where := []events.Condition{{Field: events.FieldTaskID, Values: []string{id}}, {Field: events.FieldAgentID, Values: []string{""}, Not: true}}
	if agentID != "" {
		where = append(where, events.Condition{Field: events.FieldAgentID, Values: []string{agentID}})
	}
	of := []string{frameworkID}
	if frameworkID == "" {
		var err error
		if of, err = log.Values(ctx, events.Filter{Kinds: []events.Kind{events.KindTask}, Where: where}, events.FieldFrameworkID, mostFrameworks+1); err != nil {
			return nil, err
		}
	}
	var found []sandboxTask
	for _, framework := range of {
		latest, _, err := log.Select(ctx, events.Filter{
			Kinds: []events.Kind{events.KindTask}, Limit: 1,
			Where: append(slices.Clone(where), events.Condition{Field: events.FieldFrameworkID, Values: []string{framework}}),
		})
		if err != nil {
			return nil, err
		}
		for _, e := range latest {
			found = append(found, sandboxTask{
				ID: e.TaskID, Name: e.Task, Framework: e.Framework, FrameworkID: e.FrameworkID, Agent: e.Agent, AgentID: e.AgentID, Role: e.Role,
				known: true,
			})
		}
	}
	return found, nil
}

func ofFramework(id string) string {
	if id == "" {
		return ""
	}
	return " of the framework " + cut(id)
}

func onAgent(id string) string {
	if id == "" {
		return ""
	}
	return " on the agent " + cut(id)
}

// logName matches the files that may be read: what Mesos captures of a task, and what is
// named as logs are. Other files of a sandbox are what the task was given, and may be
// secrets.
var logName = regexp.MustCompile(`^(?:(?:stdout|stderr)(?:\.\d{1,4})?|[^/]+\.(?:log|out|err)(?:\.\d{1,4})?)$`)

// checkLogFile returns what is wrong with the name of a file: it must be below the sandbox,
// and that of a log.
func checkLogFile(name string) error {
	if name == "" {
		return nil
	}
	if len(name) > 1024 {
		return bad("file", "has %d bytes: 1024 are the most", len(name))
	}
	if strings.HasPrefix(name, "/") || path.Clean(name) != name || strings.ContainsAny(name, "\\\x00\r\n") {
		return bad("file", "%q is not the name of a file below the task's sandbox: write for example stderr or logs/server.log", cut(name))
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") { // .. too
			return bad("file", "%q is not the name of a file below the task's sandbox, or hidden there: write for example stderr or logs/server.log", cut(name))
		}
	}
	if !logName.MatchString(path.Base(name)) {
		return bad("file", "%q is not the name of a log: only stdout, stderr and files that end in .log, .out or .err are read, rotated ones too (stdout.1)", cut(name))
	}
	return nil
}

// A logFile is a file of a sandbox.
type logFile struct {
	mesos.File
	name string // below the sandbox
}

// groupTasks is the directory in that of an executor where the tasks of a group have theirs.
const groupTasks = "tasks"

// locate looks up where the files of a task are.
func (s *Sandboxes) locate(ctx context.Context, task *sandboxTask) error {
	sandbox, err := s.Files.Sandbox(ctx, task.AgentID, task.FrameworkID, task.ID, task.known)
	if err != nil {
		return err
	}
	root, shared := sandbox.Directory, sandbox.Group || sandbox.Latest
	if sandbox.Group && isPathName(task.ID) {
		own := path.Join(root, groupTasks, task.ID)
		if _, err := s.Files.Browse(ctx, task.AgentID, own); err == nil {
			root, shared = own, false
		} else if !mesos.Missing(err) {
			return err
		}
	}
	task.root, task.container, task.shared = root, sandbox.Container, shared
	return nil
}

// list returns the logs directly in a directory below the task's own, and the names of the
// directories there.
func (s *Sandboxes) list(ctx context.Context, task *sandboxTask, below string) (files []logFile, directories []string, err error) {
	if task.root == "" {
		if err := s.locate(ctx, task); err != nil {
			return nil, nil, err
		}
	}
	if task.shared && (below == groupTasks || strings.HasPrefix(below, groupTasks+"/")) {
		return nil, nil, nil
	}
	entries, err := s.Files.Browse(ctx, task.AgentID, path.Join(task.root, below))
	if mesos.Missing(err) && below != "" {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		// The path is made here: what the agent calls it decides on nothing.
		e.Path = path.Join(task.root, below, e.Name)
		switch {
		case e.Name == "" || strings.HasPrefix(e.Name, "."):
		case e.Regular() && logName.MatchString(e.Name):
			files = append(files, logFile{File: e, name: path.Join(below, e.Name)})
		case e.Directory() && !(task.shared && below == "" && e.Name == groupTasks):
			directories = append(directories, path.Join(below, e.Name))
		}
	}
	slices.SortFunc(files, func(a, b logFile) int { return cmp.Compare(a.name, b.name) })
	slices.Sort(directories)
	return files, directories, nil
}

// isPathName reports whether a task's ID can be the name of a directory.
func isPathName(id string) bool { return id != "." && id != ".." && !strings.ContainsAny(id, "/\x00") }

// rotation matches the name of a rotated file.
var rotation = regexp.MustCompile(`^(.*)\.(\d{1,4})$`)

// chain returns the file of a name and those that it was rotated to, the newest first:
// stdout, stdout.1, stdout.2.
func chain(files []logFile, name string) []logFile {
	at := make(map[string]int, len(files)) // a directory may have thousands
	for i, f := range files {
		at[f.name] = i
	}
	var found []logFile
	for n := 0; ; n++ {
		wanted := name
		if n > 0 {
			wanted = nextRotation(wanted, n)
		}
		i, ok := at[wanted]
		if !ok {
			return found
		}
		found = append(found, files[i])
	}
}

// newer returns the file of a name and those that were written after it, the oldest first:
// stdout.2, stdout.1, stdout.
func newer(files []logFile, name string) []logFile {
	at := make(map[string]int, len(files))
	for i, f := range files {
		at[f.name] = i
	}
	var found []logFile
	for {
		i, ok := at[name]
		if !ok {
			return found
		}
		found = append(found, files[i])
		parts := rotation.FindStringSubmatch(name)
		if parts == nil {
			return found
		}
		switch n, _ := strconv.Atoi(parts[2]); {
		case n > 1:
			name = parts[1] + "." + strconv.Itoa(n-1)
		default:
			name = parts[1]
		}
	}
}

// nextRotation returns the nth file that a file is rotated to.
func nextRotation(name string, n int) string {
	base, number := name, 0
	if parts := rotation.FindStringSubmatch(name); parts != nil {
		base = parts[1]
		for _, digit := range parts[2] {
			number = number*10 + int(digit-'0')
		}
	}
	return base + "." + strconv.Itoa(number+n)
}
