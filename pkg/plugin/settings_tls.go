package plugin

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

// Certificates and keys are texts of secureJsonData. Provisioning files and variables
// damage their line ends, and Grafana ignores them without the switch that belongs to
// each.

// The secrets with certificates and keys, and the switches of jsonData that make the
// SDK read them.
const (
	caCert, clientCert, clientKey = "tlsCACert", "tlsClientCert", "tlsClientKey"
	caSwitch, clientSwitch        = "tlsAuthWithCACert", "tlsAuth"
)

// readsCertificates reports whether the SDK reads certificates, keys and the server
// name, which it does with either switch.
func (s *Settings) readsCertificates() bool { return s.isOn(caSwitch) || s.isOn(clientSwitch) }

// checkTLS checks certificates and keys, and warns of those that are not used.
func (s *Settings) checkTLS(secrets map[string]string) (problems []error) {
	if !s.readsCertificates() {
		s.warnOfUnusedTLS(secrets)
		return nil
	}
	for _, key := range []string{caCert, clientCert, clientKey} {
		if why := pemProblem(secrets[key], key == clientKey); why != "" {
			problems = append(problems, fmt.Errorf("%s %s (secureJsonData.%s)", key, why, key))
		}
	}
	hasCert, hasKey := secrets[clientCert] != "", secrets[clientKey] != ""
	switch {
	case hasCert && !hasKey:
		problems = append(problems, fmt.Errorf("%s is missing, the key that belongs to %s: set both, or none (secureJsonData.%s)", clientKey, clientCert, clientKey))
	case hasKey && !hasCert:
		problems = append(problems, fmt.Errorf("%s is missing, the certificate that belongs to %s: set both, or none (secureJsonData.%s)", clientCert, clientKey, clientCert))
	case !hasCert && s.isOn(clientSwitch):
		s.warn("%s is on, and no client certificate is sent: %s and %s are missing (secureJsonData.%s)", clientSwitch, clientCert, clientKey, clientCert)
	case hasCert && len(problems) == 0:
		if _, err := tls.X509KeyPair([]byte(secrets[clientCert]), []byte(secrets[clientKey])); err != nil {
			problems = append(problems, fmt.Errorf("%s does not belong to %s: set the key with which the certificate was made (secureJsonData.%s)", clientKey, clientCert, clientKey))
		}
	}
	if s.isOn(caSwitch) && secrets[caCert] == "" {
		s.warn("%s is on and %s is missing: the authorities that Grafana's server knows are used (secureJsonData.%s)", caSwitch, caCert, caCert)
	}
	return problems
}

// warnOfUnusedTLS warns of what the SDK does not read without a switch.
func (s *Settings) warnOfUnusedTLS(secrets map[string]string) {
	if secrets[caCert] != "" {
		s.warn("%s is set and does nothing: %s", caCert, switchOn(caSwitch))
	}
	for _, key := range []string{clientCert, clientKey} {
		if secrets[key] != "" {
			s.warn("%s is set and does nothing: %s", key, switchOn(clientSwitch))
		}
	}
	if s.sdk["serverName"] != nil {
		s.warn("serverName is set and does nothing: Grafana reads it with %s or %s only (jsonData.%s)", caSwitch, clientSwitch, caSwitch)
	}
}

// switchOn returns what to do so that the SDK reads a certificate.
func switchOn(key string) string {
	label := map[string]string{caSwitch: "Add self-signed certificate", clientSwitch: "TLS client authentication"}[key]
	return fmt.Sprintf(`set %s to true, "%s" on the settings page (jsonData.%s)`, key, label, key)
}

// pemProblem returns why a text cannot be used as a certificate, or as a private key;
// "" if it can, or is empty. It never has the text in it.
func pemProblem(text string, key bool) string {
	const asBlock = "write it as a block in the provisioning file (a | behind the key, and each line below it), or as $__file{/path/to/file.pem}"
	what, begin := "certificate", "-----BEGIN CERTIFICATE-----"
	if key {
		what, begin = "private key", "-----BEGIN PRIVATE KEY-----"
	}
	trimmed := strings.TrimSpace(text)
	block, rest := pem.Decode([]byte(text))
	switch {
	case trimmed == "":
		return ""
	case strings.Contains(text, `\n`):
		return `has \n as two characters, which are no line ends: ` + asBlock
	case block == nil && !strings.Contains(text, "-----BEGIN "):
		if !strings.ContainsAny(trimmed, "\n ") && (strings.HasPrefix(trimmed, "/") && strings.Contains(trimmed, ".") || strings.HasSuffix(trimmed, ".pem") || strings.HasSuffix(trimmed, ".crt") || strings.HasSuffix(trimmed, ".key")) {
			return "is the path of a file, and its content belongs here: in a provisioning file write $__file{/path/to/file.pem}"
		}
		return fmt.Sprintf("is not a %s in PEM, which begins with %s", what, begin)
	case block == nil && !strings.Contains(trimmed, "\n"):
		return "is on one line, and PEM has line ends: " + asBlock
	case block == nil:
		return fmt.Sprintf("is not complete: it must have each line at its margin, from %s to the end: %s", begin, asBlock)
	}
	var types []string
	for ; block != nil; block, rest = pem.Decode(rest) {
		types = append(types, block.Type)
		switch {
		case key && (block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")):
			return "is encrypted with a passphrase, which Grafana cannot ask for: write the key without it"
		case key && strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return ""
		case !key && block.Type == "CERTIFICATE":
			if _, err := x509.ParseCertificate(block.Bytes); err != nil {
				return "has a certificate that cannot be read: copy it again"
			}
			return ""
		}
	}
	return fmt.Sprintf("is %s, and a %s belongs here, which begins with %s", strings.Join(types, ", "), what, begin)
}
