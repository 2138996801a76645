package mesos

import (
	"fmt"
	"net/http"
	"strings"
)

// Advice holds what the settings give the requests of a client, so that an error
// says what of it to change. It has no secret.
type Advice struct {
	// User is true where requests carry a user and password.
	User bool
	// Header names the secret with the value of the header Authorization, such as
	// httpHeaderValue1; "" where there is no such header.
	Header string
	// HeaderKind is what that value begins with, HeaderFault what is wrong with it and what
	// to do, without the value; "" where nothing is seen. PasswordFault is the same for the
	// password of User, which Password names, such as basicAuthPassword.
	HeaderKind              Authorization
	HeaderFault             string
	Password, PasswordFault string
	// CA is true where a CA certificate is used, UnusedCA where one is set and its
	// switch is off. The same goes for the client certificate.
	CA, UnusedCA                               bool
	ClientCertificate, UnusedClientCertificate bool
}

// Authorization is a kind of value of the header Authorization.
type Authorization int

// What a value of the header Authorization may begin with.
const (
	OtherAuthorization Authorization = iota
	TokenOfDCOS                      // token=
	BearerToken                      // Bearer
	UserAndPassword                  // Basic
)

// The settings that a sentence tells to change, as they are written.
const (
	caSetting     = "tlsCACert, with tlsAuthWithCACert"
	dollarsInYAML = "in a provisioning file $ is written $$, and a variable whose value has a $ as $NAME and not ${NAME}"
)

// unauthorized returns the sentence for a 401.
func (a Advice) unauthorized(target Target, path string, header http.Header) string {
	asks := strings.ToLower(strings.Join(header.Values("WWW-Authenticate"), ", "))
	dcos := strings.Contains(asks, "oauthjwt") || strings.Contains(asks, "acsjwt")
	refused := fmt.Sprintf("The %s at %s requires valid credentials for %s (401)", target.kind(), target.Address, path)
	user, token := "the user and password of a principal that this master knows, under basic authentication", "httpHeaderName1: Authorization with httpHeaderValue1: token=..."
	if target.agent {
		user, token = "agentBasicAuthUser and agentBasicAuthPassword", "agentHeaders: [Authorization] with agentHeaderValue1: token=..."
	}
	switch {
	case a.Header != "":
		return fmt.Sprintf("%s: %s (secureJsonData.%s).", refused, a.refusedHeader(asks, dcos), a.Header)
	case dcos:
		return fmt.Sprintf("%s: this is DC/OS, which requires a token. Set the header Authorization (%s).", refused, token)
	case strings.Contains(asks, "negotiate"):
		return fmt.Sprintf("%s, of Kerberos, which is not supported: allow basic authentication there.", refused)
	case a.User && a.PasswordFault != "":
		return fmt.Sprintf("%s: the user and password are not accepted, and the password %s (secureJsonData.%s).", refused, a.PasswordFault, a.Password)
	case a.User:
		return fmt.Sprintf("%s: the user and password are not accepted. Correct %s; %s.", refused, user, dollarsInYAML)
	case target.agent:
		return fmt.Sprintf("%s: none are set for agents, which have credentials of their own. Set %s, or a header (%s).", refused, user, token)
	}
	return fmt.Sprintf("%s: none are set. Set %s, or a header (DC/OS: %s).", refused, user, token)
}

// refusedHeader returns why a header Authorization is not accepted, and what to do. asks
// is what the response wants, in lower case.
func (a Advice) refusedHeader(asks string, dcos bool) string {
	switch bearer, basic := strings.Contains(asks, "bearer"), strings.Contains(asks, "basic"); {
	case a.HeaderFault != "":
		return a.headerFault()
	case dcos && a.HeaderKind != TokenOfDCOS:
		return "this is DC/OS, which requires a token behind token=, and the header Authorization begins with something else. Write token=..."
	case bearer && !basic && a.HeaderKind == TokenOfDCOS:
		return "a token behind Bearer is required, and that of the header Authorization is behind token=, as for DC/OS. Write Bearer ..."
	case basic && !bearer && !dcos && (a.HeaderKind == TokenOfDCOS || a.HeaderKind == BearerToken):
		return "a user and password are required, and the header Authorization has a token. Remove the header and set them under basic authentication (agentBasicAuthUser for agents), or write a token that is accepted"
	case a.HeaderKind == UserAndPassword:
		return "the user and password of the header Authorization are not accepted. Write them anew, or set them under basic authentication (agentBasicAuthUser for agents) in place of the header"
	}
	return "the token of the header Authorization is not accepted, since it has expired or is another cluster's. Write a new one"
}

