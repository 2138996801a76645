package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/stretchr/testify/require"
)

func provision(t *testing.T, content string, env map[string]string) (*sources, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "datasources"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "datasources", "mesos.yaml"), []byte(content), 0o644))
	look := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	return readProvisioning(dir, "x-datasource", look, hclog.NewNullLogger())
}

func TestProvisioningExpandsValuesAsGrafanaDoes(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("from a file\n"), 0o600))
	all, err := provision(t, `
apiVersion: 1
datasources:
  - name: $NAME
    uid: mesos
    type: x-datasource
    basicAuth: $AUTH
    jsonData:
      $NAME: a key stays
      masters: ["http://${HOST}:5050"]
      agentStatistics: $AUTH
      maxSeries: $COUNT
      quoted: "$COUNT"
      literal: "77"
      dollar: 5$$
      unset: "[$UNSET]"
      agentAddress: http://{hostname}:{port}
      deep: { env: "$__env{HOST}" }
    secureJsonData:
      basicAuthPassword: $__file{`+secret+`}
`, map[string]string{"NAME": "Mesos", "AUTH": "true", "HOST": "master1", "COUNT": "77"})
	require.NoError(t, err)
	one, ok := all.find("mesos")
	require.True(t, ok)
	require.Equal(t, "Mesos", one.Name)
	require.True(t, one.BasicAuth)
	require.True(t, one.ReadOnly)
	require.Equal(t, map[string]string{"basicAuthPassword": "from a file"}, one.secrets)
	require.JSONEq(t, `{
		"$NAME": "a key stays", "masters": ["http://master1:5050"], "agentStatistics": true, "maxSeries": 77,
		"quoted": 77, "literal": "77", "dollar": "5$", "unset": "[]", "agentAddress": "http://{hostname}:{port}", "deep": {"env": "master1"}
	}`, string(one.JSONData))
}

func TestProvisioningGivesGrafanasUIDToAnEntryWithoutOne(t *testing.T) {
	all, err := provision(t, "apiVersion: 1\ndatasources: [{name: Prometheus, type: x-datasource}]", nil)
	require.NoError(t, err)
	_, ok := all.find("PBFA97CFB590B2093") // Grafana's well-known UID for the name "Prometheus".
	require.True(t, ok)
}

// Documents and values of Grafana's own table
// (pkg/services/provisioning/values/values_test.go of 12.4.0), read into jsonData.
func TestValuesOfGrafanasOwnTable(t *testing.T) {
	env := map[string]string{"INT": "1", "STRING": "test", "EMPTYSTRING": "", "BOOL": "true"}
	for name, c := range map[string]struct{ document, want string }{
		"nested": {`
        one: 1
        two: $STRING
        three:
          - 1
          - two
          - three:
              inside: $STRING
          - six:
              empty:
        four:
          nested:
            onemore: $INT
        multiline: >
          Some text with $STRING
        anchor: &label $INT
        anchored: *label
        boolval: $BOOL`, `{
			"one": 1, "two": "test", "three": [1, "two", {"three": {"inside": "test"}}, {"six": {"empty": null}}],
			"four": {"nested": {"onemore": 1}}, "multiline": "Some text with test\n", "anchor": 1, "anchored": 1, "boolval": true}`},
		"an empty variable":         {"\n        val: $EMPTYSTRING", `{"val": ""}`},
		"dollars":                   {"\n        val: $$", `{"val": "$"}`},
		"dollars within a string":   {"\n        val: mY,Passwo$$rd", `{"val": "mY,Passwo$rd"}`},
		"slices of maps":            {"\n        val:\n          - { a: $STRING, b: $INT, c: just a string }", `{"val": [{"a": "test", "b": 1, "c": "just a string"}]}`},
		"a text that is not one":    {"\n        val: \"1\"", `{"val": "1"}`},
		"a variable in quotes":      {"\n        val: \"$INT\"", `{"val": 1}`},
		"a variable beside dollars": {"\n        val: \"$INT$$\"", `{"val": "1$"}`},
	} {
		all, err := provision(t, "apiVersion: 1\ndatasources:\n  - name: a\n    type: x-datasource\n    jsonData:"+strings.ReplaceAll(c.document, "\n        ", "\n      "), env)
		require.NoError(t, err, name)
		require.JSONEq(t, c.want, string(all.list[0].JSONData), name)
	}

	all, err := provision(t, `
apiVersion: 1
datasources:
  - name: a
    type: x-datasource
    secureJsonData: { one: 1, two: "test string", three: $STRING, four: true, five: $INT, six: $EMPTYSTRING, seven: $BOOL, eight: }
`, env)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"one": "1", "two": "test string", "three": "test", "four": "true", "five": "1", "six": "", "seven": "true", "eight": ""}, all.list[0].secrets)
}

