package mesos

import (
	"net/url"
	"regexp"
	"unicode/utf8"
)

// Values that must not be shown unchanged: secrets in flags, and links that are not
// http(s).

// Redacted stands for the value of a flag that may hold a secret.
const Redacted = "[redacted]"

// secretFlag matches the names of Mesos' flags whose values are, or may have in
// them, credentials (docs/configuration of Mesos: credential, credentials,
// jwt_secret_key, docker_config, modules with their parameters, environments of
// executors), and what modules and later versions may call so.
var secretFlag = regexp.MustCompile(`(?i)credential|secret|passw|token|(^|_)key($|_)|auth_?config|docker_config|modules|environment|digest`)

// redact replaces values in place. A user and password inside an address, as in
// --zk=zk://user:password@host, goes whatever the flag is called.
func redact(flags map[string]string) {
	for name, value := range flags {
		switch {
		case value == "":
		case secretFlag.MatchString(name), len(value) > longestText-utf8.UTFMax: // a secret may be cut in the middle
			flags[name] = Redacted
		default:
			flags[name] = userinfo.ReplaceAllString(value, "//"+Redacted+"@")
		}
	}
}

// safeLink is a link that may be shown as one: http or https, without
// credentials; else "". A framework writes what it likes.
func safeLink(link string) string {
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return ""
	}
	return link
}
