package cluster

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/go-json-experiment/json"

	"community-mesos-datasource/pkg/mesos"
)

// A model has the texts of the one before where they are the same, and its own where not.
func TestAModelTakesTextsFromTheOneBefore(t *testing.T) {
	body := stateText(20, 100, details{true, true, true, true})
	read := func() *mesos.State {
		s := new(mesos.State)
		if err := json.Unmarshal(body, s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := Build(read(), nil)
	changed := read()
	changed.Frameworks[0].Tasks[0].Container.ID = "another"
	changed.Frameworks[0].Tasks[0].Labels = []mesos.Label{{Key: "app", Value: "another"}}
	changed.Slaves[0].Attributes["rack"] = "another"
	changed.Slaves[0].Version = "another"
	second := Build(changed, first)

	if !reflect.DeepEqual(second.Tasks()[1:], Build(changed, nil).Tasks()[1:]) {
		t.Error("the tasks are others than without a model before")
	}
	same := func(what string, a, b *string) {
		t.Helper()
		if *a != *b || *a == "" || unsafe.StringData(*a) != unsafe.StringData(*b) {
			t.Errorf("%s is not shared: %q and %q", what, *a, *b)
		}
	}
	for i := range second.Tasks() {
		was, now := &first.Tasks()[i], &second.Tasks()[i]
		same("an ID", &was.ID, &now.ID)
		same("a name", &was.Name, &now.Name)
		if i == 0 {
			if now.ContainerID != "another" || now.Labels[0].Value != "another" || was.ContainerID == "another" || was.Labels[0].Value == "another" {
				t.Error(now.ContainerID, now.Labels, was.ContainerID, was.Labels)
			}
			continue
		}
		same("a container", &was.ContainerID, &now.ContainerID)
		same("an address", &was.Addresses, &now.Addresses)
		if &was.Labels[0] != &now.Labels[0] {
			t.Error("labels are not shared")
		}
	}
	for i, now := range second.Agents {
		was := first.Agents[i]
		same("an ID", &was.ID, &now.ID)
		same("a host name", &was.Hostname, &now.Hostname)
		shared := reflect.ValueOf(was.Attributes).Pointer() == reflect.ValueOf(now.Attributes).Pointer()
		if i == 0 {
			if shared || now.Attributes["rack"] != "another" || was.Attributes["rack"] == "another" || now.Version != "another" || was.Version == "another" {
				t.Error(now, was)
			}
			continue
		}
		same("a version", &was.Version, &now.Version)
		if !shared {
			t.Error("attributes are not shared")
		}
	}
}