// What a variable looks like decides on its type, by Go's rules and not YAML's.
func TestTypesOfVariables(t *testing.T) {
	for value, want := range map[string]string{
		"300000": "300000", "007": "7", "-5": "-5", "1.10": "1.1", "1e3": "1000", "9223372036854775808": "9223372036854775808", "t": "true", "T": "true", "F": "false", "FALSE": "false",
		"yes": `"yes"`, "off": `"off"`, "~": `"~"`, "null": `"null"`, "0x10": `"0x10"`, "1_000": "1000", "2024-01-02": `"2024-01-02"`, " 5": `" 5"`, "[a, b]": `"[a, b]"`, "a: b": `"a: b"`, "http://a,http://b": `"http://a,http://b"`,
	} {
		for _, quote := range []string{"", `"`, "'"} {
			all, err := provision(t, "apiVersion: 1\ndatasources: [{name: a, type: x-datasource, jsonData: {v: "+quote+"$V"+quote+"}}]", map[string]string{"V": value})
			require.NoError(t, err, value)
			require.JSONEq(t, `{"v": `+want+`}`, string(all.list[0].JSONData), value)
		}
	}
	for _, value := range []string{"Inf", "nan", "-Infinity"} { // which JSON does not have: Grafana does not start either
		_, err := provision(t, "apiVersion: 1\ndatasources: [{name: a, type: x-datasource, jsonData: {v: $V}}]", map[string]string{"V": value})
		require.ErrorContains(t, err, "unsupported value", value)
	}
}

// A value that comes of braces or of a file is expanded once more, so that what
// follows a dollar sign in it is lost; that of $NAME is not.
func TestDollarsInValues(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("ab$cd\n"), 0o600))
	env := lookup(func(name string) (string, bool) {
		value, ok := map[string]string{"P": "ab$cd", "S": secret}[name]
		return value, ok
	})
	for text, want := range map[string]string{
		"ab$cd": "ab", "ab$$cd": "ab$cd", "$P": "ab$cd", "${P}": "ab", "$__env{P}": "ab", "$__file{" + secret + "}": "ab",
		"${Q:-default}": "", "$__env{}": "{}", "$__vault{a}": "{a}", "a$": "a$", "${F}": "", "x${P}y$P": "xabab$cd",
	} {
		got, err := expandText(text, env)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"$__file{$S}", "$__file{${S}}"} {
		_, err := expandText(text, env)
		require.ErrorIs(t, err, os.ErrNotExist, "the path of a file cannot be a variable")
	}
	host, err := os.Hostname()
	require.NoError(t, err)
	none := lookup(func(string) (string, bool) { return "", false })
	got, err := expandText("${HOSTNAME} $HOSTNAME", none)
	require.NoError(t, err)
	require.Equal(t, host+" ", got, "in braces the machine's name where the variable is empty")
}

// Fields beside jsonData are texts, numbers and booleans whatever they look like.
func TestFieldsBesideJSONData(t *testing.T) {
	entry := func(fields string) (source, error) {
		all, err := provision(t, "apiVersion: 2\ndatasources: [{name: a, type: x-datasource, "+fields+"}]", map[string]string{"ONE": "1", "YES": "yes", "TRUE": "TRUE"})
		if err != nil {
			return source{}, err
		}
		return all.list[0], nil
	}
	one, err := entry(`basicAuth: "true", basicAuthUser: 007, user: $ONE, url: "$ONE", access: direct, editable: $TRUE, isDefault:, orgId: $ONE`)
	require.NoError(t, err)
	require.Equal(t, []string{"007", "1", "1", "direct"}, []string{one.BasicAuthUser, one.User, one.URL, one.Access})
	require.True(t, one.BasicAuth)
	require.False(t, one.ReadOnly)
	require.True(t, one.IsDefault, "the first data source is the default one")
	one, err = entry("access: nonsense")
	require.NoError(t, err)
	require.Equal(t, "proxy", one.Access)
	require.False(t, one.BasicAuth)
	for fields, want := range map[string]string{
		"basicAuth: $YES":                 `basicAuth: "yes" is not true or false`,
		"basicAuth: $UNSET":               `basicAuth: "" is not true or false`,
		"orgId: 2":                        "is for organization 2",
		"uid: a b":                        "is not one",
		"uid: " + strings.Repeat("a", 41): "40 at most",
		"url: http://" + strings.Repeat("a", 250): "longer than 255",
	} {
		_, err := entry(fields)
		require.ErrorContains(t, err, want, fields)
	}
}

