package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"gopkg.in/yaml.v3"
)

// written is one entry of a provisioning file as it is written, in the shape that
// Grafana documents (grafana.com/docs/grafana/latest/administration/provisioning,
// "Data sources"). Every scalar is read as text first, since it may be a variable.
// Keys that neither a plugin nor whether Grafana starts depends on are not read.
type written struct {
	OrgID          string            `yaml:"orgId"`
	Name           string            `yaml:"name"`
	UID            string            `yaml:"uid"`
	Type           string            `yaml:"type"`
	Access         string            `yaml:"access"`
	URL            string            `yaml:"url"`
	User           string            `yaml:"user"`
	Database       string            `yaml:"database"`
	BasicAuth      *string           `yaml:"basicAuth"`
	BasicAuthUser  string            `yaml:"basicAuthUser"`
	Credentials    *string           `yaml:"withCredentials"`
	IsDefault      *string           `yaml:"isDefault"`
	Editable       *string           `yaml:"editable"`
	Version        string            `yaml:"version"`
	JSONData       map[string]any    `yaml:"jsonData"`
	SecureJSONData map[string]string `yaml:"secureJsonData"`
}

// writtenBefore is one entry of a file without apiVersion, or with apiVersion: 0. Grafana
// reads other keys there, expands no variables, and knows no uid: the keys of today mean
// nothing in such a file, so that a data source without jsonData comes of them.
type writtenBefore struct {
	OrgID          int64             `yaml:"org_id"`
	Name           string            `yaml:"name"`
	Type           string            `yaml:"type"`
	Access         string            `yaml:"access"`
	URL            string            `yaml:"url"`
	User           string            `yaml:"user"`
	Database       string            `yaml:"database"`
	BasicAuth      bool              `yaml:"basic_auth"`
	BasicAuthUser  string            `yaml:"basic_auth_user"`
	Credentials    bool              `yaml:"with_credentials"`
	IsDefault      bool              `yaml:"is_default"`
	Editable       bool              `yaml:"editable"`
	JSONData       map[string]any    `yaml:"json_data"`
	SecureJSONData map[string]string `yaml:"secure_json_data"`
}

// provisioned is one entry after its variables are expanded.
type provisioned struct {
	OrgID                                                       int64
	Name, UID, Type, Access, URL, User, Database, BasicAuthUser string
	BasicAuth, WithCredentials, IsDefault, Editable             bool
	JSONData                                                    map[string]any
	SecureJSONData                                              map[string]string
}

// deletion is an entry of deleteDatasources.
type deletion struct {
	Name  string `yaml:"name"`
	OrgID string `yaml:"orgId"`
}

// provisioningFile is a file as it is written. prune is for what earlier files have left
// in a database, which the host has not.
type provisioningFile struct {
	Delete      []deletion `yaml:"deleteDatasources"`
	Prune       *bool      `yaml:"prune"`
	Datasources []written  `yaml:"datasources"`
}

type provisioningFileBefore struct {
	Delete []struct {
		Name  string `yaml:"name"`
		OrgID int64  `yaml:"org_id"`
	} `yaml:"delete_datasources"`
	Datasources []writtenBefore `yaml:"datasources"`
}

// fileContent is what a file does: first it deletes, by name, then it adds.
type fileContent struct {
	deletes []string
	adds    []provisioned
}

