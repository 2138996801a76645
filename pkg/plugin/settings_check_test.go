package plugin

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A settingCase is a value of a setting, and the message about it; "" where it is right.
// src/config/cases.test.tsx reads the same file.
type settingCase struct {
	Key     string
	Value   json.RawMessage
	Entry   *int
	Message string
}

func settingCases(t *testing.T) (cases []settingCase) {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/settings.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &cases))
	return cases
}

func TestSettingsAreCheckedAsTheyAreRead(t *testing.T) {
	keys := map[string]bool{"zkDigest": true, "httpHeaderName1": true, "timeout": true}
	for key := range settings {
		keys[key] = true
	}
	for _, c := range settingCases(t) {
		name := c.Key + " " + string(c.Value)
		delete(keys, c.Key)
		jsonData, secrets := with(c.Key, string(c.Value)), map[string]string{"httpHeaderValue1": "x", "agentHeaderValue2": "x"}
		if !strings.Contains(string(c.Value), `""`) { // else the first name was removed, with its value
			secrets["agentHeaderValue1"] = "x"
		}
		var problems []Problem
		if isSecretKey(c.Key) {
			var text string
			require.NoError(t, json.Unmarshal(c.Value, &text))
			jsonData, secrets[c.Key] = `{"masters": ["zk://zk1:2181/mesos"]}`, text
			if c.Message != "" {
				problems = []Problem{{Key: c.Key, Text: c.Message}} // of what the page checks itself
			}
		} else {
			problems = checkSettings(map[string]json.RawMessage{c.Key: c.Value}).Problems
		}
		ds := instance(jsonData)
		ds.DecryptedSecureJSONData = secrets
		clients, _, err := newClients(t.Context(), ds, time.Now, nil)
		if c.Message == "" {
			require.Empty(t, problems, name)
			require.NoError(t, err, name)
			clients.Close()
			continue
		}
		require.Equal(t, []Problem{{Key: c.Key, Entry: c.Entry, Text: c.Message}}, problems, name)
		require.ErrorContains(t, err, c.Message, name)
		require.NotContains(t, err.Error(), "s3cret", name)
	}
	require.Empty(t, keys, "settings without a case")
}

func TestSettingsAreCheckedWithoutStoredOnes(t *testing.T) {
	s := newFixture(t, map[string]any{"masters": nil}, workload)
	code, raw := s.call("POST check", `{"jsonData": {"agentHosts": "([bad", "memoryLimit": "1M", "maxSerie": 5, "password": "s3cret"}}`)
	require.Equal(t, http.StatusOK, code, string(raw))
	var got Check
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Equal(t, []string{"agentHosts", "memoryLimit", "password"}, keysOf(got.Problems))
	require.Equal(t, []string{`"maxSerie" is not a setting of this data source and does nothing: did you mean maxSeries? (jsonData.maxSerie)`}, got.Warnings)
	require.NotContains(t, string(raw), "s3cret")
	require.Empty(t, s.cluster.Requests(), "nothing is asked of a master")

	for body, want := range map[string]string{"": `the body must be {"jsonData": {...}}`, "{}": "the body must be", `{"jsonData": "` + strings.Repeat("x", maxChecked) + `"}`: "262144 bytes at most"} {
		code, raw := s.call("POST check", body)
		require.Equal(t, http.StatusBadRequest, code)
		require.Contains(t, string(raw), strings.ReplaceAll(want, `"`, `\"`))
	}
}

func keysOf(problems []Problem) (keys []string) {
	for _, p := range problems {
		keys = append(keys, p.Key)
	}
	return slices.Compact(keys)
}
