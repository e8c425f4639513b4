package tun_test

import (
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/route/tun"
)

var _ tun.Device = (*tun.Mem)(nil)

func TestMemCarriesPacketsBothWays(t *testing.T) {
	m := tun.NewMem("ppp0", 4)
	for _, p := range []string{"a", "bb", "ccc"} {
		if err := m.Send([]byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	bufs, sizes := buffers(2)
	for _, want := range [][]string{{"a", "bb"}, {"ccc"}} {
		n, err := m.Read(bufs, sizes, headroom)
		if err != nil || n != len(want) {
			t.Fatalf("Read: %d, %v; want %d", n, err, len(want))
		}
		for i, w := range want {
			if got := bufs[i][headroom : headroom+sizes[i]]; string(got) != w {
				t.Errorf("read %q, want %q", got, w)
			}
		}
	}
	if n, err := m.Write([][]byte{append(make([]byte, headroom), "dddd"...)}, headroom); n != 1 || err != nil {
		t.Errorf("Write: %d, %v", n, err)
	}
	if got := <-m.Received(); string(got) != "dddd" {
		t.Errorf("received %q", got)
	}
}

func TestMemInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := tun.NewMem("ppp0", 1)
		start := time.Now()
		go func() {
			time.Sleep(time.Hour)
			m.Send([]byte("late"))
			time.Sleep(time.Hour)
			m.Close()
		}()
		bufs, sizes := buffers(4)
		if n, err := m.Read(bufs, sizes, headroom); n != 1 || err != nil || time.Since(start) != time.Hour {
			t.Errorf("Read: %d, %v after %v; want one packet after an hour", n, err, time.Since(start))
		}
		if _, err := m.Read(bufs, sizes, headroom); !errors.Is(err, fs.ErrClosed) || time.Since(start) != 2*time.Hour {
			t.Errorf("Read: %v after %v; want fs.ErrClosed after two hours", err, time.Since(start))
		}
		if _, err := m.Write(bufs, headroom); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
		if err := m.Send(nil); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Send after Close: %v", err)
		}
	})
}
