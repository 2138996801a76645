package plugin

import (
	"context"
	"sync"

	"community-mesos-datasource/pkg/series"
)

// landings tells who waits that samples were committed: the channels of live panels.
type landings struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait returns a channel that is closed with the next commit.
func (l *landings) wait() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next == nil {
		l.next = make(chan struct{})
	}
	return l.next
}

func (l *landings) landed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next != nil {
		close(l.next)
		l.next = nil
	}
}

// sink returns a sink that tells of each commit into another.
func (l *landings) sink(into series.Sink) series.Sink { return tellingSink{into, l} }

type tellingSink struct {
	series.Sink
	landings *landings
}

func (s tellingSink) Batch(ctx context.Context) series.Batch {
	return tellingBatch{s.Sink.Batch(ctx), s.landings}
}

type tellingBatch struct {
	series.Batch
	landings *landings
}

func (b tellingBatch) Commit() error {
	err := b.Batch.Commit()
	if err == nil {
		b.landings.landed()
	}
	return err
}
