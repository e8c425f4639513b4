package radius

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"layeh.com/radius/rfc2866"

	"pppdial/cmd/internal/mailbox"
)

const (
	window      = 32               // records under way at once
	acctLimit   = 20 * time.Second // for the servers to take a record, before it rests
	firstRest   = 5 * time.Second  // when no server took one
	longestRest = time.Minute

	maxWaiting  = 16 << 20 // octets of attributes that wait for a server
	compactFrom = 1 << 20  // octets of a file that is not worth to be written anew
)

// An accountant keeps the records until a server has taken them. Its fields
// belong to the goroutine in run; everybody else puts a function into the box.
type accountant struct {
	spool *spool
	ports []*port
	dial  dialer
	log   *slog.Logger
	box   *mailbox.Mailbox

	queues  map[string][]*record // by session, in order; the first is ready or under way
	ready   []*record            // the first of their sessions, but those under way
	open    map[string]*record   // the Stop of each open session, should we be killed
	waiting int                  // octets of the records in queues
	sending int
	lost    int // records for which there was no room

	lines     []byte // for the spool file, of this turn
	sync      bool   // and they must be on the disk before anything is sent
	broken    bool   // the disk does not take them
	compactAt int64  // the size of the file at which it is written anew
	rest      time.Duration
	timer     *time.Timer // ends the rest
	resting   bool
	idlers    []chan struct{} // closed when there is nothing left that a server would take
}

func newAccountant(s *spool, ports []*port, dial dialer, log *slog.Logger) *accountant {
	a := &accountant{
		spool: s, ports: ports, dial: dial, log: log, box: mailbox.New(),
		compactAt: max(compactFrom, 4*s.size), queues: map[string][]*record{}, open: map[string]*record{}, timer: time.NewTimer(time.Hour),
	}
	a.timer.Stop()
	return a
}

// run works until the context ends. What is under way then is not waited for:
// it stays on the disk.
func (a *accountant) run(ctx context.Context) {
	defer a.timer.Stop()
	for {
		a.pump(ctx)
		if len(a.queues) == 0 || a.rest > 0 {
			for _, idle := range a.idlers {
				close(idle)
			}
			a.idlers = nil
		}
		select {
		case <-a.box.Ready():
			a.turn()
		case <-a.timer.C:
			a.resting = false
		case <-ctx.Done():
			a.turn()
			for a.sending > 0 {
				<-a.box.Ready()
				a.turn()
			}
			a.spool.close(len(a.queues) == 0 && len(a.open) == 0)
			return
		}
	}
}

// turn does what the box has, and writes it down.
func (a *accountant) turn() {
	for _, f := range a.box.Take() {
		f()
	}
	a.write()
}

// done is closed when all records are with a server, or no server takes them.
func (a *accountant) done() <-chan struct{} {
	idle := make(chan struct{})
	a.box.Put(func() { a.idlers = append(a.idlers, idle) })
	return idle
}

// add takes a record over. A Stop closes its session.
func (a *accountant) add(r *record) {
	if a.waiting+len(r.attrs) > maxWaiting && !a.makeRoom(len(r.attrs)) {
		a.lost++
		a.log.Error("accounting record lost: no RADIUS server takes them, and no more are kept",
			"record", r.id(), "lost", a.lost)
	} else {
		a.line(markSend, r)
		a.sync = true
		a.enqueue(r)
	}
	if r.status == rfc2866.AcctStatusType_Value_Stop {
		delete(a.open, r.session)
	}
}

// makeRoom drops updates that newer ones or a Stop supersede.
func (a *accountant) makeRoom(n int) bool {
	for session, q := range a.queues {
		kept := q[:1]
		for i, r := range q[1:] {
			if i+2 < len(q) && r.status == rfc2866.AcctStatusType_Value_InterimUpdate {
				a.waiting -= len(r.attrs)
				a.lines = appendLine(a.lines, markDone, r.id(), nil)
				continue
			}
			kept = append(kept, r)
		}
		a.queues[session] = kept
	}
	return a.waiting+n <= maxWaiting
}

func (a *accountant) enqueue(r *record) {
	q := append(a.queues[r.session], r)
	a.queues[r.session] = q
	a.waiting += len(r.attrs)
	if len(q) == 1 {
		a.ready = append(a.ready, r)
	}
}

// remember notes what an open session's Stop would be.
func (a *accountant) remember(r *record) {
	a.open[r.session] = r
	a.line(markOpen, r)
}

func (a *accountant) line(mark byte, r *record) { a.lines = appendLine(a.lines, mark, r.id(), r.attrs) }

// write brings this turn's lines to the disk. A disk that does not take them
// must not stop the accounting.
func (a *accountant) write() {
	if len(a.lines) == 0 {
		return
	}
	var err error
	if a.broken || a.spool.size > a.compactAt {
		err = a.rewrite()
	} else {
		err = a.spool.append(a.lines, a.sync)
	}
	a.lines, a.sync = a.lines[:0], false
	switch {
	case err != nil && !a.broken:
		a.log.Error("accounting records are not safe from a restart", "error", err)
	case err == nil && a.broken:
		a.log.Info("accounting records are safe on the disk again")
	}
	a.broken = err != nil
}

func (a *accountant) rewrite() error {
	var pending, open []*record
	for _, q := range a.queues {
		pending = append(pending, q...)
	}
	for _, r := range a.open {
		open = append(open, r)
	}
	err := a.spool.rewrite(pending, open)
	a.compactAt = max(compactFrom, 4*a.spool.size)
	return err
}

// pump sends what is ready. While nobody takes records, one at a time tries.
func (a *accountant) pump(ctx context.Context) {
	most := window
	if a.rest > 0 {
		most = 1
	}
	for len(a.ready) > 0 && a.sending < most && !a.resting && ctx.Err() == nil {
		r := a.ready[0]
		a.ready = a.ready[1:]
		a.sending++
		go func() {
			err := a.send(ctx, r)
			a.box.Put(func() { a.sent(r, err) })
		}()
	}
}

func (a *accountant) send(ctx context.Context, r *record) error {
	ctx, cancel := context.WithTimeout(ctx, acctLimit)
	defer cancel()
	x := exchange{dial: a.dial, request: func(s Secret) ([]byte, error) { return r.packet(s, time.Now()) }}
	_, err := x.ask(ctx, a.ports)
	return err
}

// sent takes note of what came of a record.
func (a *accountant) sent(r *record, err error) {
	a.sending--
	var bad *requestError
	if err != nil && !errors.As(err, &bad) {
		a.ready = append(a.ready, r)
		if a.resting {
			return
		}
		if a.rest == 0 {
			a.log.Warn("no RADIUS server takes accounting records; they are kept", "why", err)
		}
		a.rest = min(max(2*a.rest, firstRest), longestRest)
		a.resting = true
		a.timer.Reset(a.rest)
		return
	}
	if bad != nil {
		a.log.Error("accounting record lost", "record", r.id(), "error", err)
	} else if a.rest > 0 {
		a.rest = 0
		a.log.Info("RADIUS servers take accounting records again", "waiting", len(a.ready)+1)
	}
	a.lines = appendLine(a.lines, markDone, r.id(), nil)
	a.waiting -= len(r.attrs)
	q := a.queues[r.session][1:]
	if len(q) == 0 {
		delete(a.queues, r.session)
		return
	}
	a.queues[r.session] = q
	a.ready = append(a.ready, q[0])
}
