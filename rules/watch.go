package rules

import (
	"context"
	"fmt"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a folder must be quiet before it is read: an editor saves in several steps.
const settle = 150 * time.Millisecond

// Watch loads the folder again whenever a file in it changes and hands over the result, until ctx ends.
func Watch(ctx context.Context, dir string, changed func(*Ruleset, error)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	defer w.Close()
	if err := w.Add(dir); err != nil {
		return fmt.Errorf("watch %s: %w", dir, err)
	}
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-w.Errors:
			changed(nil, fmt.Errorf("watch %s: %w", dir, err))
		case <-w.Events:
			quiet.Reset(settle)
		case <-quiet.C:
			changed(Load(dir))
		}
	}
}
