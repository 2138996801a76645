package main

import (
	"encoding/json"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/useragent"
)

// source is one data source. Its JSON is that of GET /api/datasources; fields
// without a JSON name (the secrets) are sent to the plugin only.
type source struct {
	ID               int64           `json:"id"`
	UID              string          `json:"uid"`
	OrgID            int64           `json:"orgId"`
	Name             string          `json:"name"`
	Type             string          `json:"type"`
	Access           string          `json:"access"`
	URL              string          `json:"url"`
	User             string          `json:"user"`
	Database         string          `json:"database"`
	BasicAuth        bool            `json:"basicAuth"`
	BasicAuthUser    string          `json:"basicAuthUser"`
	WithCredentials  bool            `json:"withCredentials"`
	IsDefault        bool            `json:"isDefault"`
	ReadOnly         bool            `json:"readOnly"`
	JSONData         json.RawMessage `json:"jsonData"`
	SecureJSONFields map[string]bool `json:"secureJsonFields,omitzero"`
	Version          int             `json:"version"`

	secrets map[string]string
	updated time.Time
}

// sources holds the data sources of the host. Changes are lost when it ends.
type sources struct {
	mu   sync.Mutex
	list []source
}

// all returns them as GET /api/datasources does: without the names of secrets.
func (s *sources) all() []source {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]source, len(s.list))
	for i, one := range s.list {
		one.OrgID = 1
		list[i] = one
	}
	return list
}

// find returns the data source with the UID. Its secret fields are named, not shown.
func (s *sources) find(uid string) (source, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(uid)
	if i < 0 {
		return source{}, false
	}
	found := s.list[i]
	found.OrgID = 1
	found.SecureJSONFields = map[string]bool{}
	for key := range found.secrets {
		found.SecureJSONFields[key] = true
	}
	return found, true
}

// change is the body of PUT /api/datasources/uid/<uid>, as Grafana's settings
// page sends it. A secret that is not sent is kept, an empty one is removed.
type change struct {
	Name           string            `json:"name"`
	URL            string            `json:"url"`
	User           string            `json:"user"`
	Database       string            `json:"database"`
	BasicAuth      bool              `json:"basicAuth"`
	BasicAuthUser  string            `json:"basicAuthUser"`
	JSONData       map[string]any    `json:"jsonData"`
	SecureJSONData map[string]string `json:"secureJsonData"`
}

// update applies a change and returns the new state; false: no such UID.
func (s *sources) update(uid string, c change) (source, bool) {
	s.mu.Lock()
	i := s.index(uid)
	if i < 0 {
		s.mu.Unlock()
		return source{}, false
	}
	one := &s.list[i]
	if c.Name != "" {
		one.Name = c.Name
	}
	one.URL, one.User, one.Database = c.URL, c.User, c.Database
	one.BasicAuth, one.BasicAuthUser = c.BasicAuth, c.BasicAuthUser
	if c.JSONData != nil {
		one.JSONData, _ = json.Marshal(c.JSONData) // It was decoded from JSON.
	}
	one.secrets = maps.Clone(one.secrets)
	for key, value := range c.SecureJSONData {
		if value == "" {
			delete(one.secrets, key)
		} else {
			one.secrets[key] = value
		}
	}
	one.Version++
	one.updated = time.Now().Truncate(time.Second) // Grafana keeps whole seconds.
	s.mu.Unlock()
	return s.find(uid)
}

func (s *sources) index(uid string) int {
	return slices.IndexFunc(s.list, func(one source) bool { return one.UID == uid })
}

// pluginContext returns what Grafana sends to a plugin with every request: the
// organization, the administrator, and the data source with its secrets.
func pluginContext(m manifest, one source, appURL string) backend.PluginContext {
	agent, _ := useragent.New(grafanaVersion, runtime.GOOS, runtime.GOARCH) // Nil only for a malformed version.
	return backend.PluginContext{
		OrgID:         1,
		PluginID:      m.ID,
		PluginVersion: m.Info.Version,
		Namespace:     "default",
		User:          &backend.User{Login: "admin", Name: "admin", Email: "admin@localhost", Role: "Admin"},
		UserAgent:     agent,
		GrafanaConfig: backend.NewGrafanaCfg(map[string]string{
			"GF_APP_URL":                               appURL,
			"GF_CONCURRENT_QUERY_COUNT":                strconv.Itoa(10),
			"GF_SQL_ROW_LIMIT":                         strconv.Itoa(1_000_000),
			"GF_SQL_MAX_OPEN_CONNS_DEFAULT":            strconv.Itoa(100),
			"GF_SQL_MAX_IDLE_CONNS_DEFAULT":            strconv.Itoa(100),
			"GF_SQL_MAX_CONN_LIFETIME_SECONDS_DEFAULT": strconv.Itoa(14400),
		}),
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID: one.ID, UID: one.UID, Type: one.Type, Name: one.Name,
			URL: one.URL, User: one.User, Database: one.Database,
			BasicAuthEnabled: one.BasicAuth, BasicAuthUser: one.BasicAuthUser,
			JSONData: one.JSONData, DecryptedSecureJSONData: one.secrets, Updated: one.updated,
		},
	}
}
