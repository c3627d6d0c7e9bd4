package queue

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A broker that forces every message to the disk by itself can store some thousand a second. An atomic batch
// (ADR-50; nats-server 2.12) shares what it forces: about as much as batchFrom messages, however many are in it. It is
// stored whole or not at all, and is slower than its messages where nothing is forced. bench/record has the figures.
const (
	batchFrom = 24   // messages; with fewer, each by itself is faster
	batchMost = 1000 // the broker's limit
)

// batched says of which streams messages may come in batches: those of which one pack makes many.
func batched(stream string) bool {
	return stream == FlagStream || stream == Platform || stream == Government
}

// publishBatch publishes results of one stream as atomic batches and reports whether all are stored. They are not
// when the broker has one of them already; then each has to be looked at by itself.
func (b *Broker) publishBatch(ctx context.Context, results []Result) bool {
	for ; len(results) > batchMost; results = results[batchMost:] {
		if !b.publishAtomic(ctx, results[:batchMost]) {
			return false
		}
	}
	return b.publishAtomic(ctx, results)
}

func (b *Broker) publishAtomic(ctx context.Context, results []Result) bool {
	id, last := NewID(), len(results)-1
	for i, r := range results {
		msg := &nats.Msg{Subject: r.msg.Subject, Data: r.msg.Data, Header: maps.Clone(r.msg.Header)}
		msg.Header.Set(jetstream.MsgIDHeader, r.id)
		msg.Header.Set(jetstream.ExpectedLastSubjSeqHeader, "0")
		msg.Header.Set("Nats-Batch-Id", id)
		msg.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		if i < last {
			if b.nc.PublishMsg(msg) != nil {
				return false
			}
			continue
		}
		msg.Header.Set("Nats-Batch-Commit", "1")
		return b.committed(ctx, msg, len(results))
	}
	return true
}

// committed sends the last message of a batch and reports whether all n are stored.
func (b *Broker) committed(ctx context.Context, msg *nats.Msg, n int) bool {
	ctx, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	answer, err := b.nc.RequestMsgWithContext(ctx, msg)
	if err != nil {
		return false
	}
	var ack struct {
		Error *jetstream.APIError `json:"error"`
		Count int                 `json:"count"`
	}
	return json.Unmarshal(answer.Data, &ack) == nil && ack.Error == nil && ack.Count == n
}
