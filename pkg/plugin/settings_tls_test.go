package plugin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// newPEM returns a certificate and its key as PEM.
func newPEM(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "m1.example"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	packed, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: packed}))
}

func TestCertificatesThatCannotBeUsedAreErrors(t *testing.T) {
	cert, key := newPEM(t)
	_, otherKey := newPEM(t)
	escaped := func(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }
	oneLine := func(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", " ") }
	encrypted := "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
	const (
		lines   = `has \n as two characters, which are no line ends: write it as a block in the provisioning file (a | behind the key, and each line below it), or as $__file{/path/to/file.pem}`
		single  = "is on one line, and PEM has line ends: write it as a block in the provisioning file"
		path    = "is the path of a file, and its content belongs here: in a provisioning file write $__file{/path/to/file.pem}"
		missing = "is missing, the "
	)
	for name, c := range map[string]struct{ ca, cert, key, want string }{
		"a CA with backslashes":       {escaped(cert), "", "", "tlsCACert " + lines + " (secureJsonData.tlsCACert)"},
		"a cert with backslashes":     {"", escaped(cert), key, "tlsClientCert " + lines + " (secureJsonData.tlsClientCert)"},
		"a key with backslashes":      {"", cert, escaped(key), "tlsClientKey " + lines + " (secureJsonData.tlsClientKey)"},
		"a CA on one line":            {oneLine(cert), "", "", "tlsCACert " + single},
		"a cert on one line":          {"", oneLine(cert), key, "tlsClientCert " + single},
		"a key on one line":           {"", cert, oneLine(key), "tlsClientKey " + single},
		"the path of a CA":            {"/etc/ssl/mesos/ca.pem", "", "", "tlsCACert " + path},
		"the path of a cert":          {"", "certs/client.crt", key, "tlsClientCert " + path},
		"the path of a key":           {"", cert, "/etc/ssl/client.key", "tlsClientKey " + path},
		"not a certificate":           {"s3cret", "", "", "tlsCACert is not a certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"},
		"not a key":                   {"", cert, "s3cret", "tlsClientKey is not a private key in PEM, which begins with -----BEGIN PRIVATE KEY-----"},
		"half a certificate":          {cert[:len(cert)/2], "", "", "tlsCACert is not complete: it must have each line at its margin"},
		"a key instead of a CA":       {key, "", "", "tlsCACert is PRIVATE KEY, and a certificate belongs here"},
		"a cert instead of a key":     {"", cert, cert, "tlsClientKey is CERTIFICATE, and a private key belongs here"},
		"a damaged certificate":       {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "", "tlsCACert has a certificate that cannot be read: copy it again"},
		"an encrypted key":            {"", cert, encrypted, "tlsClientKey is encrypted with a passphrase, which Grafana cannot ask for"},
		"the key of another cert":     {"", cert, otherKey, "tlsClientKey does not belong to tlsClientCert"},
		"a certificate without a key": {"", cert, "", "tlsClientKey " + missing + "key that belongs to tlsClientCert: set both, or none (secureJsonData.tlsClientKey)"},
		"a key without a certificate": {"", "", key, "tlsClientCert " + missing + "certificate that belongs to tlsClientKey: set both, or none (secureJsonData.tlsClientCert)"},
	} {
		for _, switched := range []string{`"tlsAuth": true`, `"tlsAuthWithCACert": true`, `"tlsAuth": "true", "tlsAuthWithCACert": "true"`} {
			ds := instance(`{"masters": ["https://m1.example:5443"], ` + switched + `}`)
			ds.DecryptedSecureJSONData = map[string]string{"tlsCACert": c.ca, "tlsClientCert": c.cert, "tlsClientKey": c.key}
			_, _, err := newClients(t.Context(), ds, time.Now, nil)
			require.ErrorContains(t, err, c.want, name)
			require.NotContains(t, err.Error(), "s3cret", name)
		}
	}
}

func TestCertificatesThatAreUsed(t *testing.T) {
	cert, key := newPEM(t)
	for _, text := range []string{cert, "\n" + cert, strings.ReplaceAll(cert, "\n", "\r\n"), "a comment\n" + cert, cert + cert, strings.TrimSpace(cert)} {
		got, err := readAll(t, `{"masters": ["https://m:5443"], "tlsAuth": true, "tlsAuthWithCACert": true}`,
			map[string]string{"tlsCACert": text, "tlsClientCert": text, "tlsClientKey": key})
		require.NoError(t, err)
		require.Empty(t, got.Warnings)
		require.Equal(t, text, got.http.TLS.CACertificate)
	}
}

// Grafana ignores a certificate without its switch, in silence.
func TestCertificatesWithoutTheirSwitchAreWarnings(t *testing.T) {
	cert, key := newPEM(t)
	const (
		ca     = `tlsCACert is set and does nothing: set tlsAuthWithCACert to true, "Add self-signed certificate" on the settings page (jsonData.tlsAuthWithCACert)`
		client = `tlsClientCert is set and does nothing: set tlsAuth to true, "TLS client authentication" on the settings page (jsonData.tlsAuth)`
		secret = `tlsClientKey is set and does nothing: set tlsAuth to true, "TLS client authentication" on the settings page (jsonData.tlsAuth)`
		name   = `serverName is set and does nothing: Grafana reads it with tlsAuthWithCACert or tlsAuth only (jsonData.tlsAuthWithCACert)`
	)
	all := map[string]string{"tlsCACert": cert, "tlsClientCert": cert, "tlsClientKey": key}
	for keys, c := range map[string]struct {
		secrets map[string]string
		want    []string
	}{
		`"tlsAuthWithCACert": false`:                      {all, []string{ca, client, secret}},
		`"tlsSkipVerify": true`:                           {all, []string{ca, client, secret}}, // which reads none of them
		`"tlsSkipVerify": false`:                          {map[string]string{"tlsCACert": cert}, []string{ca}},
		`"tlsAuthWithCACert": ""`:                         {map[string]string{"tlsCACert": cert}, []string{ca}},
		`"serverName": "m1"`:                              {nil, []string{name}},
		`"tlsAuth": true`:                                 {all, nil}, // the SDK reads the CA with it, too
		`"tlsAuth": true, "tlsAuthWithCACert": true`:      {nil, []string{"tlsAuth is on, and no client certificate is sent: tlsClientCert and tlsClientKey are missing (secureJsonData.tlsClientCert)", "tlsAuthWithCACert is on and tlsCACert is missing: the authorities that Grafana's server knows are used (secureJsonData.tlsCACert)"}},
		`"tlsAuthWithCACert": true, "serverName": "m1"`:   {map[string]string{"tlsCACert": cert}, nil},
		`"tlsAuth": "false", "tlsAuthWithCACert": "true"`: {all, nil},
	} {
		got, err := readAll(t, `{"masters": ["https://m1.example:5443"], `+keys+`}`, c.secrets)
		require.NoError(t, err, keys)
		require.Equal(t, c.want, got.Warnings, keys)
	}
}
