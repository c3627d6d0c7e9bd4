package console

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// kept is a value that many requests show and that costs something to ask for. It is asked for at most once in its time,
// by one request; the others get the answer before, or wait when there is none yet.
type kept[T any] struct {
	ask  func(context.Context) (T, error)
	good time.Duration // how long an answer is given again, also one that is an error
	wait time.Duration // for an answer

	asking sync.Mutex // held by the request that asks
	last   atomic.Pointer[answer[T]]
}

// answer is the last value that there was, and how the last question went.
type answer[T any] struct {
	value T
	at    time.Time // of the value; zero while there has been none
	asked time.Time
	err   error
}

// known reports whether there is a value, new or old.
func (a answer[T]) known() bool { return !a.at.IsZero() }

func (k *kept[T]) get(ctx context.Context) answer[T] {
	a := k.last.Load()
	if a != nil && (time.Since(a.asked) < k.good || !k.asking.TryLock()) {
		return *a
	}
	if a == nil {
		k.asking.Lock()
	}
	defer k.asking.Unlock()
	if now := k.last.Load(); now != a { // another request has asked
		return *now
	}
	next := answer[T]{}
	if a != nil {
		next = *a
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.wait)
	defer cancel()
	v, err := k.ask(ctx)
	next.asked, next.err = time.Now(), err
	if err == nil {
		next.value, next.at = v, next.asked
	}
	k.last.Store(&next)
	return next
}

// forget lets the next request ask.
func (k *kept[T]) forget() {
	if a := k.last.Load(); a != nil {
		old := *a
		old.asked = time.Time{}
		k.last.CompareAndSwap(a, &old)
	}
}