// expand expands the variables of an entry. What Grafana would not start with is an
// error, such as basicAuth with a variable that is not set.
func (w written) expand(env lookup) (p provisioned, err error) {
	text := func(key, value string) (expanded string) {
		if err == nil {
			if expanded, err = expandText(value, env); err != nil {
				err = fmt.Errorf("%s: %w", key, err)
			}
		}
		return expanded
	}
	boolean := func(key string, value *string) (b bool) {
		if value == nil { // absent, or without a value
			return false
		}
		if expanded := text(key, *value); err == nil {
			if b, err = strconv.ParseBool(expanded); err != nil {
				err = fmt.Errorf("%s: %q is not true or false", key, expanded)
			}
		}
		return b
	}
	p = provisioned{
		Name: text("name", w.Name), UID: text("uid", w.UID), Type: text("type", w.Type), Access: text("access", w.Access),
		URL: text("url", w.URL), User: text("user", w.User), Database: text("database", w.Database), BasicAuthUser: text("basicAuthUser", w.BasicAuthUser),
		BasicAuth: boolean("basicAuth", w.BasicAuth), WithCredentials: boolean("withCredentials", w.Credentials),
		IsDefault: boolean("isDefault", w.IsDefault), Editable: boolean("editable", w.Editable),
		JSONData: map[string]any{}, SecureJSONData: map[string]string{},
	}
	number := func(key, value string) (n int64) {
		if expanded := text(key, value); expanded != "" && err == nil {
			if n, err = strconv.ParseInt(expanded, 10, 64); err != nil {
				err = fmt.Errorf("%s: %q is not a number", key, expanded)
			}
		}
		return n
	}
	p.OrgID = number("orgId", w.OrgID)
	number("version", w.Version) // Grafana reads it, and counts versions by itself.
	for key, value := range w.JSONData {
		if err == nil {
			if p.JSONData[key], err = expandValue(value, env); err != nil {
				err = fmt.Errorf("jsonData.%s: %w", key, err)
			}
		}
	}
	for key, value := range w.SecureJSONData {
		p.SecureJSONData[key] = text("secureJsonData."+key, value)
	}
	return p, err
}

// readProvisioning reads <dir>/datasources/*.yaml and .yml (or those right in dir
// when it has no such folder) in the order of their names and returns the data
// sources of the given plugin; others are named in the log and left out. A broken
// file is an error, as it is for Grafana.
func readProvisioning(dir, pluginID string, env lookup, log hclog.Logger) (*sources, error) {
	folder := filepath.Join(dir, "datasources")
	if _, err := os.Stat(folder); err != nil {
		folder = dir
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("reading provisioning: %w", err)
	}
	all := &sources{}
	defaults, found := 0, false
	for _, entry := range entries {
		if !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(entry.Name())) {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		file, err := readProvisioningFile(path, env, log)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		for _, name := range file.deletes {
			all.remove(name)
		}
		for _, p := range file.adds {
			if p.IsDefault {
				defaults++
			}
			if defaults > 1 {
				return nil, fmt.Errorf("reading %s: %q is the second data source with isDefault, and only one may be", path, p.Name)
			}
			if p.Type != pluginID {
				log.Warn("A data source of another plugin is left out.", "name", p.Name, "type", p.Type)
				continue
			}
			found = true
			if err := all.add(p); err != nil {
				return nil, fmt.Errorf("reading %s: %w", path, err)
			}
		}
	}
	switch {
	case found && len(all.list) == 0:
		return nil, fmt.Errorf("reading %s: deleteDatasources of a later file deletes each data source of type %s", folder, pluginID)
	case !found:
		return nil, fmt.Errorf("reading %s: it has no data source of type %s", folder, pluginID)
	}
	return all, nil
}

func readProvisioningFile(path string, env lookup, log hclog.Logger) (content fileContent, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return content, err
	}
	var version struct {
		APIVersion int64 `yaml:"apiVersion"`
	}
	if err := yaml.Unmarshal(text, &version); err != nil {
		return content, err
	}
	if version.APIVersion < 1 {
		log.Warn("The provisioning file has no apiVersion: its keys are those of old (json_data, basic_auth), no others are read, and no variables are expanded. Write apiVersion: 1.", "file", path)
		return readFileBefore(text)
	}
	var file provisioningFile
	if err := yaml.Unmarshal(text, &file); err != nil {
		return content, err
	}
	for _, d := range file.Delete {
		name, err := expandText(d.Name, env)
		if err != nil {
			return content, fmt.Errorf("deleteDatasources: %w", err)
		}
		org, err := expandText(d.OrgID, env)
		if err != nil {
			return content, fmt.Errorf("deleteDatasources: %w", err)
		}
		if n, err := strconv.ParseInt(org, 10, 64); org != "" && err != nil {
			return content, fmt.Errorf("deleteDatasources: orgId: %q is not a number", org)
		} else if n <= 1 {
			content.deletes = append(content.deletes, name)
		}
	}
	for _, one := range file.Datasources {
		expanded, err := one.expand(env)
		if err != nil {
			return content, fmt.Errorf("data source %q: %w", one.Name, err)
		}
		content.adds = append(content.adds, expanded)
	}
	return content, nil
}

