package plugin

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// The SDK reads its own keys of jsonData (TLS, time-outs, headers, proxy) with
// type assertions that panic (access, url, basicAuthUser, serverName, ...) or that
// ignore a value of the wrong type: then a time-out written as text means no
// time-out at all. So their types are checked before the SDK sees them.

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

// grafanaKeys are keys that Grafana itself or its config editors store with any
// data source; the plugin does not use them.
var grafanaKeys = []string{"pdcInjected", "oauthPassThru", "keepCookies", "authType", "manageAlerts", "pluginVersion"}

var httpHeaderName = regexp.MustCompile(`^httpHeaderName([1-9]\d*)$`)

// sdkCheck returns the check of a key that the SDK reads, and whether it is one.
func sdkCheck(key string) (func(json.RawMessage) error, bool) {
	kind, ok := sdkKeys[key]
	if httpHeaderName.MatchString(key) {
		kind, ok = sdkText, true
	}
	return kind.check, ok
}

func (kind sdkKind) check(raw json.RawMessage) error {
	var v any
	_ = json.Unmarshal(raw, &v) // it is valid: it was part of an object that was parsed
	switch kind {
	case sdkText:
		if _, ok := v.(string); !ok {
			return fmt.Errorf("%s is not text in quotes", short(raw))
		}
	case sdkSwitch:
		if _, ok := v.(bool); !ok {
			return fmt.Errorf("%s is not true or false", short(raw))
		}
	case sdkSeconds:
		const most = 24 * 60 * 60
		if n, ok := v.(float64); !ok || n < 0 || n > most {
			return fmt.Errorf("%s is not a number of seconds from 0 to %d: write for example 30, without quotes", short(raw), most)
		}
	case sdkCount:
		const most = 100_000
		if n, ok := v.(float64); !ok || n < 0 || n > most || n != float64(int(n)) {
			return fmt.Errorf("%s is not a whole number from 0 to %d", short(raw), most)
		}
	}
	return nil
}