// What a real Grafana 12.4.0 stored of this file, with these variables in its
// environment, as its API shows it.
func TestAFileThatARealGrafanaRead(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("ab$cd\n"), 0o600))
	all, err := provision(t, `
apiVersion: 1
datasources:
  - name: T
    uid: t
    type: x-datasource
    url: http://127.0.0.1:1
    basicAuth: $YES
    basicAuthUser: 007
    user: $ONE
    editable: true
    jsonData:
      n: $N
      nq: "$N"
      lit: "300000"
      lead: $LEAD
      ver: $VER
      t: $T
      yes: $YESW
      nul: $NUL
      under: $UNDER
      list: [$N, "$LIST"]
      unset: $UNSET
      dd: ab$$cd
      d: ab$cd
      p: $P
      pb: ${P}
      pe: $__env{P}
      pf: $__file{`+secret+`}
      def: ${Q:-x}
      end: a.*$
      mix: x${P}y$P
      date: 2024-01-02
      empty:
    secureJsonData: { one: 1, p: $P, n: $N }
`, map[string]string{"N": "300000", "LEAD": "007", "VER": "1.10", "T": "t", "YESW": "yes", "NUL": "null", "UNDER": "1_000", "LIST": "http://a,http://b", "P": "ab$cd", "YES": "true", "ONE": "1"})
	require.NoError(t, err)
	one := all.list[0]
	require.JSONEq(t, `{"d": "ab", "date": "2024-01-02T00:00:00Z", "dd": "ab$cd", "def": "", "empty": null, "end": "a.*$", "lead": 7, "list": [300000, "http://a,http://b"], "lit": "300000", "mix": "xabab$cd", "n": 300000, "nq": 300000, "nul": "null", "p": "ab$cd", "pb": "ab", "pe": "ab", "pf": "ab", "t": true, "under": 1000, "unset": "", "ver": 1.1, "yes": "yes"}`, string(one.JSONData))
	require.Equal(t, []any{true, "007", "1", "http://127.0.0.1:1", true, false}, []any{one.BasicAuth, one.BasicAuthUser, one.User, one.URL, one.IsDefault, one.ReadOnly})
	require.Equal(t, map[string]string{"one": "1", "p": "ab$cd", "n": "300000"}, one.secrets)
}

func TestTheShippedProvisioningIsRead(t *testing.T) {
	all, err := readProvisioning("../../../provisioning", "community-mesos-datasource", os.LookupEnv, hclog.NewNullLogger())
	require.NoError(t, err)
	require.Len(t, all.list, 1)
	require.Equal(t, "mesos", all.list[0].UID)
	require.JSONEq(t, `{"masters": ["http://localhost:5050"]}`, string(all.list[0].JSONData))
}

// One that is there twice, with one UID, is the later.
func TestALaterEntryReplacesAnEarlier(t *testing.T) {
	all, err := provision(t, "apiVersion: 1\ndatasources: [{name: a, type: x-datasource, url: one}, {name: b, type: x-datasource, isDefault: true}, {name: a, type: x-datasource, url: two}]", nil)
	require.NoError(t, err)
	require.Len(t, all.list, 2)
	require.Equal(t, "two", all.list[0].URL)
}

