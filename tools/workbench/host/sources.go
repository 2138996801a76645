package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
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
	for key, value := range found.secrets {
		if value != "" {
			found.SecureJSONFields[key] = true
		}
	}
	return found, true
}

// change is the body of PUT /api/datasources/uid/<uid>, as Grafana's settings
// page sends it. Of what is not sent, a secret is kept, jsonData is emptied.
type change struct {
	Name           string            `json:"name"`
	URL            string            `json:"url"`
	User           string            `json:"user"`
	Database       string            `json:"database"`
	BasicAuth      bool              `json:"basicAuth"`
	BasicAuthUser  string            `json:"basicAuthUser"`
	JSONData       map[string]any    `json:"jsonData"`
	SecureJSONData map[string]string `json:"secureJsonData"`
	Version        int               `json:"version"` // that was changed; 0: whichever
}

var (
	errUnknownUID = errors.New("no data source has this UID")
	errOldVersion = errors.New("a later version is stored")
)

// update applies a change and returns the new state. Grafana's store leaves columns
// that are empty out of an update, but for user and database
// (pkg/services/datasources/service/store.go).
func (s *sources) update(uid string, c change) (source, error) {
	s.mu.Lock()
	i := s.index(uid)
	if i < 0 {
		s.mu.Unlock()
		return source{}, errUnknownUID
	}
	one := &s.list[i]
	if c.Version != 0 && c.Version < one.Version {
		s.mu.Unlock()
		return source{}, errOldVersion
	}
	one.Name, one.URL, one.BasicAuthUser = cmp.Or(c.Name, one.Name), cmp.Or(c.URL, one.URL), cmp.Or(c.BasicAuthUser, one.BasicAuthUser)
	one.User, one.Database, one.BasicAuth = c.User, c.Database, c.BasicAuth
	if c.JSONData == nil {
		c.JSONData = map[string]any{}
	}
	one.JSONData, _ = json.Marshal(c.JSONData) // It was decoded from JSON.
	one.secrets = maps.Clone(one.secrets)
	maps.Copy(one.secrets, c.SecureJSONData) // an empty one is stored as that
	one.Version = c.Version + 1
	one.updated = time.Now().Truncate(time.Second) // Grafana keeps whole seconds.
	s.mu.Unlock()
	found, _ := s.find(uid)
	return found, nil
}

func (s *sources) index(uid string) int {
	return slices.IndexFunc(s.list, func(one source) bool { return one.UID == uid })
}

// pluginContext returns what Grafana sends to a plugin with every request: the
// organization, the user, and the data source with its secrets.
func (s *server) pluginContext(one source, r *http.Request) backend.PluginContext {
	login := strings.ToLower(string(s.role))
	agent, _ := useragent.New(grafanaVersion, runtime.GOOS, runtime.GOARCH) // Nil only for a malformed version.
	return backend.PluginContext{
		OrgID:         1,
		PluginID:      s.manifest.ID,
		PluginVersion: s.manifest.Info.Version,
		Namespace:     "default",
		User:          &backend.User{Login: login, Name: login, Email: login + "@localhost", Role: string(s.role)},
		UserAgent:     agent,
		GrafanaConfig: backend.NewGrafanaCfg(map[string]string{
			"GF_APP_URL":                               appURL(r),
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
