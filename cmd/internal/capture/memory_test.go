package capture

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestMemory: what is kept are the newest blocks that fit, in a memory that does
// not grow.
func TestMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := memory{limit: rapid.IntRange(0, 400).Draw(t, "limit")}
		var all [][]byte
		now := time.Unix(0, 0)
		for i := range rapid.IntRange(0, 60).Draw(t, "n") {
			if rapid.IntRange(0, 20).Draw(t, "forget") == 0 {
				m.forget()
				all = nil
			}
			size := rapid.IntRange(0, 40).Draw(t, "size")
			block := end(append(begin(nil, uint32(i)), make([]byte, size)...), 0)
			now = now.Add(time.Second)
			m.add(now, block)
			if len(block)+stamp <= m.limit {
				all = append(all, block)
			}
			if cap(m.buf) > 4*m.limit+64 {
				t.Fatalf("%d octets of memory for a limit of %d", cap(m.buf), m.limit)
			}
		}
		var want []byte
		room := m.limit
		for i := len(all) - 1; i >= 0; i-- {
			if room -= len(all[i]) + stamp; room < 0 {
				break
			}
			want = append(bytes.Clone(all[i]), want...)
		}
		if got := merged(nil, &m, &memory{}); !bytes.Equal(got, want) {
			t.Fatalf("kept %x, want %x", got, want)
		}
	})
}

// TestMerged: blocks of two memories come in the order of their times.
func TestMerged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two := memory{limit: 1 << 20}, memory{limit: 1 << 20}
		var want []byte
		for i := range rapid.IntRange(0, 30).Draw(t, "n") {
			block := end(begin(nil, uint32(i)), 0)
			want = append(want, block...)
			m := &one
			if rapid.Bool().Draw(t, "two") {
				m = &two
			}
			m.add(time.Unix(int64(i), 0), block)
		}
		if got := merged(nil, &one, &two); !bytes.Equal(got, want) {
			t.Fatalf("%x, want %x", got, want)
		}
	})
}
