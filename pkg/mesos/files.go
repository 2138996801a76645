package mesos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"community-mesos-datasource/pkg/series"
)

// Files of sandboxes, as an agent serves them: /state says where the sandbox of a task is,
// /files/browse lists a directory, /files/read answers a part of a file. An agent reads
// nothing outside of the sandboxes, also where a link in one leads out of it
// (FilesProcess::resolve of Mesos' src/files/files.cpp). A name that a user wrote is checked
// by its caller all the same.

// MaxRead is the most bytes that an agent answers at once (16 pages).
const MaxRead = 64 << 10

var (
	agentStatePage = endpoint{path: "/state", old: "/state.json", limit: 128 << 20}
	browsePage     = endpoint{path: "/files/browse", old: "/files/browse.json", limit: 4 << 20, named: true}
	readPage       = endpoint{path: "/files/read", old: "/files/read.json", limit: 1 << 20, named: true}
)

// A Sandbox is where a task's files are.
type Sandbox struct {
	Directory string // absolute: on the agent's machine, or a virtual one of the agent
	Container string // ID of the executor's container, or of the task where the agent no longer lists it
	// Group: the task may have a directory of its own below the executor's, tasks/<task ID>,
	// as Mesos' default executor makes it.
	Group bool
	// Latest: the agent no longer lists the task. The directory is that of the latest run of
	// an executor with the task's ID.
	Latest bool
}

// A File is an entry of a directory.
type File struct {
	Path     string // absolute
	Name     string // the last part of Path
	Size     int64
	Modified float64 // Unix seconds
	Mode     string  // as of ls -l: -rw-r--r--
	// Odd is what the agent says of its size or last write and what cannot be: the size 1e+300.
	// Size and Modified are 0 then.
	Odd string
}

// The largest size that a number of JSON has exactly, and the first and last second of the
// years that times are written in.
const (
	maxFileSize = 1 << 53
	firstSecond = -62_167_219_200 // 0000-01-01
	lastSecond  = 253_402_300_799 // 9999-12-31
)

// checked returns a file without a size and a last write that cannot be.
func (f File) checked(size, modified float64) File {
	switch {
	case !(size >= 0 && size <= maxFileSize):
		f.Odd = fmt.Sprintf("the size %v", size)
	case !(modified >= firstSecond && modified <= lastSecond):
		f.Odd = fmt.Sprintf("its last write %v seconds after 1970", modified)
	default:
		f.Size, f.Modified = int64(size), modified
	}
	return f
}

// Regular reports whether it is a file, not a directory, link or device.
func (f File) Regular() bool { return strings.HasPrefix(f.Mode, "-") }

// Directory reports whether it is a directory.
func (f File) Directory() bool { return strings.HasPrefix(f.Mode, "d") }

// A Part is a part of a file.
type Part struct {
	Data []byte
	// Offset is that of the first byte. Behind the end of the file it is the size of the file
	// before Mesos 1.1, and what was asked for since.
	Offset int64
}

// Missing reports whether an error is an agent's answer that it has no such file, or that it
// lists no such task.
func Missing(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.missing
}

