package mesos

import (
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/zookeeper"
)

var masterCases = []struct {
	name string
	in   []string
	out  []string // addresses; nil for an error
	says string
}{
	{"one", []string{"http://master1:5050"}, []string{"master1:5050"}, ""},
	{"a slash at the end", []string{"http://master1:5050/"}, []string{"master1:5050"}, ""},
	{"several", []string{"http://m1:5050", " https://m2:5050 "}, []string{"m1:5050", "m2:5050"}, ""},
	{"the same twice", []string{"http://m1:5050", "http://M1:5050/"}, []string{"m1:5050"}, ""},
	{"loopback twice", []string{"http://127.0.0.1:5050", "http://localhost:5050"}, []string{"127.0.0.1:5050"}, ""},
	{"IPv6", []string{"http://[::1]:5050"}, []string{"[::1]:5050"}, ""},
	{"the port of http", []string{"http://master1"}, []string{"master1:80"}, ""},
	{"the port of https", []string{"https://master1"}, []string{"master1:443"}, ""},
	{"none", nil, nil, "no masters"},
	{"an empty one", []string{"http://m1:5050", " "}, nil, "master 2 is empty"},
	{"no scheme", []string{"master1:5050"}, nil, "write http://master1:5050"},
	{"another scheme", []string{"ftp://master1:5050"}, nil, `scheme "ftp"`},
	{"no host", []string{"http://:5050"}, nil, "no host"},
	{"no port after the colon", []string{"http://master1:"}, []string{"master1:80"}, ""},
	{"a port that is none", []string{"http://master1:99999"}, nil, `port "99999"`},
	{"port zero", []string{"http://master1:0"}, nil, `port "0"`},
	{"an endpoint", []string{"http://master1:5050/master/state"}, nil, "ends in /master/state, which is an endpoint of Mesos: write the address without it, such as http://master1:5050"},
	{"an endpoint of a router", []string{"https://router/mesos/metrics/snapshot/"}, nil, "such as https://router/mesos"},
	{"an endpoint of old", []string{"http://master1:5050/state.json"}, nil, "ends in /state.json"},
	{"a path", []string{"https://dcos.example/mesos"}, []string{"dcos.example:443/mesos"}, ""},
	{"a path with a slash", []string{"https://DCOS.example/Service/mesos/", "https://dcos.example/Service/mesos"}, []string{"dcos.example:443/Service/mesos"}, ""},
	{"paths on one host", []string{"https://r/m1", "https://r/m2", "https://r/M2"}, []string{"r:443/m1", "r:443/m2", "r:443/M2"}, ""},
	{"an encoded path", []string{"https://r/a%2Fb/c%20d"}, []string{"r:443/a%2Fb/c%20d"}, ""},
	{"a path that leaves its place", []string{"https://r/a/%2e%2e/b"}, nil, ". or .."},
	{"a path with nothing in it", []string{"https://r/a//b"}, nil, "a path with //"},
	{"a path with a password", []string{"https://user:s3cret@r/mesos"}, nil, "basic authentication"},
	{"a path with a query", []string{"https://r/mesos?x"}, nil, "query"},
	{"the web UI's address", []string{"https://r/mesos/#/agents"}, nil, "fragment"},
	{"a query", []string{"http://master1:5050?a=b"}, nil, "query"},
	{"a fragment", []string{"http://master1:5050#top"}, nil, "fragment"},
	{"not an address", []string{"http://a%zz:5050"}, nil, "not an address"},
	{"a blank inside", []string{"http://a b:5050"}, nil, `master 1: "http://a b:5050" has a blank inside: write the address without it, such as http://ab:5050; `},
	{"a blank inside, without a scheme", []string{"master 1:5050"}, nil, `"master 1:5050" has a blank inside: write the address without it, such as http://master1:5050; `},
	{"a blank and a password", []string{"http://user:s3cret @m1:5050"}, nil, "basic authentication"},
	{"a blank and a token", []string{"http://m 1:5050/?s3cret"}, nil, "query"},
	{"a blank in a server of zookeeper", []string{"zk://zk 1:2181/mesos"}, nil, `"zk 1:2181" has a blank inside: separate several servers by commas`},
	{"a user and password", []string{"http://user:s3cret@master1:5050"}, nil, "basic authentication"},
	{"a password without a scheme", []string{"user:s3cret@master1:5050"}, nil, "basic authentication"},
	{"zookeeper", []string{" zk://ZK1:2181,zk2:2182,zk1:2181/Mesos/prod/ "}, []string{}, ""},
	{"zookeeper, written big", []string{"ZK://[::1]:2181/mesos"}, []string{}, ""},
	{"zookeeper twice", []string{"zk://zk1:2181/mesos", "zk://zk2:2181/mesos"}, nil, "must stand alone"},
	{"zookeeper and a master", []string{"http://m1:5050", "zk://zk1:2181/mesos"}, nil, "master 2: the address of ZooKeeper must stand alone"},
	{"zookeeper without a path", []string{"zk://zk1:2181"}, nil, "path is missing"},
	{"zookeeper with the root as path", []string{"zk://zk1:2181/"}, nil, "path is missing"},
	{"zookeeper with a path that is none", []string{"zk://zk1:2181/a//b"}, nil, `"/a//b" is not a path`},
	{"zookeeper with a relative path", []string{"zk://zk1:2181/a/../b"}, nil, "is not a path"},
	{"zookeeper with a query", []string{"zk://zk1:2181/mesos?x"}, nil, "is not a path"},
	{"zookeeper without a port", []string{"zk://zk1/mesos"}, nil, `"zk1" is not host:port`},
	{"zookeeper with a server missing", []string{"zk://zk1:2181,/mesos"}, nil, `"" is not host:port`},
	{"zookeeper with a password", []string{"zk://user:s3cret@zk1:2181/mesos"}, nil, "user:password as zkDigest under secureJsonData"},
}

