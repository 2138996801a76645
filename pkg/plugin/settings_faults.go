package plugin

import (
	"fmt"
	"regexp"
	"strings"

	"community-mesos-datasource/pkg/mesos"
)

// Some secrets cannot be what was meant, whatever the cluster thinks of them: what is
// left of a variable that is not set, a value with quotation marks around it, the name
// of a variable where nothing replaces it. No sentence has the value.

var (
	// scheme matches how the value of a header with credentials begins. DC/OS has
	// token=, Mesos' authenticator of JWTs has Bearer.
	scheme = regexp.MustCompile(`(?i)^(token=|(?:token|bearer|basic|digest|negotiate|apikey)(?:\s+|$))`)
	// variable matches the whole of what is the name of a variable. Names are in capitals,
	// or in braces: a password may begin with a dollar sign.
	variable = regexp.MustCompile(`^\$(\{\w+\}|[A-Z_][A-Z0-9_]*|__(env|file)\{.*\})$`)
)

// headerFault returns what is wrong with the value of a header with credentials, and
// what to do; "" where nothing is seen.
func headerFault(name, value string) string {
	value = strings.TrimSpace(value)
	if quoted(value) {
		return inQuotes
	}
	if rest, repeated := cutFold(value, name+":"); repeated && rest != "" {
		return fmt.Sprintf("begins with the name of the header: write what stands behind %s: alone", name)
	}
	begin := scheme.FindString(value)
	rest := value[len(begin):]
	switch {
	case begin != "" && rest == "":
		return fmt.Sprintf("has nothing behind %q, as where a variable of a provisioning file is not set: set it in the environment of Grafana's process, or write the token itself", strings.TrimSpace(begin))
	case begin != "" && quoted(rest):
		return inQuotes
	}
	return variableFault(rest)
}

// passwordFault is headerFault for a password. An empty one may be meant, and is a
// cause where it is not accepted.
func passwordFault(password string) string {
	switch {
	case password == "":
		return "is empty, as where a variable of a provisioning file is not set: set it in the environment of Grafana's process, or write the password itself; " + dollars
	case quoted(password):
		return inQuotes
	}
	return variableFault(password)
}

func variableFault(text string) string {
	if !variable.MatchString(text) {
		return ""
	}
	return "is the name of a variable, which Grafana replaces in provisioning files only, where a $ of a text is written $$: write the value itself"
}

const inQuotes = "has quotation marks around it that are sent with it: in a provisioning file write one pair of quotes or none, and on the settings page none"

// quoted reports whether a text has quotation marks around it.
func quoted(text string) bool {
	return len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0]
}

// cutFold is strings.CutPrefix without regard to case.
func cutFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return strings.TrimSpace(text[len(prefix):]), true
}

// authorizationOf returns the kind of credentials that a header Authorization has.
func authorizationOf(value string) mesos.Authorization {
	switch word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(value)), " "); {
	case strings.HasPrefix(word, "token="):
		return mesos.TokenOfDCOS
	case word == "bearer":
		return mesos.BearerToken
	case word == "basic":
		return mesos.UserAndPassword
	}
	return mesos.OtherAuthorization
}