// Sandbox returns where the files of a task are that an agent runs or ran. An agent lists the
// last 150 executors of a framework that ended (--max_completed_executors_per_framework),
// which a crash loop fills within the hour, and keeps their files for longer (--gc_delay, a
// week). The files of a task that it no longer lists are at a virtual path with the ID of the
// executor, which is that of the task where Mesos' own executor ran it alone.
//
// That path has the files of any executor, and access_sandboxes alone opens it. It is used
// only for a task that the caller knows to have run in that framework on that agent, and only
// where the agent shows tasks of the framework: an agent leaves out of its /state, with status
// 200, what the principal may not view (view_frameworks, view_executors, view_tasks).
func (a *Agents) Sandbox(ctx context.Context, id, frameworkID, taskID string, known bool) (Sandbox, error) {
	state, err := ofAgent(ctx, a, id, agentStatePage, func(ctx context.Context, target Target) (*agentState, error) {
		state := &agentState{}
		_, err := a.get(ctx, target, agentStatePage, state)
		return state, err
	})
	if err != nil {
		return Sandbox{}, err
	}
	// Of several runs with the same ID it is the latest: one that runs, else the one that ended
	// last, which Mesos lists last.
	shown, other := false, false // a task of the framework; an executor with the ID and without the task
	for _, f := range latestFirst(state.Frameworks, state.CompletedFrameworks) {
		if f.ID != frameworkID {
			continue
		}
		for _, e := range latestFirst(f.Executors, f.CompletedExecutors) {
			directory, has, named := string(e.Directory), e.has(taskID), series.CutName(e.ID) == taskID
			if has && strings.HasPrefix(directory, "/") {
				group := e.Type == "DEFAULT" || e.Type != "CUSTOM" && !named
				return Sandbox{Directory: strings.TrimRight(directory, "/"), Container: e.Container, Group: group}, nil
			}
			shown = shown || len(e.Tasks)+len(e.Queued)+len(e.Completed) > 0
			other = other || has != named
		}
	}
	directory := latestRun(frameworkID, taskID)
	switch {
	case !known:
		return Sandbox{}, unlisted(id, taskID, "neither the leader nor the event log has a task of that ID that ran alone in Mesos' own executor, in that framework on that agent: "+
			"files that an agent keeps and does not list are looked for only of such a task")
	case other:
		return Sandbox{}, unlisted(id, taskID, "its files cannot be told from those of others: the agent lists an executor of that ID without the task, or the task in another executor")
	case !shown: // filtered, or not to be told from that
		return Sandbox{}, unlisted(id, taskID, "the agent shows no task of its framework, so that its files are not looked for: those that ran there ended long ago or before the agent was started, "+
			"or the principal may not view them ("+acl(agentStatePage)+" in the agent's ACLs)")
	case directory != "":
		_, err := a.Browse(ctx, id, directory)
		if err == nil {
			return Sandbox{Directory: directory, Container: taskID, Latest: true}, nil
		}
		if !Missing(err) {
			return Sandbox{}, err
		}
	}
	return Sandbox{}, unlisted(id, taskID, "the agent has no files of it: it deletes them some time after the end (--gc_delay), and all of them with its work_dir")
}

// unlisted returns the error of a task that an agent does not list, and why its files are not
// found all the same.
func unlisted(id, taskID, why string) error {
	return &Error{Category: NotMesos, missing: true, Sentence: fmt.Sprintf("The agent %q does not list the task %q (any more), and %s.", shorten(id), shorten(taskID), why)}
}

// latestRun returns the virtual path of the latest sandbox of an executor
// (paths::getExecutorVirtualPath of src/slave/paths.cpp), which agents of Mesos 1.12 have and
// those of 1.4 do not; "" where an ID cannot be a part of one.
func latestRun(frameworkID, executorID string) string {
	for _, id := range []string{frameworkID, executorID} {
		if id == "" || id == "." || id == ".." || strings.ContainsAny(id, "/\x00") {
			return ""
		}
	}
	return "/frameworks/" + frameworkID + "/executors/" + executorID + "/runs/latest"
}

// latestFirst returns what runs, then what ended, the last first. The lists are shared by all
// who wait for the answer, and remain as they are.
func latestFirst[T any](running, ended []T) []T {
	all := slices.Concat(running, ended)
	slices.Reverse(all[len(running):])
	return all
}

// Browse lists a directory of an agent.
func (a *Agents) Browse(ctx context.Context, id, directory string) ([]File, error) {
	page := browsePage
	page.query = url.Values{"path": {directory}}.Encode()
	return ofAgent(ctx, a, id, page, func(ctx context.Context, target Target) ([]File, error) {
		var listed directoryList
		if _, err := a.get(ctx, target, page, &listed); err != nil {
			return nil, err
		}
		files := make([]File, 0, len(listed))
		for _, f := range listed {
			path := string(f.Path)
			files = append(files, File{Path: path, Name: path[strings.LastIndexByte(path, '/')+1:], Mode: f.Mode}.checked(f.Size, f.Modified))
		}
		return files, nil
	})
}

