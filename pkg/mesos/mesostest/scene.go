package mesostest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// Scene names recorded answers: all of a directory of the recordings, or those
// whose file names begin with one of the prefixes, for directories that hold
// several moments ("leader-", "noleader-" in 14-ha).
type Scene struct {
	Name   string
	Prefix []string
}

// Step is one moment of 04-series: n from 0 to 76, five seconds apart. Only
// /metrics/snapshot, /state and /monitor/statistics were recorded there; lay
// another scene under it for the rest.
func Step(n int) Scene {
	return Scene{Name: series, Prefix: []string{fmt.Sprintf("%03d-", n)}}
}

const series = "04-series"

// recording is one recorded answer.
type recording struct {
	file    string
	host    string
	method  string
	path    string            // with its query string
	asked   map[string]string // request headers
	status  int               // 0: the connection was refused
	header  http.Header
	body    []byte
	encoded bool // the body is as it was served, compressed
}

// row is a line of manifest.jsonl.
type row struct {
	File       string            `json:"file"`
	Host       string            `json:"host"`
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	ReqHeaders map[string]string `json:"req_headers"`
	Status     any               `json:"status"` // a number, or the error
	Scene      string            `json:"scene"`
}

// load reads the recordings of a scene.
func load(captures fs.FS, scene Scene) ([]recording, error) {
	rows, err := rowsOf(captures, scene)
	if err != nil {
		return nil, err
	}
	var found []recording
	for _, row := range rows {
		r, err := read(captures, row)
		if err != nil {
			return nil, fmt.Errorf("reading recording %s: %w", row.File, err)
		}
		found = append(found, r)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no recordings of scene %s with prefix %q", scene.Name, scene.Prefix)
	}
	return found, nil
}

func (s Scene) has(file string) bool {
	if len(s.Prefix) == 0 {
		return true
	}
	return slices.ContainsFunc(s.Prefix, func(prefix string) bool {
		return strings.HasPrefix(path.Base(file), prefix)
	})
}

func rowsOf(captures fs.FS, scene Scene) ([]row, error) {
	if scene.Name == series {
		return seriesRows(captures, scene)
	}
	file, err := captures.Open("manifest.jsonl")
	if err != nil {
		return nil, fmt.Errorf("opening the index of recordings: %w", err)
	}
	defer file.Close()
	var rows []row
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("reading the index of recordings: %w", err)
		}
		if r.Scene == scene.Name && strings.HasPrefix(r.Path, "/") && scene.has(r.File) {
			rows = append(rows, r)
		}
	}
	return rows, lines.Err()
}

// seriesRows makes rows for 04-series, which has no index but its file names:
// NNN-master-state.json.gz, NNN-agent1-metrics.json.gz.
func seriesRows(captures fs.FS, scene Scene) ([]row, error) {
	entries, err := fs.ReadDir(captures, series)
	if err != nil {
		return nil, fmt.Errorf("listing the recordings of %s: %w", series, err)
	}
	hosts := map[string]string{"master": Master, "agent1": "127.0.0.1:5051", "agent2": "127.0.0.1:5052", "agent3": "127.0.0.1:5053"}
	pages := map[string]string{"metrics": "/metrics/snapshot", "state": "/state", "statistics": "/monitor/statistics"}
	var rows []row
	for _, entry := range entries {
		name, isAnswer := strings.CutSuffix(entry.Name(), ".json.gz")
		parts := strings.Split(name, "-")
		if !isAnswer || len(parts) != 3 || !scene.has(entry.Name()) {
			continue
		}
		rows = append(rows, row{
			File: series + "/" + entry.Name(), Host: hosts[parts[1]], Method: http.MethodGet, Path: pages[parts[2]], Status: float64(http.StatusOK),
		})
	}
	return rows, nil
}

func read(captures fs.FS, row row) (recording, error) {
	r := recording{file: row.File, host: row.Host, method: row.Method, path: row.Path, asked: row.ReqHeaders}
	if status, ok := row.Status.(float64); ok {
		r.status = int(status)
	}
	var err error
	if r.header, err = headers(captures, row.File); err != nil || r.status == 0 {
		return r, err
	}
	body, err := fs.ReadFile(captures, row.File)
	if err != nil {
		return r, err
	}
	switch {
	case strings.HasSuffix(row.File, ".headers"): // an answer without a body
	case strings.HasSuffix(row.File, ".gz-as-served"):
		r.body, r.encoded = body, true
	case strings.HasSuffix(row.File, ".gz"):
		unzipped, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return r, err
		}
		if r.body, err = io.ReadAll(unzipped); err != nil {
			return r, err
		}
	default:
		r.body = body
	}
	return r, nil
}

// served are the recorded headers that are part of the answer; lengths and
// encodings are created again.
var served = []string{"Content-Type", "Date", "Location", "WWW-Authenticate"}

// headers reads the recorded response headers of an answer: NAME.headers beside
// NAME.json.gz. 04-series has none.
func headers(captures fs.FS, file string) (http.Header, error) {
	header := http.Header{}
	if path.Dir(file) == series {
		header.Set("Content-Type", "application/json")
		return header, nil
	}
	name := strings.TrimSuffix(strings.TrimSuffix(file, ".gz-as-served"), ".gz")
	name = strings.TrimSuffix(name, path.Ext(name)) + ".headers"
	text, err := fs.ReadFile(captures, name)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok && slices.ContainsFunc(served, func(s string) bool { return strings.EqualFold(s, key) }) {
			header.Set(key, value)
		}
	}
	return header, nil
}

// choose picks the recording that answers a request: the same method, path and
// query; among those the one whose recorded request headers fit best. An
// Authorization that was not recorded gets what was answered to none.
func choose(recordings []recording, host string, r *http.Request) *recording {
	var best *recording
	bestFit := -1
	for i := range recordings {
		c := &recordings[i]
		if c.host != host || c.method != r.Method || c.path != r.URL.RequestURI() {
			continue
		}
		fit := 1
		for key, value := range c.asked {
			switch {
			case r.Header.Get(key) == value:
				fit++
			case key == "Authorization":
				fit = -1
			default:
				fit = 0
			}
			if fit <= 0 {
				break
			}
		}
		if fit > bestFit {
			best, bestFit = c, fit
		}
	}
	return best
}

// accepts reports whether the client asked for gzip.
func accepts(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(q), "q="), 64)
		if name == "gzip" && (q == "" || err != nil || weight > 0) {
			return true
		}
	}
	return false
}
