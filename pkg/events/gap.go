package events

import (
	"fmt"
	"time"
)

// NotWatched returns the event that the cluster was not watched between two moments; why
// may be "".
func NotWatched(from, to time.Time, why string) Event {
	message := fmt.Sprintf("The cluster was not watched for %s, so that only what shows afterwards is known", to.Sub(from).Round(time.Second))
	if why != "" {
		message += " (" + why + ")"
	}
	id := fmt.Sprintf("%s/%s/%d", KindCollection, Gap, from.UnixMilli())
	return Event{
		ID: id, Opens: id,
		Kind: KindCollection, What: Gap, Time: from, End: to,
		Severity: Warning, Message: message,
	}
}