func TestMastersAreAddressesAndNothingElse(t *testing.T) {
	for _, c := range masterCases {
		t.Run(c.name, func(t *testing.T) {
			client, err := New(Config{Masters: c.in})
			if c.out == nil {
				require.ErrorContains(t, err, c.says)
				require.NotContains(t, err.Error(), "s3cret")
				return
			}
			require.NoError(t, err)
			defer client.Close()
			require.ElementsMatch(t, c.out, addresses(client.Masters()))
		})
	}
}

func TestAddressesInOneText(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                nil,
		" , ":                             nil,
		"http://m1:5050":                  {"http://m1:5050"},
		"http://m1:5050,http://m2:5050":   {"http://m1:5050", "http://m2:5050"},
		"http://m1:5050, http://m2:5050,": {"http://m1:5050", "http://m2:5050"},
		"http://m1:5050\n\thttp://m2:5050/mesos ": {"http://m1:5050", "http://m2:5050/mesos"},
		"zk://a:2181,b:2181/mesos":                {"zk://a:2181,b:2181/mesos"},
		" ZK://a:2181, b:2181 ,c:2181/mesos ":     {"ZK://a:2181,b:2181,c:2181/mesos"},
		"zk://a:2181,b:2181/x,zk://c:2181/y":      {"zk://a:2181,b:2181/x", "zk://c:2181/y"},
		"zk://a:2181,http://m1:5050":              {"zk://a:2181", "http://m1:5050"},
		"m1:5050,m2:5050":                         {"m1:5050", "m2:5050"},
		"zk://a:2181,,b:2181/mesos":               {"zk://a:2181,b:2181/mesos"},
		"zk://a:2181 b:2181/mesos":                {"zk://a:2181,b:2181/mesos"},
		"m1:5050 ftp://m2:5050/x m3:5050":         {"m1:5050", "ftp://m2:5050/x", "m3:5050"},
		"m1:5050 m2:5050 10.0.0.1:5050":           {"m1:5050", "m2:5050", "10.0.0.1:5050"},
		// A blank inside of an address.
		"master 1:5050":                             {"master 1:5050"},
		"http://master 1:5050":                      {"http://master 1:5050"},
		"http:// master1:5050":                      {"http:// master1:5050"},
		"http://master1 :5050":                      {"http://master1 :5050"},
		"http://mas ter1:5050, http://master2:5050": {"http://mas ter1:5050", "http://master2:5050"},
		"http://m1:5050, zk://zk1:2181/x":           {"http://m1:5050", "zk://zk1:2181/x"},
		"zk://zk1:2181,zk 2:2181/mesos":             {"zk://zk1:2181,zk 2:2181/mesos"},
		"zk://zk 1:2181/mesos":                      {"zk://zk 1:2181/mesos"},
		"zk://zk1:2181/mes os":                      {"zk://zk1:2181/mes os"},
	} {
		require.Equal(t, want, SplitMasters(text), text)
	}
}

func TestAnAddressOfZooKeeperIsReadAsMesosDoes(t *testing.T) {
	_, read, err := parseMasters([]string{" zk://ZK1:2181, zk2:2182,zk1:2181/Mesos/prod/ "})
	require.NoError(t, err)
	require.Equal(t, &zookeeper.Ensemble{Servers: []string{"zk1:2181", "zk2:2182"}, Path: "/Mesos/prod"}, read)
}