// readFileBefore reads a file without apiVersion.
func readFileBefore(text []byte) (content fileContent, err error) {
	var file provisioningFileBefore
	if err := yaml.Unmarshal(text, &file); err != nil {
		return content, err
	}
	for _, d := range file.Delete {
		if d.OrgID <= 1 {
			content.deletes = append(content.deletes, d.Name)
		}
	}
	for _, w := range file.Datasources {
		p := provisioned{
			OrgID: w.OrgID, Name: w.Name, Type: w.Type, Access: w.Access, URL: w.URL, User: w.User, Database: w.Database,
			BasicAuth: w.BasicAuth, BasicAuthUser: w.BasicAuthUser, WithCredentials: w.Credentials, IsDefault: w.IsDefault, Editable: w.Editable,
			JSONData: w.JSONData, SecureJSONData: w.SecureJSONData,
		}
		if p.JSONData == nil {
			p.JSONData = map[string]any{}
		}
		if p.SecureJSONData == nil {
			p.SecureJSONData = map[string]string{}
		}
		content.adds = append(content.adds, p)
	}
	return content, nil
}

// Bounds of Grafana (pkg/services/datasources/service, pkg/util/shortid_generator.go).
const (
	longestName = 190
	longestURL  = 255
	longestUID  = 40
)

var validUID = regexp.MustCompile(`^[a-zA-Z0-9_-]*$`)

// add adds one data source, as Grafana does to an empty database. One that is there
// under its name already is replaced; its UID stays.
func (s *sources) add(p provisioned) error {
	if p.UID == "" {
		p.UID = uidFromName(p.Name)
	}
	switch {
	case p.Name == "":
		return errors.New("a data source has no name")
	case len(p.Name) > longestName:
		return fmt.Errorf("the name of data source %q is longer than %d", p.Name, longestName)
	case len(p.URL) > longestURL:
		return fmt.Errorf("the url of data source %q is longer than %d", p.Name, longestURL)
	case len(p.UID) > longestUID || !validUID.MatchString(p.UID):
		return fmt.Errorf("the uid %q of data source %q is not one: it has letters, digits, - and _, %d at most", p.UID, p.Name, longestUID)
	case p.OrgID > 1 || p.OrgID < 0:
		return fmt.Errorf("data source %q is for organization %d, and there is only 1", p.Name, p.OrgID)
	}
	at := len(s.list)
	for i, other := range s.list {
		switch {
		case other.Name == p.Name && other.UID == p.UID:
			at = i
		case other.Name == p.Name || other.UID == p.UID:
			return fmt.Errorf("data source %q (uid %s) is there twice, as %q (uid %s)", p.Name, p.UID, other.Name, other.UID)
		}
	}
	if p.Access != "direct" {
		p.Access = "proxy"
	}
	if p.IsDefault {
		for i := range s.list {
			s.list[i].IsDefault = false
		}
	}
	jsonData, err := json.Marshal(p.JSONData)
	if err != nil {
		return fmt.Errorf("jsonData of %q: %w", p.Name, err)
	}
	made := source{
		ID: s.idAt(at), UID: p.UID, Name: p.Name, Type: p.Type, Access: p.Access,
		URL: p.URL, User: p.User, Database: p.Database,
		BasicAuth: p.BasicAuth, BasicAuthUser: p.BasicAuthUser, WithCredentials: p.WithCredentials,
		IsDefault: p.IsDefault || at == 0, ReadOnly: !p.Editable,
		JSONData: jsonData, secrets: p.SecureJSONData, Version: 1, updated: time.Now().Truncate(time.Second),
	}
	s.list = append(s.list[:at], append([]source{made}, s.list[min(at+1, len(s.list)):]...)...)
	return nil
}

// idAt returns the ID of the data source at a place of the list, or of a new one behind it.
func (s *sources) idAt(at int) int64 {
	if at < len(s.list) {
		return s.list[at].ID
	}
	id := int64(0)
	for _, one := range s.list {
		id = max(id, one.ID)
	}
	return id + 1
}

// remove removes the data source with a name, where there is one.
func (s *sources) remove(name string) {
	s.list = slices.DeleteFunc(s.list, func(one source) bool { return one.Name == name })
}

// uidFromName is the UID that Grafana gives to an entry without one
// (pkg/services/provisioning/datasources, safeUIDFromName).
func uidFromName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return strings.ToUpper(fmt.Sprintf("P%x", sum[:8]))
}
