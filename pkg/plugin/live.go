package plugin

import (
	"context"
	"errors"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/query"
)

// This file is Grafana Live: channels of live panels (pkg/query/live.go). Grafana runs one
// stream per channel and process however many watch, and ends it some seconds after the
// last viewer.

const (
	// maxChannels is how many channels of one data source may run. Each costs one query
	// whenever samples are collected.
	maxChannels = 100
	// leastBetweenMessages is how often a channel is computed at most: agents' samples
	// are committed one by one.
	leastBetweenMessages = time.Second
)

// SubscribeStream implements backend.SubscribeStreamHandler: it allows the channel of the
// query that the viewer sends along, and no other.
func (p *Plugin) SubscribeStream(ctx context.Context, req *backend.SubscribeStreamRequest) (response *backend.SubscribeStreamResponse, _ error) {
	response = &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}
	defer func() {
		if cause := recover(); cause != nil {
			p.panicked("subscribing to a channel", cause)
			response = &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusNotFound}
		}
	}()
	if query.IsTail(req.Path) {
		response.Status = p.subscribeTail(ctx, req)
		return response, nil
	}
	if _, err := query.ParseLive(req.Path, req.Data); err != nil {
		p.registry.log.Debug("A channel was refused", "path", req.Path, "error", err) // Viewers may ask for any
		return response, nil
	}
	response.Status = backend.SubscribeStreamStatusOK
	return response, nil
}

// PublishStream implements backend.PublishStreamHandler: nobody may publish.
func (p *Plugin) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream implements backend.RunStreamHandler: it sends messages until ctx ends, which
// it does with the last viewer.
func (p *Plugin) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			p.panicked("running a channel", cause)
			err = errors.New("the channel failed in the plugin: its log has the details")
		}
	}()
	if query.IsTail(req.Path) {
		return p.runTail(ctx, req, sender)
	}
	request, err := query.ParseLive(req.Path, req.Data)
	if err != nil {
		return err
	}
	live := query.NewLive(request, p.registry.clock.Now())
	src, err := p.registry.settled(ctx, req.PluginContext)
	if err != nil {
		return err
	}
	if n := src.channels.Add(1); n > maxChannels {
		src.channels.Add(-1)
		_ = sender.SendJSON(live.Failed(p.registry.clock.Now(), errTooManyChannels.Error()))
		return errTooManyChannels
	}
	defer src.channels.Add(-1)
	pause := p.registry.clock.NewTimer()
	defer pause.Stop()
	for {
		landed := src.landings.wait()
		message, err := p.liveMessage(ctx, src, live)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if message != nil {
			if err := sender.SendJSON(message); err != nil {
				return err
			}
		}
		pause.Reset(leastBetweenMessages)
		select {
		case <-pause.C():
		case <-ctx.Done():
			return nil
		}
		// With the next samples, or after a while: a poll that fails lands nothing, and its
		// notice must come as well.
		pause.Reset(quietFor)
		select {
		case <-landed:
		case <-pause.C():
		case <-ctx.Done():
			return nil
		}
	}
}

// quietFor is after how long without samples a channel is computed all the same.
const quietFor = 15 * time.Second

var errTooManyChannels = errors.New("100 live panels of this data source run already: turn Live off in some of them")

// liveMessage computes a channel once, in the time that queries have. What is wrong with
// the settings is a message; the error is why the channel ends, after which Grafana begins
// it anew.
func (p *Plugin) liveMessage(ctx context.Context, src *source, live *query.Live) ([]byte, error) {
	now := p.registry.clock.Now()
	problem, closed := src.touch(now)
	if closed {
		return nil, errShutDown
	}
	if problem != nil {
		return live.Failed(now, p.registry.pathless(problem.Error())), nil
	}
	view, err := p.registry.query(src)
	if err != nil {
		return nil, nil // changed meanwhile: the next message says it
	}
	ctx, sent := p.registry.engine.Answers(ctx)
	defer sent()
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	src.computed.Add(1)
	message, err := live.Next(ctx, view, p.registry.withoutPaths)
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		return nil, nil // too busy for this one
	}
	return message, err
}
