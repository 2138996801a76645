package cluster

import (
	"maps"
	"slices"
)

// Most of a model is texts, and most texts are those of the model before. A model takes them
// from there: so what a /state was read into is garbage at once, and what is made of
// models (keys of series, containers) has the same texts whichever it was made of.

// share takes from the task before what is the same.
func (t *Task) share(was *Task) {
	shareText(&t.ID, was.ID)
	shareText(&t.Name, was.Name)
	shareText(&t.ExecutorID, was.ExecutorID)
	shareText(&t.Role, was.Role)
	shareText(&t.ContainerID, was.ContainerID)
	shareText(&t.Addresses, was.Addresses)
	if slices.Equal(t.Labels, was.Labels) {
		t.Labels = was.Labels
	}
	shareValue(&t.revocable, was.revocable)
	shareValue(&t.Healthy, was.Healthy)
}

// share takes from the agent before what is the same.
func (a *Agent) share(was *Agent) {
	shareText(&a.ID, was.ID)
	shareText(&a.Hostname, was.Hostname)
	shareText(&a.IP, was.IP)
	shareText(&a.Version, was.Version)
	shareText(&a.Region, was.Region)
	shareText(&a.Zone, was.Zone)
	if maps.Equal(a.Attributes, was.Attributes) && (a.Attributes == nil) == (was.Attributes == nil) {
		a.Attributes = was.Attributes
	}
	if slices.Equal(a.Reservations, was.Reservations) && (a.Reservations == nil) == (was.Reservations == nil) {
		a.Reservations = was.Reservations
	}
}

func shareText(now *string, was string) {
	if *now == was {
		*now = was
	}
}

func shareValue[V comparable](now **V, was *V) {
	if *now != nil && was != nil && **now == *was {
		*now = was
	}
}
