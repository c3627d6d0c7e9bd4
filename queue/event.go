package queue

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

// An Event is an outgoing message: CloudEvents 1.0, JSON format, with data of type T.
type Event[T any] struct {
	SpecVersion string    `json:"specversion"` // "1.0"
	ID          string    `json:"id"`          // also the message id on the wire
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        T         `json:"data"`
}

// NewEvent fills in what is the same in every event.
func NewEvent[T any](typ, id, subject string, at time.Time, data T) Event[T] {
	return Event[T]{SpecVersion: "1.0", ID: id, Source: "/saring", Type: typ, Subject: subject, Time: at.UTC(),
		ContentType: "application/json", Data: data}
}

// EncodeEvent writes an event.
func EncodeEvent[T any](e Event[T]) ([]byte, error) { return json.Marshal(e) }

// DecodeEvent reads an event of that type.
func DecodeEvent[T any](typ string) func([]byte) (Event[T], error) {
	return func(data []byte) (e Event[T], err error) {
		if err = json.Unmarshal(data, &e); err != nil {
			return e, err
		}
		if e.SpecVersion != "1.0" || e.Type != typ {
			return e, fmt.Errorf("an event of type %q and version %q, want %q and 1.0", e.Type, e.SpecVersion, typ)
		}
		return e, nil
	}
}
