package mp

import "time"

// A handover is what the writer has seen of a write.
type handover struct {
	waited time.Time // end of the last wait within it; zero: there was none
	rest   int       // bytes handed over after that
	ended  time.Time
}

// send gives b to the writer, which must not be busy; the owner leaves b and
// ends alone until busy is false again, and finds then in seen how it went.
// Frames are written one by one where ends tells their ends, and otherwise so
// many bytes at a time.
func (p *port) send(b []byte, ends []int, part int) {
	p.ends, p.part = ends, part
	p.busy.Store(true)
	p.tx <- b
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
		_, err := p.line.Write(b[from:to])
		now := time.Now()
		if now.Sub(p.seen.ended) > hadToWait {
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
