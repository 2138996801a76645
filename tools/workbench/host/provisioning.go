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
// Keys that no data source plugin sees are not read.
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
	IsDefault      *string           `yaml:"isDefault"`
	Editable       *string           `yaml:"editable"`
	JSONData       map[string]any    `yaml:"jsonData"`
	SecureJSONData map[string]string `yaml:"secureJsonData"`
}

// provisioned is one entry after its variables are expanded.
type provisioned struct {
	OrgID                                                       int64
	Name, UID, Type, Access, URL, User, Database, BasicAuthUser string
	BasicAuth, IsDefault, Editable                              bool
	JSONData                                                    map[string]any
	SecureJSONData                                              map[string]string
}

type provisioningFile struct {
	APIVersion  int64     `yaml:"apiVersion"`
	Datasources []written `yaml:"datasources"`
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
		BasicAuth: boolean("basicAuth", w.BasicAuth), IsDefault: boolean("isDefault", w.IsDefault), Editable: boolean("editable", w.Editable),
		JSONData: map[string]any{}, SecureJSONData: map[string]string{},
	}
	if org := text("orgId", w.OrgID); org != "" && err == nil {
		if p.OrgID, err = strconv.ParseInt(org, 10, 64); err != nil {
			err = fmt.Errorf("orgId: %q is not a number", org)
		}
	}
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
	defaults := 0
	for _, entry := range entries {
		if !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(entry.Name())) {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		list, err := readProvisioningFile(path, env)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		for _, p := range list {
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
			if err := all.add(p); err != nil {
				return nil, fmt.Errorf("reading %s: %w", path, err)
			}
		}
	}
	if len(all.list) == 0 {
		return nil, fmt.Errorf("reading %s: it has no data source of type %s", folder, pluginID)
	}
	return all, nil
}

func readProvisioningFile(path string, env lookup) ([]provisioned, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file provisioningFile
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	if file.APIVersion < 1 {
		return nil, fmt.Errorf("apiVersion is %d: the keys that Grafana reads then are others, and are not read here; write apiVersion: 1", file.APIVersion)
	}
	list := make([]provisioned, len(file.Datasources))
	for i, one := range file.Datasources {
		if list[i], err = one.expand(env); err != nil {
			return nil, fmt.Errorf("data source %q: %w", one.Name, err)
		}
	}
	return list, nil
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
		ID: int64(at + 1), UID: p.UID, Name: p.Name, Type: p.Type, Access: p.Access,
		URL: p.URL, User: p.User, Database: p.Database,
		BasicAuth: p.BasicAuth, BasicAuthUser: p.BasicAuthUser,
		IsDefault: p.IsDefault || at == 0, ReadOnly: !p.Editable,
		JSONData: jsonData, secrets: p.SecureJSONData, Version: 1, updated: time.Now().Truncate(time.Second),
	}
	s.list = append(s.list[:at], append([]source{made}, s.list[min(at+1, len(s.list)):]...)...)
	return nil
}

// uidFromName is the UID that Grafana gives to an entry without one
// (pkg/services/provisioning/datasources, safeUIDFromName).
func uidFromName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return strings.ToUpper(fmt.Sprintf("P%x", sum[:8]))
}
