package main

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// health answers GET .../health with {message, status, details}; anything but OK
// is HTTP 400, as in Grafana.
func (s *server) health(w http.ResponseWriter, r *http.Request, one source) {
	services, err := s.process.get()
	if err != nil {
		s.failed(w, r.Context(), "check health", err)
		return
	}
	response, err := services.diagnostics.CheckHealth(r.Context(), &pluginv2.CheckHealthRequest{
		PluginContext: backend.ToProto().PluginContext(pluginContext(s.manifest, one, appURL(r))),
	})
	if err != nil {
		s.failed(w, r.Context(), "check health", err)
		return
	}
	result := backend.FromProto().CheckHealthResponse(response)
	payload := map[string]any{"status": result.Status.String(), "message": result.Message}
	if len(result.JSONDetails) > 0 {
		var details map[string]any
		if err := json.Unmarshal(result.JSONDetails, &details); err != nil {
			s.failed(w, r.Context(), "read health details", err)
			return
		}
		payload["details"] = details
	}
	status := http.StatusOK
	if result.Status != backend.HealthStatusOk {
		status = http.StatusBadRequest
	}
	writeJSON(w, status, payload)
}

// neverForwarded are request headers that stay between browser and Grafana.
var neverForwarded = []string{"Cookie", "Authorization", "Connection", "Keep-Alive", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// resource passes any method on .../resources/<path> to the plugin and streams
// its answer back. The plugin sees the path below resources/, without a slash.
func (s *server) resource(w http.ResponseWriter, r *http.Request, one source) {
	services, err := s.process.get()
	if err != nil {
		s.failed(w, r.Context(), "call resource", err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeMessage(w, http.StatusRequestEntityTooLarge, "request body is too large")
		return
	}
	headers := maps.Clone(map[string][]string(r.Header))
	for _, name := range neverForwarded {
		delete(headers, name)
	}
	path := r.PathValue("path")
	stream, err := services.resource.CallResource(r.Context(), backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{
		PluginContext: pluginContext(s.manifest, one, appURL(r)),
		Path:          path,
		Method:        r.Method,
		URL:           (&url.URL{Path: path, RawQuery: r.URL.RawQuery}).String(),
		Headers:       headers,
		Body:          body,
	}))
	if err != nil {
		s.failed(w, r.Context(), "call resource", err)
		return
	}
	s.copyAnswer(w, r, stream)
}

// copyAnswer writes the parts of a plugin's answer as they come; the first one
// carries status and headers.
func (s *server) copyAnswer(w http.ResponseWriter, r *http.Request, stream pluginv2.Resource_CallResourceClient) {
	for parts := 0; ; parts++ {
		part, err := stream.Recv()
		switch {
		case err == nil:
		case parts == 0:
			s.failed(w, r.Context(), "call resource", err)
			return
		case errors.Is(err, io.EOF):
			return
		default:
			s.log.Error("The plugin broke off its answer.", "path", r.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // so that the browser does not take a part for the whole
		}
		if parts == 0 {
			writeHead(w, part)
		}
		if _, err := w.Write(part.Body); err != nil {
			return // the browser has disconnected
		}
		_ = http.NewResponseController(w).Flush()
	}
}

// writeHead writes status and headers of a plugin's answer. Without
// cookies, and with scripts disabled, as in Grafana.
func writeHead(w http.ResponseWriter, part *pluginv2.CallResourceResponse) {
	for name, values := range part.Headers {
		if http.CanonicalHeaderKey(name) == "Set-Cookie" {
			continue
		}
		for _, value := range values.Values {
			w.Header().Add(name, value)
		}
	}
	w.Header().Set("Content-Security-Policy", "sandbox")
	w.WriteHeader(int(part.Code))
}
