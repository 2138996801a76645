package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
		PluginContext: backend.ToProto().PluginContext(s.pluginContext(one, r)),
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
			writeMessage(w, http.StatusInternalServerError, "Failed to unmarshal detailed response from backend plugin")
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

// neverForwarded are headers that stay between browser and Grafana: what
// authenticates, what belongs to one connection, and what a proxy sets anew
// (pkg/plugins/manager/client/client.go, pkg/util/proxyutil, GetAuthHTTPHeaders).
var neverForwarded = []string{
	"Cookie", "Set-Cookie", "Authorization", "X-Grafana-Device-Id",
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
	"Origin", "Referer", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto",
}

// forwarded returns the headers of a request that a plugin gets.
func forwarded(r *http.Request) http.Header {
	headers := r.Header.Clone()
	for _, names := range r.Header["Connection"] {
		for _, name := range strings.Split(names, ",") {
			headers.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range neverForwarded {
		headers.Del(name)
	}
	headers.Set("X-Grafana-Referer", r.Header.Get("Referer"))
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		headers.Set("X-Forwarded-For", strings.TrimPrefix(r.Header.Get("X-Forwarded-For")+", "+host, ", "))
	}
	return headers
}

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
	path := r.PathValue("path")
	stream, err := services.resource.CallResource(r.Context(), backend.ToProto().CallResourceRequest(&backend.CallResourceRequest{
		PluginContext: s.pluginContext(one, r),
		Path:          path,
		Method:        r.Method,
		URL:           (&url.URL{Path: path, RawQuery: r.URL.RawQuery}).String(),
		Headers:       forwarded(r),
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

// writeHead writes status and headers of a plugin's answer, with scripts disabled
// and a content type, as in Grafana.
func writeHead(w http.ResponseWriter, part *pluginv2.CallResourceResponse) {
	for name, values := range part.Headers {
		if slices.Contains(neverReturned, http.CanonicalHeaderKey(name)) {
			continue
		}
		for _, value := range values.Values {
			w.Header().Add(name, value)
		}
	}
	w.Header().Set("Content-Security-Policy", "sandbox")
	if w.Header().Get("Content-Type") == "" && part.Code != http.StatusNoContent {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(int(part.Code))
}

// neverReturned are headers of a plugin's answer that the browser does not get.
var neverReturned = []string{
	"Set-Cookie", "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
}
