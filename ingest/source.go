package ingest

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// A Source reads one place. Run returns nil when there is nothing more to read, ctx.Err() when it was told to
// stop, and any other error when it failed; it is then run again, later, and goes on at its cursor. An error that
// wraps ErrFinal is final: nothing would change.
// When Run returns, all of its goroutines have.
type Source interface {
	// Name is the key of the source's cursor, unique among the sources of a deployment.
	Name() string
	// Kind is the label of the source's metrics: "file", "http", "telegram_bot", ….
	Kind() string
	Run(ctx context.Context, in *Intake) error
}

// ErrFinal marks an error that running the source again would only meet again.
var ErrFinal = errors.New("the source is given up")

// After a failure a source waits, twice as long each time, until it has run well for a while.
const (
	firstWait = time.Second
	lastWait  = 5 * time.Minute
	goodRun   = time.Minute
)

// Supervise runs a source until it has read everything or ctx ends. A failure is logged, counted and waited out;
// it never ends the other sources.
func Supervise(ctx context.Context, s Source, in *Intake, log *slog.Logger) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = firstWait, lastWait
	for {
		in.metrics.setUp(s.Name(), true)
		began := time.Now()
		err := s.Run(ctx, in)
		in.metrics.setUp(s.Name(), false)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			in.metrics.ended(s.Name())
			return nil
		}
		if errors.Is(err, ErrFinal) {
			in.metrics.failed(s.Name())
			log.Error("source ended", "source", s.Name(), "error", err)
			return nil
		}
		if time.Since(began) > goodRun {
			wait.Reset()
		}
		pause := wait.NextBackOff()
		in.metrics.failed(s.Name())
		log.Warn("source failed; it will be tried again", "source", s.Name(), "error", err, "in", pause.Round(time.Second))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
