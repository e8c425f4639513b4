package mp

import "time"

// A handover is what is known of a write.
type handover struct {
	atOnce bool      // the line has taken everything at once, however long the machine needed for it
	waited time.Time // end of the last wait within it; zero: there was none
	rest   int       // bytes handed over after that
	ended  time.Time
}

// send hands over b, eagerly: at once as far as the line takes it, and the rest
// to the writer, which must not be busy. It returns true when there is no rest. Else
// the owner leaves b and ends alone until busy is false again. How it went is
// in seen then.
//
// Frames are written one by one where ends tells their ends, and otherwise so
// many bytes at a time.
func (p *port) send(b []byte, ends []int, part int, eagerly bool) (gone bool) {
	p.eagerly = eagerly && p.eager != nil && len(ends) == 0
	if p.eagerly {
		n, err := p.eager.TryWrite(b)
		if err == nil && n == len(b) {
			p.seen = handover{atOnce: true, ended: time.Now()}
			return true
		}
		b = b[n:]
	}
	p.ends, p.part = ends, part
	p.busy.Store(true)
	p.tx <- b
	return false
}

func (p *port) write() {
	defer p.wg.Done()
	for b := range p.tx {
		if err := p.parts(b); err != nil {
			p.writeErr.CompareAndSwap(nil, &err)
		}
		p.busy.Store(false)
		p.news()
	}
}

// parts writes b.
func (p *port) parts(b []byte) error {
	p.seen = handover{ended: time.Now()}
	for from, i := 0, 0; from < len(b); i++ {
		to := min(from+p.part, len(b))
		if i < len(p.ends) {
			to = p.ends[i]
		}
		atOnce, err := p.put(b[from:to])
		now := time.Now()
		if !atOnce && now.Sub(p.seen.ended) > hadToWait {
			p.seen.waited, p.seen.rest = now, len(b)-to
		}
		p.seen.ended = now
		if err != nil {
			return err
		}
		from = to
	}
	return nil
}

// put writes b, and reports whether the line has certainly taken it at once.
func (p *port) put(b []byte) (atOnce bool, err error) {
	if p.eagerly {
		n, err := p.eager.TryWrite(b)
		if err == nil && n == len(b) {
			return true, nil
		}
		b = b[n:]
	}
	_, err = p.line.Write(b)
	return false, err
}
