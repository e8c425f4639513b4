package line

import (
	"bytes"
	"io"
	"net"
	"testing"
)

// TestTryWrite: what a tty takes at once arrives, no more is said to have been
// taken, and nobody waits for a reader.
func TestTryWrite(t *testing.T) {
	master, slave, err := openPTY()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	l := newLine("pty", Caps{}, nil, master)
	data := bytes.Repeat([]byte("0123456789abcde\n"), 64<<10/16)
	sent := 0
	for {
		n, err := l.TryWrite(data)
		if err != nil {
			t.Fatal(err)
		}
		if sent += n; n < len(data) {
			break // it is full
		}
	}
	r := newLine("pty", Caps{}, nil, slave)
	got := make([]byte, 0, sent)
	for tried := 0; len(got) < sent; tried++ {
		b := got[len(got):sent]
		n, err := r.TryRead(b)
		if n == 0 && tried > 0 {
			n, err = io.ReadFull(slave, b[:1])
		}
		if err != nil {
			t.Fatal(err)
		}
		got = got[:len(got)+n]
	}
	for i, c := range got {
		if c != data[i%len(data)] {
			t.Fatalf("byte %d is %q", i, c)
		}
	}
	if n := testing.AllocsPerRun(10, func() { l.TryWrite(data[:1]) }); n != 0 {
		t.Errorf("TryWrite makes %v allocations", n)
	}
	if n := testing.AllocsPerRun(10, func() { r.TryRead(got) }); n != 0 {
		t.Errorf("TryRead makes %v allocations", n)
	}
	for n := 1; n > 0; {
		n, _ = r.TryRead(got)
	}
	if n, err := r.TryRead(got); n != 0 || err != nil {
		t.Errorf("where there is nothing: %d, %v", n, err)
	}
	l.Close()
	if n, err := l.TryWrite(data); n != 0 || err == nil {
		t.Errorf("after Close: %d, %v", n, err)
	}
	if n, err := l.TryRead(got); n != 0 || err == nil {
		t.Errorf("after Close: %d, %v", n, err)
	}
}

// TestTryWriteWithoutDescriptor: Write has to do it all.
func TestTryWriteWithoutDescriptor(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	l := newLine("pipe", Caps{}, nil, a)
	defer l.Close()
	if n, err := l.TryWrite([]byte("x")); n != 0 || err != nil {
		t.Errorf("%d, %v, want 0 and no error", n, err)
	}
	if n, err := l.TryRead(make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("%d, %v, want 0 and no error", n, err)
	}
}