// headerFault returns the sentence about a header whose value cannot be what was meant.
func (a Advice) headerFault() string { return "the header Authorization " + a.HeaderFault }

// forbidden returns the sentence for a 403 that is not of --firewall_rules.
func (a Advice) forbidden(target Target, page endpoint, html bool) string {
	refused := fmt.Sprintf("The %s at %s does not allow", target.kind(), target.Address)
	acls := fmt.Sprintf("allow it in the %s's ACLs (%s)", target.kind(), acl(page))
	switch {
	case a.Header != "" && a.HeaderFault != "":
		return fmt.Sprintf("%s to read %s (403): %s (secureJsonData.%s).", refused, page.path, a.headerFault(), a.Header)
	case a.Header != "":
		return fmt.Sprintf("%s what the token of the header Authorization stands for to read %s (403): give its account the right to, in DC/OS or by the %s's ACLs (%s), or write another token (secureJsonData.%s).",
			refused, page.path, target.kind(), acl(page), a.Header)
	case html:
		return fmt.Sprintf("Something before the %s at %s does not allow to read %s (403), with a web page as no Mesos sends: see the proxy or gateway on the way.", target.kind(), target.Address, page.path)
	case a.User:
		return fmt.Sprintf("%s this principal to read %s (403): %s.", refused, page.path, acls)
	}
	return fmt.Sprintf("%s anybody without credentials to read %s (403): set those of a principal, or %s.", refused, page.path, acls)
}

// webPage returns what to do where a web page answers in place of Mesos.
func (a Advice) webPage(target Target) string {
	switch {
	case a.Header != "" && a.HeaderFault != "":
		return fmt.Sprintf("this is another web server, or a login, and %s (secureJsonData.%s).", a.headerFault(), a.Header)
	case target.agent && a.Header != "":
		return fmt.Sprintf("this is another web server, or a login that does not accept the token of the header Authorization. Check agentAddress, and write a new token (secureJsonData.%s).", a.Header)
	case target.agent:
		return "this is another web server, or a login before the agents. Check agentAddress; for DC/OS write https://dcos.example/agent/{id} with a token (agentHeaders: [Authorization], agentHeaderValue1: token=...)."
	case a.Header != "":
		return fmt.Sprintf("this is another web server, or a login that does not accept the token of the header Authorization. Write the masters' own addresses, or for DC/OS https://dcos.example/mesos, and a new token (secureJsonData.%s).", a.Header)
	}
	return "this is another web server, or a login before Mesos. Write the masters' own addresses, or for DC/OS https://dcos.example/mesos with a token (httpHeaderName1: Authorization, httpHeaderValue1: token=...)."
}

// login returns what to do where a login answers.
func (a Advice) login(target Target) string {
	switch {
	case a.Header != "" && a.HeaderFault != "":
		return fmt.Sprintf("%s (secureJsonData.%s)", a.headerFault(), a.Header)
	case a.Header != "":
		return fmt.Sprintf("it does not accept the token of the header Authorization: write a new one (secureJsonData.%s)", a.Header)
	case target.agent:
		return "write the agents' own addresses (agentAddress), or a token (agentHeaders: [Authorization], agentHeaderValue1: token=... of DC/OS)"
	}
	return "write the masters' own addresses, or a token (httpHeaderName1: Authorization, httpHeaderValue1: token=... of DC/OS)"
}