// Read returns the part of a file from an offset on, at most length and MaxRead bytes. The
// part is empty at the end of the file.
func (a *Agents) Read(ctx context.Context, id, path string, offset, length int64) (Part, error) {
	page := readPage
	page.query = url.Values{"path": {path}, "offset": {strconv.FormatInt(offset, 10)}, "length": {strconv.FormatInt(min(length, MaxRead), 10)}}.Encode()
	return ofAgent(ctx, a, id, page, func(ctx context.Context, target Target) (Part, error) {
		var answer struct {
			Data   rawText `json:"data"`
			Offset int64   `json:"offset"`
		}
		if _, err := a.get(ctx, target, page, &answer); err != nil {
			return Part{}, err
		}
		if int64(len(answer.Data)) > min(length, MaxRead) {
			answer.Data = answer.Data[:min(length, MaxRead)]
		}
		return Part{Data: []byte(answer.Data), Offset: answer.Offset}, nil
	})
}

// Size returns the size of a file.
func (a *Agents) Size(ctx context.Context, id, path string) (int64, error) {
	part, err := a.Read(ctx, id, path, -1, 0)
	return part.Offset, err
}

// agentState is what of an agent's /state says where sandboxes are.
type agentState struct {
	Frameworks          []agentFramework `json:"frameworks"`
	CompletedFrameworks []agentFramework `json:"completed_frameworks"`
}

type agentFramework struct {
	ID                 string          `json:"id"`
	Executors          []agentExecutor `json:"executors"`
	CompletedExecutors []agentExecutor `json:"completed_executors"`
}

type agentExecutor struct {
	ID        string      `json:"id"`
	Container string      `json:"container"`
	Directory rawText     `json:"directory"`
	Type      string      `json:"type"`
	Tasks     []agentTask `json:"tasks"`
	Queued    []agentTask `json:"queued_tasks"`
	Completed []agentTask `json:"completed_tasks"`
}

type agentTask struct {
	ID string `json:"id"`
}

// has reports whether a task ran in the executor. IDs are compared as the model has them: cut.
func (e agentExecutor) has(taskID string) bool {
	is := func(t agentTask) bool { return series.CutName(t.ID) == taskID }
	return slices.ContainsFunc(e.Tasks, is) || slices.ContainsFunc(e.Queued, is) || slices.ContainsFunc(e.Completed, is)
}

type directoryList []struct {
	Path     rawText `json:"path"`
	Size     float64 `json:"size"`
	Modified float64 `json:"mtime"`
	Mode     string  `json:"mode"`
}

// rawText is a JSON string that is not cut and whose bytes are kept, as Mesos writes the
// bytes of a file as they are, whether they are UTF-8 or not.
type rawText []byte

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *rawText) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	if value.Kind() != '"' {
		return &json.SemanticError{JSONKind: value.Kind(), Err: errors.New("no string")}
	}
	*t, err = bytesOf(value[1 : len(value)-1])
	return err
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// bytesOf undoes the escapes of what is between the quotes of a JSON string.
func bytesOf(text []byte) ([]byte, error) {
	found := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			found = append(found, text[i])
			continue
		}
		i++
		if i == len(text) {
			return nil, io.ErrUnexpectedEOF
		}
		if text[i] != 'u' {
			found = append(found, escapes[text[i]])
			continue
		}
		r, ok := hexRune(text, i+1)
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		i += 4
		if utf16.IsSurrogate(r) && i+2 < len(text) && text[i+1] == '\\' && text[i+2] == 'u' {
			if low, ok := hexRune(text, i+3); ok {
				r = utf16.DecodeRune(r, low)
				i += 6
			}
		}
		found = utf8.AppendRune(found, r)
	}
	return found, nil
}

func hexRune(text []byte, at int) (rune, bool) {
	if at+4 > len(text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[at:at+4]), 16, 32)
	return rune(n), err == nil
}

// NewMissing returns an error of which Missing is true.
func NewMissing(sentence string) error {
	return &Error{Category: NotMesos, Sentence: sentence, missing: true}
}
