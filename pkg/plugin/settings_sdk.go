package plugin

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
)

// The SDK reads its own keys of jsonData (TLS, time-outs, headers, proxy) with
// type assertions that panic (access, url, basicAuthUser, serverName, ...) or that
// ignore a value of the wrong type: then a time-out written as text means no
// time-out at all. So the SDK gets the values in the types that it expects.

type sdkKind int

const (
	sdkText sdkKind = iota
	sdkSwitch
	sdkSeconds
	sdkCount
)

// sdkKeys are the keys that the SDK reads (backend/http_settings.go,
// backend/common.go and backend/proxy of the SDK v0.298.0), by the JSON type it
// expects.
var sdkKeys = map[string]sdkKind{
	"access": sdkText, "url": sdkText, "basicAuth": sdkSwitch, "basicAuthUser": sdkText, "serverName": sdkText,
	"timeout": sdkSeconds, "dialTimeout": sdkSeconds, "httpKeepAlive": sdkSeconds, "keepAlive": sdkSeconds,
	"httpTLSHandshakeTimeout": sdkSeconds, "httpExpectContinueTimeout": sdkSeconds, "httpIdleConnTimeout": sdkSeconds,
	"httpMaxConnsPerHost": sdkCount, "httpMaxIdleConns": sdkCount, "httpMaxIdleConnsPerHost": sdkCount,
	"tlsAuth": sdkSwitch, "tlsAuthWithCACert": sdkSwitch, "tlsSkipVerify": sdkSwitch,
	"enableSecureSocksProxy": sdkSwitch, "secureSocksProxyUsername": sdkText,
	"sigV4Auth": sdkSwitch, "sigV4Region": sdkText, "sigV4AssumeRoleArn": sdkText, "sigV4AuthType": sdkText,
	"sigV4ExternalId": sdkText, "sigV4Profile": sdkText,
}

// proxyKey is a key that Grafana's data source proxy adds to the settings that it keeps in memory
// for some seconds after a request (httpClientOptions in its pkg/services/datasources/service).
const proxyKey = "grafanaData"

// grafanaKeys are keys that Grafana itself or its config editors store with any
// data source; the plugin does not use them.
var grafanaKeys = []string{"pdcInjected", "oauthPassThru", "keepCookies", "authType", "manageAlerts", "pluginVersion", proxyKey}

var httpHeaderName = regexp.MustCompile(`^httpHeaderName([1-9]\d*)$`)

// sdkKindOf returns what the SDK reads a key as, and whether it reads it.
func sdkKindOf(key string) (sdkKind, bool) {
	if httpHeaderName.MatchString(key) {
		return sdkText, true
	}
	kind, ok := sdkKeys[key]
	return kind, ok
}

// read returns a value in the type that the SDK expects; nil for one that is not set:
// the SDK's default holds then.
func (kind sdkKind) read(raw json.RawMessage) (any, error) {
	if isUnset(raw) {
		return nil, nil
	}
	switch kind {
	case sdkSwitch:
		return readSwitch(raw)
	case sdkSeconds:
		return readSeconds(raw)
	case sdkCount:
		const most = 100_000
		n, err := readNumber(raw)
		if err != nil || n < 0 || n > most || n != float64(int(n)) {
			return nil, fmt.Errorf("%s is not a whole number from 0 to %d", short(raw), most)
		}
		return int(n), nil
	}
	return readText(raw)
}

// readSeconds returns a number of seconds, which may be written as a duration.
func readSeconds(raw json.RawMessage) (any, error) {
	const most = 24 * 60 * 60
	n, err := readNumber(raw)
	if err != nil {
		text, _ := written(raw)
		var d time.Duration
		if d, err = gtime.ParseDuration(text); text != "" {
			n = d.Seconds()
		}
	}
	if err != nil || n < 0 || n > most || n > 0 && n < 1 { // the SDK cuts to whole seconds, and 0 is without end
		return nil, fmt.Errorf("%s is not a number of seconds from 0 to %d: write for example 30", short(raw), most)
	}
	return n, nil
}

// forSDK returns jsonData with the keys of the SDK in the types that it expects, and
// without those that are not set, and secureJsonData without those that are empty: the
// SDK would send a header without a value. It stops at the first number that no header
// has, so headers are numbered without gaps: the settings page leaves one where a header
// was removed, since it cannot move the stored values of the others.
func (s *Settings) forSDK(jsonData json.RawMessage, secrets map[string]string) (json.RawMessage, map[string]string) {
	var keys map[string]any
	_ = json.Unmarshal(jsonData, &keys) // ParseSettings returned the error
	for key := range keys {
		if _, ok := sdkKindOf(key); ok {
			delete(keys, key)
		}
	}
	secure := maps.Clone(secrets)
	maps.DeleteFunc(secure, func(key, value string) bool { return value == "" || httpHeaderValue.MatchString(key) })
	var numbers []int
	for key, value := range s.sdk {
		if number := httpHeaderName.FindStringSubmatch(key); number == nil {
			keys[key] = value
		} else if n, err := strconv.Atoi(number[1]); err == nil && value != "" && secrets["httpHeaderValue"+number[1]] != "" {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		from, to := strconv.Itoa(n), strconv.Itoa(i+1)
		keys["httpHeaderName"+to] = s.sdk["httpHeaderName"+from]
		secure["httpHeaderValue"+to] = secrets["httpHeaderValue"+from]
	}
	typed, _ := json.Marshal(keys) // it was decoded from JSON
	return typed, secure
}