func TestBrokenProvisioningSaysWhat(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"not YAML":              {"a: [", "mesos.yaml"},
		"old version":           {"datasources: []", "no data source of type x-datasource"},
		"old booleans":          {"datasources: [{name: a, type: x-datasource, basic_auth: $X}]", "cannot unmarshal"},
		"credentials":           {"apiVersion: 1\ndatasources: [{name: a, type: x-datasource, withCredentials: $NONE}]", "withCredentials: \"\" is not true or false"},
		"a version of words":    {"apiVersion: 1\ndatasources: [{name: a, type: x-datasource, version: new}]", "version: \"new\" is not a number"},
		"prune of words":        {"apiVersion: 1\nprune: often\ndatasources: [{name: a, type: x-datasource}]", "cannot unmarshal"},
		"nothing of this":       {"apiVersion: 1\ndatasources: [{name: a, type: other}]", "no data source of type x-datasource"},
		"no name":               {"apiVersion: 1\ndatasources: [{type: x-datasource}]", "has no name"},
		"a uid twice":           {"apiVersion: 1\ndatasources: [{name: a, uid: x, type: x-datasource}, {name: b, uid: x, type: x-datasource}]", "is there twice"},
		"another uid":           {"apiVersion: 1\ndatasources: [{name: a, uid: x, type: x-datasource}, {name: a, uid: y, type: x-datasource}]", "is there twice"},
		"two defaults":          {"apiVersion: 1\ndatasources: [{name: a, type: x-datasource, isDefault: true}, {name: b, type: other, isDefault: true}]", "only one may be"},
		"a variable as version": {"apiVersion: $ONE\ndatasources: [{name: a, type: x-datasource}]", "cannot unmarshal"},
		"a file not there":      {"apiVersion: 1\ndatasources: [{name: '$__file{/none}', type: x-datasource}]", "name: expanding $__file{/none}"},
		"a secret of no kind":   {"apiVersion: 1\ndatasources: [{name: a, type: x-datasource, secureJsonData: {a: [1]}}]", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := provision(t, c.content, nil)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Grafana reads files without apiVersion in a format of their own: the keys of today mean
// nothing in them, and no variable is expanded.
func TestAFileWithoutAVersionIsReadAsGrafanaReadsIt(t *testing.T) {
	all, err := provision(t, "datasources: [{name: a, type: x-datasource, basicAuth: true, uid: mine, jsonData: {masters: [http://m:5050]}, secureJsonData: {basicAuthPassword: x}}]", nil)
	require.NoError(t, err)
	require.Len(t, all.list, 1)
	require.JSONEq(t, `{}`, string(all.list[0].JSONData))
	require.Empty(t, all.list[0].secrets)
	require.False(t, all.list[0].BasicAuth)
	require.Equal(t, uidFromName("a"), all.list[0].UID)

	all, err = provision(t, "apiVersion: 0\ndatasources: [{name: a, type: x-datasource, org_id: 1, basic_auth: true, basic_auth_user: u, with_credentials: true, editable: true, json_data: {masters: [$M], n: 5}, secure_json_data: {basicAuthPassword: $M}}]",
		map[string]string{"M": "http://m:5050"})
	require.NoError(t, err)
	one := all.list[0]
	require.JSONEq(t, `{"masters": ["$M"], "n": 5}`, string(one.JSONData))
	require.Equal(t, map[string]string{"basicAuthPassword": "$M"}, one.secrets)
	require.True(t, one.BasicAuth)
	require.True(t, one.WithCredentials)
	require.False(t, one.ReadOnly)
	require.Equal(t, "u", one.BasicAuthUser)
}

// Files are applied one after another: what one adds, a later one may delete.
func TestDeleteDatasourcesOfALaterFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	read := func() ([]string, []int64, error) {
		all, err := readProvisioning(dir, "x-datasource", func(name string) (string, bool) { return "b", name == "NAME" }, hclog.NewNullLogger())
		if err != nil {
			return nil, nil, err
		}
		var names []string
		var ids []int64
		for _, one := range all.list {
			names, ids = append(names, one.Name), append(ids, one.ID)
		}
		return names, ids, nil
	}
	write("1.yaml", "apiVersion: 1\ndeleteDatasources: [{name: a, orgId: 1}]\nprune: true\ndatasources: [{name: a, type: x-datasource}, {name: b, type: x-datasource}, {name: c, type: x-datasource}]")
	names, _, err := read()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, names, "a file deletes before it adds")

	write("2.yaml", "apiVersion: 1\ndeleteDatasources: [{name: $NAME}, {name: c, orgId: 2}, {name: none}]\ndatasources: [{name: d, type: x-datasource}]")
	names, ids, err := read()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c", "d"}, names, "c is of another organization")
	require.Equal(t, []int64{1, 3, 4}, ids)

	write("3.yml", "delete_datasources: [{name: a}, {name: c}, {name: d}]")
	_, _, err = read()
	require.ErrorContains(t, err, "deleteDatasources of a later file deletes each data source")

	write("4.yaml", "apiVersion: 1\ndeleteDatasources: [{name: a, orgId: one}]")
	_, _, err = read()
	require.ErrorContains(t, err, "orgId: \"one\" is not a number")
}
