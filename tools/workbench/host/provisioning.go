package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"gopkg.in/yaml.v3"
)

// provisioned is one entry of a provisioning file, in the shape that Grafana
// documents (grafana.com/docs/grafana/latest/administration/provisioning,
// "Data sources"). Keys that no data source plugin sees are not read.
type provisioned struct {
	Name           string            `yaml:"name"`
	UID            string            `yaml:"uid"`
	Type           string            `yaml:"type"`
	Access         string            `yaml:"access"`
	URL            string            `yaml:"url"`
	User           string            `yaml:"user"`
	Database       string            `yaml:"database"`
	BasicAuth      bool              `yaml:"basicAuth"`
	BasicAuthUser  string            `yaml:"basicAuthUser"`
	IsDefault      bool              `yaml:"isDefault"`
	Editable       bool              `yaml:"editable"`
	JSONData       map[string]any    `yaml:"jsonData"`
	SecureJSONData map[string]string `yaml:"secureJsonData"`
}

type provisioningFile struct {
	APIVersion  int           `yaml:"apiVersion"`
	Datasources []provisioned `yaml:"datasources"`
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
	var root yaml.Node
	if err := yaml.Unmarshal(content, &root); err != nil {
		return nil, err
	}
	if err := expandNode(&root, env); err != nil {
		return nil, err
	}
	var file provisioningFile
	if err := root.Decode(&file); err != nil {
		return nil, err
	}
	if file.APIVersion != 1 {
		return nil, fmt.Errorf("apiVersion is %d, and only 1 is known", file.APIVersion)
	}
	return file.Datasources, nil
}

// add appends one data source; names and UIDs are unique, as in Grafana.
func (s *sources) add(p provisioned) error {
	if p.Name == "" {
		return errors.New("a data source has no name")
	}
	if p.UID == "" {
		p.UID = uidFromName(p.Name)
	}
	for _, other := range s.list {
		if other.UID == p.UID || other.Name == p.Name {
			return fmt.Errorf("data source %q (uid %s) is there twice", p.Name, p.UID)
		}
	}
	if p.JSONData == nil {
		p.JSONData = map[string]any{}
	}
	jsonData, err := json.Marshal(p.JSONData)
	if err != nil {
		return fmt.Errorf("jsonData of %q: %w", p.Name, err)
	}
	secrets := p.SecureJSONData
	if secrets == nil {
		secrets = map[string]string{}
	}
	s.list = append(s.list, source{
		ID: int64(len(s.list) + 1), UID: p.UID, Name: p.Name, Type: p.Type, Access: "proxy",
		URL: p.URL, User: p.User, Database: p.Database,
		BasicAuth: p.BasicAuth, BasicAuthUser: p.BasicAuthUser,
		IsDefault: p.IsDefault, ReadOnly: !p.Editable,
		JSONData: jsonData, secrets: secrets, Version: 1, updated: time.Now().Truncate(time.Second),
	})
	return nil
}

// uidFromName is the UID that Grafana gives to an entry without one
// (pkg/services/provisioning/datasources, safeUIDFromName).
func uidFromName(name string) string {
	sum := sha256.Sum256([]byte(name))
	return strings.ToUpper(fmt.Sprintf("P%x", sum[:8]))
}
