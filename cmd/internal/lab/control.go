package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// errGone is what everything ends with when the guest has ended.
var errGone = errors.New("lab: the guest is gone")

// control is our end of the channel to the guest's first process (guest/agent).
// A message either way is a line "VERB ID LENGTH" and LENGTH bytes:
//
//	to the guest:   run ID     namespace NUL shell command
//	                kill ID    signal name, with a leading - for the process and its children
//	                hangup ID  tty; answered as a command is
//	                poweroff 0
//	from the guest: hello 0    ready
//	                out ID     what a command wrote
//	                end ID     its exit status, decimal; the last message of this id
//	                event 0    a script of pppd ran: words and NAME=VALUE, separated by tabs
type control struct {
	ch    channel
	ready chan struct{}

	wmu sync.Mutex // one message at a time

	mu      sync.Mutex
	nextID  uint32
	running map[uint32]*Process
	gone    bool // the channel is closed
	events  []Event
	changed chan struct{} // closed and replaced at each event
}

func newControl(ch channel) *control {
	c := &control{ch: ch, ready: make(chan struct{}), running: map[uint32]*Process{}, changed: make(chan struct{})}
	go c.read()
	return c
}

// hello waits for the guest's first message.
func (c *control) hello(ctx context.Context, exited <-chan struct{}) error {
	select {
	case <-c.ready:
		return nil
	case <-exited:
		return errors.New("the kernel ended early")
	case <-ctx.Done():
		return fmt.Errorf("the guest does not answer: %w", ctx.Err())
	}
}

func (c *control) send(verb string, id uint32, body string) error {
	c.mu.Lock()
	gone := c.gone
	c.mu.Unlock()
	if gone {
		return errGone
	}
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if _, err := fmt.Fprintf(c.ch.in, "%s %d %d\n%s", verb, id, len(body), body); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

// start gives p an identifier and tells the guest of it.
func (c *control) start(p *Process, verb, body string) error {
	c.mu.Lock()
	c.nextID++
	p.id = c.nextID
	c.running[p.id] = p // before the answer can come
	c.mu.Unlock()
	return c.send(verb, p.id, body)
}

// read hands every message to whom it concerns, until the channel closes.
func (c *control) read() {
	r := bufio.NewReaderSize(c.ch.out, 1<<16)
	err := c.messages(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
	for id, p := range c.running {
		p.ended(0, errors.Join(errGone, err))
		delete(c.running, id)
	}
}

func (c *control) messages(r *bufio.Reader) error {
	for {
		head, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		var verb string
		var id uint32
		var n int
		if _, err := fmt.Sscanf(head, "%s %d %d\n", &verb, &id, &n); err != nil || n < 0 || n > 1<<20 {
			return fmt.Errorf("control channel: %q", head)
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		if err := c.message(time.Now(), verb, id, body); err != nil {
			return err
		}
	}
}

func (c *control) message(now time.Time, verb string, id uint32, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.running[id]
	switch {
	case verb == "hello":
		close(c.ready)
	case verb == "event":
		c.events = append(c.events, parseEvent(now, string(body)))
		close(c.changed)
		c.changed = make(chan struct{})
	case verb == "out" && p != nil:
		p.output(now, body)
	case verb == "end" && p != nil:
		status, err := strconv.Atoi(string(body))
		p.ended(status, err)
		delete(c.running, id)
	default:
		return fmt.Errorf("control channel: %s for command %d", verb, id)
	}
	return nil
}

func parseEvent(now time.Time, text string) Event {
	words := strings.Split(text, "\t")
	e := Event{At: now, Name: words[0], Env: map[string]string{}}
	for _, w := range words[1:] {
		if k, v, ok := strings.Cut(w, "="); ok {
			if v != "" {
				e.Env[k] = v
			}
		} else {
			e.Args = append(e.Args, w)
		}
	}
	return e
}

// eventsChanged returns a channel that is closed by the next event.
func (c *control) eventsChanged() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

func (c *control) allEvents() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.events[:len(c.events):len(c.events)]
}
