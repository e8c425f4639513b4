package modemmanager

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
)

// A pipeBus is a bus in memory on which ModemManager is. It answers InhibitDevice
// as answer says: "" is yes, "-" nothing at all.
type pipeBus struct {
	began  time.Time
	answer func(n int, on bool) string
	asked  []time.Duration // when the wish was said; read it when the bubble rests
}

func (b *pipeBus) open() (*dbus.Conn, error) {
	near, far := net.Pipe()
	go b.serve(far)
	conn, err := dbus.NewConn(near)
	if err != nil {
		return nil, err
	}
	return conn, conn.Auth([]dbus.Auth{dbus.AuthAnonymous()})
}

func (b *pipeBus) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	r.ReadByte()
	for _, answer := range []string{"REJECTED ANONYMOUS\r\n", "OK 0\r\n", ""} { // AUTH, AUTH ANONYMOUS, BEGIN
		r.ReadString('\n')
		c.Write([]byte(answer))
	}
	for {
		m, err := dbus.DecodeMessage(r)
		if err != nil {
			return
		}
		a := &dbus.Message{Type: dbus.TypeMethodReply, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(m.Serial()),
		}}
		switch m.Headers[dbus.FieldMember].Value() {
		case "GetNameOwner":
			a.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(""))
			a.Body = []any{":1.7"}
		case "InhibitDevice":
			on := m.Body[1].(bool)
			if on {
				b.asked = append(b.asked, time.Since(b.began))
			}
			switch name := b.answer(len(b.asked), on); name {
			case "":
			case "-":
				continue
			default:
				a.Type = dbus.TypeError
				a.Headers[dbus.FieldErrorName] = dbus.MakeVariant(errPrefix + name)
			}
		}
		if a.EncodeTo(c, binary.LittleEndian) != nil {
			return
		}
	}
}

// onPipe runs f with a Manager on such a bus.
func onPipe(t *testing.T, answer func(n int, on bool) string, f func(*testing.T, *pipeBus, *Manager)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &pipeBus{began: time.Now(), answer: answer}
		m := New("", nil)
		m.open = b.open
		f(t, b, m)
		m.Close()
	})
}

// TestProbing: ModemManager does not let go of a device before it knows what it is.
func TestProbing(t *testing.T) {
	for _, c := range []struct {
		why   string
		until int // so often is refused
		took  time.Duration
		ok    bool
	}{
		{"it is known soon", 5, 5 * time.Second, true},
		{"it is known late", 33, probingLimit, false},
	} {
		onPipe(t, func(n int, _ bool) string {
			if n <= c.until {
				return "Core.WrongState"
			}
			return ""
		}, func(t *testing.T, b *pipeBus, m *Manager) {
			err := m.Inhibit(t.Context(), device)
			if took := time.Since(b.began); took != c.took || (err == nil) != c.ok {
				t.Errorf("%s: %v after %v, want it after %v", c.why, err, took, c.took)
			}
			if !c.ok { // the next call need not wait again
				if err := m.Inhibit(t.Context(), device); err == nil || time.Since(b.began) != c.took {
					t.Errorf("%s: the next call, %v after %v", c.why, err, time.Since(b.began))
				}
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if len(b.asked) != c.until+1 {
				t.Errorf("%s: asked %d times, want it until it is granted", c.why, len(b.asked))
			}
			if err := m.Inhibit(t.Context(), device); err != nil || len(b.asked) != c.until+1 {
				t.Errorf("%s: when it is granted, %v, asked %d times", c.why, err, len(b.asked))
			}
		})
	}
}

// TestAskAgain asks for a device that ModemManager has not seen yet, without haste.
func TestAskAgain(t *testing.T) {
	onPipe(t, func(int, bool) string { return "Core.NotFound" }, func(t *testing.T, b *pipeBus, m *Manager) {
		if err := m.Inhibit(t.Context(), device); err != nil || time.Since(b.began) != 0 {
			t.Errorf("not found: %v after %v", err, time.Since(b.began))
		}
		time.Sleep(10*time.Minute + time.Second)
		synctest.Wait()
		want := []time.Duration{0}
		for at := askOften; at <= oftenFor; at += askOften {
			want = append(want, at)
		}
		for at := oftenFor + askRarely; at <= 10*time.Minute; at += askRarely {
			want = append(want, at)
		}
		if !slices.Equal(b.asked, want) {
			t.Errorf("asked at %v, want %v", b.asked, want)
		}
	})
}

// TestUnheard: a ModemManager that does not answer does not keep a program from its
// end.
func TestUnheard(t *testing.T) {
	onPipe(t, func(_ int, on bool) string {
		if on {
			return ""
		}
		return "-"
	}, func(t *testing.T, _ *pipeBus, m *Manager) {
		if err := m.Inhibit(t.Context(), device); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		m.Close()
		if d := time.Since(began); d != releaseTime {
			t.Errorf("the release took %v, want %v", d, releaseTime)
		}
	})
	onPipe(t, func(int, bool) string { return "-" }, func(t *testing.T, b *pipeBus, m *Manager) {
		if err := m.Inhibit(t.Context(), device); !errors.Is(err, context.DeadlineExceeded) || time.Since(b.began) != askLimit {
			t.Errorf("no answer: %v after %v", err, time.Since(b.began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := m.Inhibit(ctx, device); !errors.Is(err, context.DeadlineExceeded) || time.Since(b.began) != askLimit+time.Second {
			t.Errorf("interrupted: %v after %v", err, time.Since(b.began))
		}
		began := time.Now()
		m.Close()
		if d := time.Since(began); d != 0 {
			t.Errorf("the end took %v", d)
		}
	})
}
