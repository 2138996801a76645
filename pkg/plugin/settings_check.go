package plugin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"

	"community-mesos-datasource/pkg/mesos"
)

// This file tells the settings page what is wrong with settings that are being edited, by
// the functions that read stored ones: JavaScript has other regular expressions and other
// rules for addresses.

// Check is the answer of POST check.
type Check struct {
	Problems []Problem `json:"problems"`
	// Warnings are sentences about keys that are accepted and do nothing.
	Warnings []string `json:"warnings,omitempty"`
}

// Problem is what is wrong with the value of one key of jsonData.
type Problem struct {
	Key   string `json:"key"`
	Entry *int   `json:"entry,omitempty"` // of a list, from 0; absent where it is all of it
	Text  string `json:"text"`
}

// maxChecked is how many bytes of settings are checked. Real ones have some hundreds.
const maxChecked = 256 << 10

// check answers `{jsonData}` with a Check. It needs no stored settings, and changes none.
func (p *Plugin) check(w http.ResponseWriter, r *http.Request) {
	leave, err := p.registry.engine.Parsing(r.Context(), int(r.ContentLength))
	if err != nil {
		p.writeError(w, http.StatusServiceUnavailable, err)
		return
	}
	defer leave()
	var body struct {
		JSONData map[string]json.RawMessage `json:"jsonData"`
	}
	text := http.MaxBytesReader(w, cmp.Or(r.Body, io.ReadCloser(http.NoBody)), maxChecked)
	if err := json.NewDecoder(text).Decode(&body); err != nil || body.JSONData == nil {
		p.writeError(w, http.StatusBadRequest, fmt.Errorf(`the body must be {"jsonData": {...}} of %d bytes at most`, maxChecked))
		return
	}
	writeJSON(w, http.StatusOK, checkSettings(body.JSONData))
}

// checkSettings returns what is wrong with each value of jsonData. What is missing is not
// wrong: the page is opened without it.
func checkSettings(keys map[string]json.RawMessage) Check {
	s := defaultSettings()
	all := Check{Problems: []Problem{}}
	add := func(key, text string, entry ...int) {
		problem := Problem{Key: key, Text: text}
		if len(entry) > 0 {
			problem.Entry = &entry[0]
		}
		all.Problems = append(all.Problems, problem)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		_, ours := settings[key]
		before := s.Warnings
		err := s.readKey(key, keys[key])
		if ours { // an empty entry is a row of the page that is not filled in yet
			s.Warnings = before
		}
		if err != nil {
			add(key, err.Error())
			continue
		}
		name, _ := s.sdk[key].(string)
		switch {
		case key == "masters" && !isNull(keys[key]):
			checkMasters(keys[key], add)
		case key == "agentHeaders":
			for i := range s.agentHeaderNames {
				if fault := agentHeaderFault(s.agentHeaderNames, i); fault != "" {
					add(key, fault, i)
				}
			}
		case httpHeaderName.MatchString(key) && name != "":
			if why := headerProblem(name, ""); why != "" {
				add(key, fmt.Sprintf("header %q %s", name, why))
			}
		}
	}
	all.Warnings = s.Warnings
	return all
}

func checkMasters(raw json.RawMessage, add func(key, text string, entry ...int)) {
	entries, _ := masterEntries(raw) // readMasters returned the error
	var named []string
	wrong := false
	for i, entry := range entries {
		for _, address := range mastersIn(entry) {
			named = append(named, address)
			if err := mesos.CheckMaster(address); err != nil {
				wrong = true
				add("masters", err.Error(), i)
			}
		}
	}
	switch err := mesos.CheckMasters(named); {
	case len(named) == 0:
		add("masters", mastersMissing)
	case !wrong && err != nil:
		add("masters", err.Error())
	}
}