func TestWhatZooKeeperNeedsIsChecked(t *testing.T) {
	for says, config := range map[string]ZooKeeperConfig{
		"is not user:password": {Digest: "s3cret"},
		"write both":           {Digest: ":s3cret"},
		`"ftp"`:                {Scheme: "ftp"},
	} {
		_, err := New(Config{Masters: []string{"zk://zk1:2181/mesos"}, ZooKeeper: config})
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func TestLimitsCannotBeNegative(t *testing.T) {
	_, err := New(Config{Masters: []string{"http://m:1"}, MaxBody: -1})
	require.ErrorContains(t, err, "negative")
}

func TestFlagsLoseTheirSecrets(t *testing.T) {
	flags := map[string]string{
		"credentials": "/etc/mesos/credentials", "credential": "{...}", "http_framework_authenticators": "basic",
		"jwt_secret_key": "x", "docker_config": `{"auths":{}}`, "modules": "{...}", "executor_environment_variables": "{...}",
		"zk": "zk://user:s3cret@zk1:2181/mesos", "cluster": "prod", "port": "5050", "work_dir": "/var/lib/mesos",
		"authenticate_http_readonly": "true", "secret_resolver": "", "domain": `{"fault_domain":{}}`,
	}
	redact(flags)
	require.Equal(t, map[string]string{
		"credentials": Redacted, "credential": Redacted, "http_framework_authenticators": "basic",
		"jwt_secret_key": Redacted, "docker_config": Redacted, "modules": Redacted, "executor_environment_variables": Redacted,
		"zk": "zk://" + Redacted + "@zk1:2181/mesos", "cluster": "prod", "port": "5050", "work_dir": "/var/lib/mesos",
		"authenticate_http_readonly": "true", "secret_resolver": "", "domain": `{"fault_domain":{}}`,
	}, flags)
}

func TestOnlyWebLinksArePassedOn(t *testing.T) {
	for link, safe := range map[string]string{
		"http://ui.example.com:8080/x?y": "http://ui.example.com:8080/x?y",
		"https://ui.example.com":         "https://ui.example.com",
		"javascript:alert(1)":            "",
		"data:text/html,x":               "",
		"//ui.example.com":               "",
		"http:///nowhere":                "",
		"http://user:pw@ui.example.com":  "",
		"":                               "",
		"http://%zz":                     "",
	} {
		require.Equal(t, safe, safeLink(link), link)
	}
}

// What was probably meant is proposed, and never nonsense.
func TestMisspelledAddressesAreProposedAsMeant(t *testing.T) {
	for written, want := range map[string]string{
		"http:/localhost:8050":        `"http:/localhost:8050" has no :// behind the scheme: write http://localhost:8050`,
		"http//localhost:8050":        `write http://localhost:8050`,
		"https:m1:5050":               `write https://m1:5050`,
		"HTTPS//m1:5050":              `write https://m1:5050`,
		"8050":                        `"8050" is a port without a host: write the whole address, such as http://master1:8050`,
		":5050":                       `is a port without a host: write the whole address, such as http://master1:5050`,
		"127.0.0.1:2181":              `has no scheme, and 2181 is ZooKeeper's port: write zk://127.0.0.1:2181/mesos`,
		"master1:5050":                `"master1:5050" has no scheme: write http://master1:5050 (or https://master1:5050)`,
		"hosts1:5050":                 `"hosts1:5050" has no scheme: write http://hosts1:5050`,
		`"http://m1:5050"`:            `"http://m1:5050" has quotation marks in it: write the address without them`,
		`'http://m1:5050'`:            `has quotation marks in it`,
		"http://m1:5050;http://m2:80": `has a semicolon in it: separate addresses by commas`,
	} {
		_, err := New(Config{Masters: []string{written}})
		require.ErrorContains(t, err, want, written)
		require.NotContains(t, err.Error(), "http://http")
	}
}

// What stands in an address may be a secret, however wrong the address is otherwise.
func TestAddressesAreNotRepeatedWithSecrets(t *testing.T) {
	for address, says := range map[string]string{
		"http://user:s3%zz@host": "has an @", "ftp://user:s3cret@host": "has an @", "user:s3cret@host": "has an @", "http://user:s3cret@host?x": "has an @",
		"http://host/?token=s3cret": "query or fragment", "ftp://host?token=s3cret": "query or fragment", "http://ho st?token=s3cret": "query or fragment",
		"host?token=s3cret": "query or fragment", "zk://host:2181?token=s3cret": "zk",
	} {
		err := CheckMaster(address)
		require.ErrorContains(t, err, says, address)
		require.NotContains(t, err.Error(), "s3", address)
	}
}
