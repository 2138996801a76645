package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/display"
)

// Keys that are misspelled, or in the wrong one of the three places of a data source:
// beside jsonData (basicAuth, basicAuthUser), in jsonData, in secureJsonData. Grafana
// stores whatever is written there, and nothing reads it.

// beside are the keys of a data source that are not in jsonData.
var beside = []string{
	"access", "basicAuth", "basicAuthUser", "database", "editable", "isDefault", "name", "orgId", "type", "uid", "url", "user", "version", "withCredentials",
}

// secretKeys are the keys of secureJsonData that the plugin and the SDK read. Numbered
// ones stand for all numbers.
var secretKeys = []string{
	"agentBasicAuthPassword", "agentHeaderValue1", "basicAuthPassword", "httpHeaderValue1", "password", "secureSocksProxyPassword",
	remotePassword, remoteToken, remoteCA, "sigV4AccessKey", "sigV4SecretKey", "sigV4SessionToken", caCert, clientCert, clientKey, "zkDigest",
}

// otherNames are what other data sources and tools call settings of this one.
var otherNames = map[string]string{
	"token": "httpHeaderValue1", "apitoken": "httpHeaderValue1", "apikey": "httpHeaderValue1", "bearertoken": "httpHeaderValue1",
	"authtoken": "httpHeaderValue1", "dcostoken": "httpHeaderValue1", "authorization": "httpHeaderValue1",
	"host": "masters", "hosts": "masters", "address": "masters", "addresses": "masters", "zk": "masters", "zookeeper": "masters", "leader": "masters",
	"interval": "pollInterval", "cluster": "clusterName", "cacert": caCert, "insecureskipverify": "tlsSkipVerify", "skiptlsverify": "tlsSkipVerify",
	"user": "basicAuthUser", "username": "basicAuthUser",
}

var numbered = regexp.MustCompile(`[1-9]\d*$`)

func isSecretKey(key string) bool {
	return slices.Contains(secretKeys, key) || numbered.MatchString(key) && slices.Contains(secretKeys, numbered.ReplaceAllString(key, "1"))
}

// jsonKeys returns the keys of jsonData that the plugin and the SDK read, sorted.
func jsonKeys() []string {
	keys := slices.Concat([]string{"httpHeaderName1"}, slices.Collect(maps.Keys(settings)), slices.Collect(maps.Keys(sdkKeys)))
	slices.Sort(keys)
	return keys
}

// meant returns the setting that a key nobody reads probably stands for, "" for none.
func meant(key string) string {
	const longest = 100 // no key is longer, and each comparison takes its length
	if len(key) > longest {
		return ""
	}
	if near := display.Similar(key, slices.Concat(secretKeys, jsonKeys(), []string{"basicAuth", "basicAuthUser"})); near != "" {
		return near
	}
	return otherNames[strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(key))]
}

// placeOf returns where a setting belongs.
func placeOf(key string) string {
	switch {
	case isSecretKey(key):
		return "secureJsonData"
	case slices.Contains(beside, key):
		return "beside jsonData"
	}
	return "jsonData"
}

// likeMasters reports whether a key of jsonData was probably meant as masters.
func likeMasters(key string) bool {
	_, read := settings[key]
	return !read && (meant(key) == "masters" || key == "url")
}

// readUnknown warns of a key of jsonData that nothing reads. It is an error where the
// key is probably a secret.
func (s *Settings) readUnknown(key string, raw json.RawMessage) error {
	if slices.Contains(grafanaKeys, key) || isUnset(raw) && slices.Contains(beside, key) {
		return nil
	}
	near := meant(key)
	switch {
	case key == "jsonData" || key == "secureJsonData":
		if key == "jsonData" {
			s.warn("jsonData is in jsonData and does nothing there: write its keys one level up (jsonData.jsonData)")
			return nil
		}
		return errors.New("secureJsonData is in jsonData, which everyone who may query this data source can read: move it beside jsonData, and change the secrets")
	case isSecretKey(key): // a certificate, which is no secret
		s.warn("%s is in jsonData and does nothing there: write it in secureJsonData (secureJsonData.%s)", key, key)
	case isSecret(near) || isSecret(numbered.ReplaceAllString(key, "1")):
		return fmt.Errorf("%q is not a setting of this data source, and probably a secret, which everyone who may query the data source could read in jsonData: write it as %s in secureJsonData, and change it", key, near)
	case slices.Contains(beside, key):
		s.warn("%s is in jsonData and does nothing there: it belongs beside jsonData (jsonData.%s)", key, key)
	default:
		s.warn("%q is not a setting of this data source and does nothing%s (jsonData.%s)", key, meaning(near, "jsonData"), key)
	}
	return nil
}

// warnOfMisplaced warns of keys of jsonData that the SDK reads, or would, and that belong
// elsewhere.
func (s *Settings) warnOfMisplaced(ds backend.DataSourceInstanceSettings) {
	if s.sdk["url"] != nil {
		s.warn("url is in jsonData and does nothing there: write the masters' addresses into masters (jsonData.url)")
	}
	if s.sdk["access"] != nil && s.sdk["access"] != "proxy" {
		s.warn("access is in jsonData and does nothing there: it belongs beside jsonData (jsonData.access)")
	}
	user, on := s.sdk["basicAuthUser"], s.isOn("basicAuth")
	switch elsewhere := ds.BasicAuthEnabled || ds.User != ""; {
	case on && !elsewhere:
		s.warn("basicAuth is in jsonData, where it is used and Grafana's settings page does not show it: write basicAuth and basicAuthUser beside jsonData (jsonData.basicAuth)")
	case user != nil && elsewhere:
		s.warn("basicAuthUser is in jsonData and does nothing there: write it beside jsonData, as basicAuth is (jsonData.basicAuthUser)")
	case user != nil:
		s.warn("basicAuthUser is in jsonData and does nothing there: write it beside jsonData, with basicAuth: true (jsonData.basicAuthUser)")
	}
}

// warnOfUnknownSecrets warns of keys of secureJsonData that nothing reads.
func (s *Settings) warnOfUnknownSecrets(secrets map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(secrets)) {
		switch {
		case secrets[key] == "" || isSecretKey(key):
		case slices.Contains(beside, key):
			s.warn("%s is in secureJsonData and does nothing there: write it beside jsonData (secureJsonData.%s)", key, key)
		case slices.Contains(jsonKeys(), key) || httpHeaderName.MatchString(key):
			s.warn("%s is in secureJsonData and does nothing there: write it in jsonData (secureJsonData.%s)", key, key)
		default:
			s.warn("%q is not a secret of this data source and does nothing%s (secureJsonData.%s)", key, meaning(meant(key), "secureJsonData"), key)
		}
	}
}

// meaning returns the setting that was probably meant, and its place where that is
// another one than in.
func meaning(near, in string) string {
	if near == "" {
		return ""
	}
	place := ""
	if of := placeOf(near); of == "beside jsonData" {
		place = ", " + of
	} else if of != in {
		place = " in " + of
	}
	with := ""
	if near == "httpHeaderValue1" {
		with = " with httpHeaderName1: Authorization in jsonData"
	}
	return fmt.Sprintf(": did you mean %s%s%s?", near, place, with)
}
