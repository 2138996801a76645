package mesos

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// What is wrong with TLS, and what to do. Names of certificates are shown: they are
// public, and the operator compares them with the address.

// tls returns what is wrong with TLS and what to do, "" if an error is not of TLS.
func (a Advice) tls(target Target, err error) string {
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return a.unknownAuthority(e)
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok && e.Certificate != nil {
		return otherHost(target, e)
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return invalid(e)
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate could not be verified (" + cause(e.Err) + "); make it anew"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		if target.agent {
			return "it speaks plain http; write http:// in agentAddress, or switch TLS on in the agent (LIBPROCESS_SSL_ENABLED)"
		}
		return "it speaks plain http; write http:// in its address (where ZooKeeper names the masters: switch the TLS settings off), or switch TLS on in the master (LIBPROCESS_SSL_ENABLED)"
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "server selected unsupported protocol version"):
		return "it speaks TLS 1.0 or 1.1 only, which is not safe; allow TLS 1.2 there (LIBPROCESS_SSL_ENABLE_TLS_V1_2=true)"
	case strings.Contains(text, "failed to parse certificate from server"):
		return "its certificate cannot be read (" + cause(err) + "); make it anew"
	// A TLS record where an HTTP status line was expected.
	case strings.Contains(text, `malformed HTTP response "\x15\x03`):
		return httpToHTTPS(target)
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok || strings.Contains(text, "remote error: tls:") {
		return a.alert(target, cause(err))
	}
	return ""
}

// unknownAuthority returns the sentence for a certificate that no known authority
// signed.
func (a Advice) unknownAuthority(e x509.UnknownAuthorityError) string {
	cert, issuer := e.Cert, "an authority"
	selfSigned := false
	if cert != nil {
		issuer = shorten(fmt.Sprintf("%q", cert.Issuer.String()))
		selfSigned = cert.Issuer.String() == cert.Subject.String()
	}
	switch {
	case a.UnusedCA:
		return fmt.Sprintf("its certificate is signed by %s, which is not known here, and the CA certificate that is set is not used: set tlsAuthWithCACert to true (jsonData.tlsAuthWithCACert)", issuer)
	case a.CA && strings.Contains(e.Error(), "possibly because of"):
		return fmt.Sprintf("its certificate is signed by %s, and the CA certificate of that name that is set did not sign it, or is not one of an authority (CA:TRUE); write the one that signed it (secureJsonData.tlsCACert)", issuer)
	case a.CA && selfSigned:
		return fmt.Sprintf("its certificate is signed by itself (%s) and is not the CA certificate that is set; write this certificate as CA certificate (secureJsonData.tlsCACert)", issuer)
	case a.CA:
		return fmt.Sprintf("its certificate is signed by %s, which is not the CA certificate that is set; add that authority's certificate to it (secureJsonData.tlsCACert), or let the server send its whole chain", issuer)
	case selfSigned:
		return fmt.Sprintf("its certificate is signed by itself (%s); write it as CA certificate under TLS settings (%s)", issuer, caSetting)
	}
	return fmt.Sprintf("its certificate is signed by %s, which is not known here; add the CA certificate under TLS settings (%s)", issuer, caSetting)
}

// otherHost returns the sentence for a certificate that is not for the address.
func otherHost(target Target, e x509.HostnameError) string {
	cert := e.Certificate
	names := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	asked := shorten(e.Host)
	if len(names) == 0 {
		return fmt.Sprintf("its certificate has no subjectAltName, and its common name (%q) is not read any more; make the certificate anew with a subjectAltName for %s. A server name in the TLS settings does not help",
			shorten(cert.Subject.CommonName), asked)
	}
	const most = 5
	listed := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		listed += ", ..."
	}
	what := fmt.Sprintf("its certificate is for another host name (%s) and not for %s", shorten(listed), asked)
	if target.agent {
		return what + "; use a name in the certificate in agentAddress ({hostname} or {ip}), or make the certificate anew with this one"
	}
	return what + "; use the name in the certificate as address, or set the server name under TLS settings (serverName, with tlsAuthWithCACert)"
}

// invalid returns the sentence for a certificate that is from a known authority and
// must not be used.
func invalid(e x509.CertificateInvalidError) string {
	whose := "its certificate"
	if e.Cert != nil && e.Cert.IsCA {
		whose = "the certificate of its authority " + shorten(fmt.Sprintf("%q", e.Cert.Subject.String()))
	}
	switch {
	case e.Reason == x509.Expired && e.Cert != nil && time.Now().Before(e.Cert.NotBefore):
		return fmt.Sprintf("%s is not valid before %s; check the clocks of Grafana's server and of the machine that made it", whose, e.Cert.NotBefore.UTC().Format(time.RFC3339))
	case e.Reason == x509.Expired && e.Cert != nil:
		return fmt.Sprintf("%s has expired on %s; renew it", whose, e.Cert.NotAfter.UTC().Format(time.RFC3339))
	case e.Reason == x509.IncompatibleUsage:
		return "its certificate is not one for servers; make it anew with the extended key usage serverAuth"
	}
	return whose + " is not valid (" + scrub(e.Error()) + "); make it anew"
}

// alert returns the sentence for a handshake that the other side broke off.
func (a Advice) alert(target Target, said string) string {
	const broke = "it broke off the handshake"
	switch {
	case strings.Contains(said, "protocol version"), strings.Contains(said, "handshake failure"), strings.Contains(said, "insufficient security"):
		return broke + " (" + said + "); it has no TLS version or cipher in common with Grafana; allow TLS 1.2 there (LIBPROCESS_SSL_ENABLE_TLS_V1_2=true)"
	case strings.Contains(said, "unrecognized name"):
		return broke + " (" + said + "); it knows no such host; use the name in its certificate as address"
	case target.agent:
		return broke + " (" + said + "); if it requires a client certificate it cannot be asked, since that of the TLS settings is for masters only"
	case a.UnusedClientCertificate:
		return broke + " (" + said + "), and the client certificate that is set is not used: set tlsAuth to true (jsonData.tlsAuth)"
	case a.ClientCertificate:
		return broke + " (" + said + "); it does not accept the client certificate that is set: check that it has not expired, and that the authority that signed it is in LIBPROCESS_SSL_CA_FILE there (secureJsonData.tlsClientCert)"
	}
	return broke + " (" + said + "); it may require a client certificate: set one under TLS settings (tlsClientCert and tlsClientKey, with tlsAuth)"
}

// httpToHTTPS returns what to do where https is spoken and http was.
func httpToHTTPS(target Target) string {
	if target.agent {
		return "it speaks https only; write https:// in agentAddress, such as https://{hostname}:{port}"
	}
	return "it speaks https only; write https:// in its address, or, where ZooKeeper names the masters, set the CA certificate under TLS settings (" + caSetting + ")"
}
