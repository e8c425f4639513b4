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
	got := make([]byte, sent)
	if _, err := io.ReadFull(slave, got); err != nil {
		t.Fatal(err)
	}
	for i, c := range got {
		if c != data[i%len(data)] {
			t.Fatalf("byte %d is %q", i, c)
		}
	}
	if n := testing.AllocsPerRun(10, func() { l.TryWrite(data[:1]) }); n != 0 {
		t.Errorf("TryWrite makes %v allocations", n)
	}
	l.Close()
	if n, err := l.TryWrite(data); n != 0 || err == nil {
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
}
