package account

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// RefusalTime is after how long every refusal comes. PAP asks again every
	// three seconds.
	RefusalTime = 2 * time.Second

	queueLimit = 4096 // attempts that wait for a goroutine
)

// Config is what a Checker is made of.
type Config struct {
	Shadow  string // "": DefaultShadow
	Workers int    // goroutines that compute hashes; 0: half of the processors
}

// A Checker checks passwords.
type Checker struct {
	file    *file
	workers int
	seed    maphash.Seed

	mu      sync.Mutex // guards the rest
	limit   *limiter
	queue   []attempt
	working int
	waiting map[*time.Timer]func() // refusals
	closed  bool
	idle    sync.Cond // a worker has ended
}

type attempt struct {
	name, password string
	came           time.Time
	answer         func(error)
}

// Why nobody looked at a password.
var (
	// ErrOften refuses those who have guessed too often.
	ErrOften = errors.New("too many wrong passwords in a short time")
	// ErrBusy refuses when too many wait already.
	ErrBusy = errors.New("too many callers at once")
	// ErrClosed refuses when the program ends.
	ErrClosed = errors.New("the program ends")
)

// New makes a Checker. It uses no goroutine while there is nothing to check.
func New(c Config) *Checker {
	if c.Shadow == "" {
		c.Shadow = DefaultShadow
	}
	if c.Workers == 0 {
		c.Workers = max(1, runtime.NumCPU()/2)
	}
	k := &Checker{
		file: &file{name: c.Shadow}, workers: c.Workers, seed: maphash.MakeSeed(),
		limit: newLimiter(), waiting: map[*time.Timer]func(){},
	}
	k.idle.L = &k.mu
	return k
}

// Check finds out whether name is an account with this password that may be
// used. It returns at once; answer is called once, from another goroutine, with
// nil if that is so. Otherwise the error is for the log: the peer must not be
// told more than that it was refused.
func (k *Checker) Check(name, password string, answer func(error)) {
	a := attempt{name, password, time.Now(), answer}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.closed:
		go answer(ErrClosed)
	case len(k.queue) == queueLimit:
		k.refuse(a, ErrBusy)
	default:
		k.queue = append(k.queue, a)
		if k.working < k.workers {
			k.working++
			go k.work()
		}
	}
}

// Close refuses all who wait, and ends the goroutines.
func (k *Checker) Close() {
	k.mu.Lock()
	k.closed = true
	queue, waiting := k.queue, k.waiting
	k.queue, k.waiting = nil, nil
	for k.working > 0 {
		k.idle.Wait()
	}
	k.mu.Unlock()
	for _, a := range queue {
		a.answer(ErrClosed)
	}
	for t, refuse := range waiting {
		if t.Stop() {
			refuse()
		}
	}
}

// refuse answers when RefusalTime has passed since the caller came. The caller
// holds the lock.
func (k *Checker) refuse(a attempt, err error) {
	wait := RefusalTime - time.Since(a.came)
	if wait <= 0 || k.closed {
		go a.answer(err)
		return
	}
	var t *time.Timer
	t = time.AfterFunc(wait, func() {
		k.mu.Lock()
		delete(k.waiting, t)
		k.mu.Unlock()
		a.answer(err)
	})
	k.waiting[t] = func() { a.answer(err) }
}

// work answers attempts until none waits.
func (k *Checker) work() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.queue) > 0 {
		a := k.queue[0]
		k.queue = k.queue[1:]
		if !k.limit.allowed(time.Now(), a.name) {
			k.refuse(a, ErrOften)
			continue
		}
		k.mu.Unlock()
		err, guessed := k.judge(a)
		k.mu.Lock()
		switch {
		case err == nil:
			k.limit.passed(a.name)
			go a.answer(nil)
		case guessed:
			k.limit.failed(time.Now(), a.name)
			fallthrough
		default:
			k.refuse(a, err)
		}
	}
	k.queue = nil
	k.working--
	k.idle.Broadcast()
}

// judge computes one hash, whatever the name; guessed is false when the file is
// to blame.
func (k *Checker) judge(a attempt) (err error, guessed bool) {
	t, err := k.file.read()
	if err != nil {
		return err, false
	}
	r := t.byName[a.name]
	if r == nil {
		verify(k.stranger(t, a.name), a.password)
		return fmt.Errorf("account: there is no account %q", a.name), true
	}
	err = r.usable(today(time.Now()))
	hash := r.hash
	if err != nil {
		hash = k.stranger(t, a.name)
	}
	wrong := verify(hash, a.password)
	if err == nil {
		err = wrong
	}
	if err == nil && strings.IndexByte(a.password, 0) >= 0 {
		err = errWrong // crypt(3) would look at what stands before it
	}
	if err != nil {
		err = fmt.Errorf("account: %s: %w", a.name, err)
	}
	return err, true
}

// stranger gives the hash with which a name is compared that lets nobody in: one
// of the others, always the same for the name, so that it takes as long.
func (k *Checker) stranger(t *table, name string) string {
	if len(t.hashes) == 0 {
		return usualHash
	}
	return t.hashes[maphash.String(k.seed, name)%uint64(len(t.hashes))]
}

// usualHash has the form that Debian's accounts have, and is that of no password.
const usualHash = "$y$j9T$......................$..........................................."

func inode(info os.FileInfo) any {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return nil
}
