package status

import "maps"

// Minus returns the bundle with its counters as they have grown since before.
// What is no counter stays; what has shrunk, or is of a link that has come
// later, is another call's, and has grown from nothing.
func (b Bundle) Minus(before Bundle) Bundle {
	b.Rx = b.Rx.minus(before.Rx)
	b.Tx.Traffic = b.Tx.Traffic.minus(before.Tx.Traffic)
	b.Tx.Urgent = grown(b.Tx.Urgent, before.Tx.Urgent)
	b.Drops = maps.Clone(b.Drops)
	for reason, n := range before.Drops {
		if now, ok := b.Drops[reason]; ok {
			b.Drops[reason] = grown(now, n)
		}
	}
	if b.MP != nil && before.MP != nil {
		m := *b.MP
		m.Lost, m.Resent = grown(m.Lost, before.MP.Lost), grown(m.Resent, before.MP.Resent)
		b.MP = &m
	}
	b.Links = append([]Link{}, b.Links...)
	for i := range b.Links {
		if old := before.Link(b.Links[i].Line); old != nil && old.Since.Equal(b.Links[i].Since) {
			b.Links[i] = b.Links[i].minus(*old)
		}
	}
	a, old := &b.Accounting, before.Accounting
	a.CallsTried = grown(a.CallsTried, old.CallsTried)
	a.CallsMade = grown(a.CallsMade, old.CallsMade)
	a.CallsTaken = grown(a.CallsTaken, old.CallsTaken)
	a.CallsFailed = grown(a.CallsFailed, old.CallsFailed)
	a.ConnectSecs = grown(a.ConnectSecs, old.ConnectSecs)
	return b
}

// Is reports whether another state is of the same interface, of the same daemon:
// counters go on from there.
func (b *Bundle) Is(other *Bundle) bool {
	return b.PID == other.PID && b.Interface == other.Interface
}

// Link returns the link on a line; nil if there is none.
func (b *Bundle) Link(line string) *Link {
	for i := range b.Links {
		if b.Links[i].Line == line {
			return &b.Links[i]
		}
	}
	return nil
}

func (k Link) minus(before Link) Link {
	k.Rx, k.Tx = k.Rx.minus(before.Rx), k.Tx.minus(before.Tx)
	k.BadFCS = grown(k.BadFCS, before.BadFCS)
	return k
}

func (t Traffic) minus(before Traffic) Traffic {
	t.Bytes, t.Packets = grown(t.Bytes, before.Bytes), grown(t.Packets, before.Packets)
	return t
}

func grown[T int | int64 | uint64](now, before T) T {
	if now < before {
		return now
	}
	return now - before
}
