package main

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"slices"

	"github.com/hashicorp/go-hclog"
)

// server serves the part of Grafana's HTTP API that a data source's frontend
// uses, at Grafana's paths and with Grafana's JSON (grafana.com/docs/grafana/latest/developers/http_api).
type server struct {
	manifest manifest
	sources  *sources
	process  *process
	role     role // of everybody who asks
	rules    bool // whether a request may be a rule's
	log      hclog.Logger
}

// role is a user's role in the organization, as Grafana spells it.
type role string

const (
	viewer role = "Viewer"
	editor role = "Editor"
	admin  role = "Admin"
)

var roles = []role{viewer, editor, admin}

// atLeast answers everybody with a lesser role as Grafana does (pkg/services/accesscontrol).
func (s *server) atLeast(least role, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if slices.Index(roles, s.role) < slices.Index(roles, least) {
			writeMessage(w, http.StatusForbidden, "You'll need additional permissions to perform this action")
			return
		}
		next(w, r)
	}
}

func newServer(m manifest, all *sources, p *process, o options, log hclog.Logger) http.Handler {
	s := &server{manifest: m, sources: all, process: p, role: o.role, rules: o.rules, log: log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/user/orgs", s.listOrgs)
	// Everybody gets this list: the page has it in the place of Grafana's boot data.
	mux.HandleFunc("GET /api/datasources", s.listSources)
	mux.HandleFunc("GET /api/datasources/uid/{uid}", s.withSource(s.showSource))
	mux.HandleFunc("PUT /api/datasources/uid/{uid}", s.atLeast(admin, s.withSource(s.changeSource)))
	mux.HandleFunc("GET /api/datasources/uid/{uid}/health", s.withSource(s.health))
	mux.HandleFunc("/api/datasources/uid/{uid}/resources/{path...}", s.withSource(s.resource))
	mux.HandleFunc("POST /api/ds/query", s.query)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		writeMessage(w, http.StatusNotFound, "Not found")
	})
	mux.Handle("/public/plugins/"+m.ID+"/", http.StripPrefix("/public/plugins/"+m.ID, files(o.plugin)))
	if o.page != "" {
		mux.Handle("/", files(o.page))
	}
	return onlyLocal(mux)
}

// files serves a built directory. Nothing may be kept by the browser without
// asking: the next build has other content under the same names.
func files(dir string) http.Handler {
	served := http.FileServerFS(os.DirFS(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		served.ServeHTTP(w, r)
	})
}

// onlyLocal refuses requests that name another host. Listening on the loopback
// interface keeps other machines out; this keeps out web pages whose name was
// made to resolve to it.
func onlyLocal(next http.Handler) http.Handler {
	local := []string{"localhost", "127.0.0.1", "::1"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			name = r.Host
		}
		if !slices.Contains(local, name) {
			writeMessage(w, http.StatusForbidden, "The workbench answers to http://localhost only")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// withSource looks up the {uid} of the path; unknown ones get Grafana's 404.
func (s *server) withSource(next func(http.ResponseWriter, *http.Request, source)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found, ok := s.sources.find(r.PathValue("uid"))
		if !ok {
			writeMessage(w, http.StatusNotFound, "Data source not found")
			return
		}
		next(w, r, found)
	}
}

// listOrgs answers with the organization and the user's role in it.
func (s *server) listOrgs(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, []map[string]any{{"orgId": 1, "name": "Main Org.", "role": s.role}})
}

func (s *server) listSources(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.sources.all())
}

func (s *server) showSource(w http.ResponseWriter, _ *http.Request, one source) {
	writeJSON(w, http.StatusOK, one)
}

func (s *server) changeSource(w http.ResponseWriter, r *http.Request, one source) {
	if one.ReadOnly {
		writeMessage(w, http.StatusForbidden, "Cannot update read-only data source")
		return
	}
	var c change
	if err := readBody(w, r, &c); err != nil {
		writeMessage(w, http.StatusBadRequest, "bad request data")
		return
	}
	changed, err := s.sources.update(one.UID, c)
	switch {
	case errors.Is(err, errOldVersion):
		writeMessage(w, http.StatusConflict, "Datasource has already been updated by someone else. Please reload and try again")
	case err != nil:
		writeMessage(w, http.StatusNotFound, "Data source not found")
	default:
		writeJSON(w, http.StatusOK, map[string]any{
			"message": "Datasource updated", "id": changed.ID, "name": c.Name, "datasource": changed,
		})
	}
}

// maxBody is the limit of a request's body. Grafana has no limit of its own; a
// plugin's gRPC server refuses messages above 16 MiB.
const maxBody = 64 << 20

// readBody decodes a request's body, which must be sent as JSON (pkg/web/binding.go).
func readBody(w http.ResponseWriter, r *http.Request, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if kind != "application/json" {
		return errors.New("bad content type")
	}
	err = json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into)
	if errors.Is(err, io.EOF) { // no body at all
		return nil
	}
	return err
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"message":"Internal Server Error"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func writeMessage(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]string{"message": message})
}

// writePublic writes an error in the shape that Grafana gives to those it has an
// identifier for (pkg/apimachinery/errutil).
func writePublic(w http.ResponseWriter, status int, id, message string) {
	writeJSON(w, status, map[string]any{"message": message, "messageId": id, "statusCode": status, "traceID": ""})
}
