package modem

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"pppdial/dial/chat"
)

// TestPINByBothNames: a locked card tells its number at times only, and is known by
// its modem otherwise. Another card, known to be another, is not blamed.
func TestPINByBothNames(t *testing.T) {
	const shy, a, b, silent = "+CME ERROR: 14", "+QCCID: 89860000000000000001", "+QCCID: 89860000000000000002", ""
	type try struct {
		card    string // what the modem says of it
		modem   string
		want    error
		entered bool
	}
	const here, there = "867698040123456", "867698040654321"
	for _, c := range []struct {
		why   string
		tries []try
	}{
		{"its number is told later", []try{{shy, here, ErrPINRefused, true}, {a, here, ErrPINRefused, false}}},
		{"its number is not told any more", []try{{a, here, ErrPINRefused, true}, {shy, here, ErrPINRefused, false}}},
		{"its number is asked for in vain", []try{{silent, here, ErrSilent, false}, {a, here, ErrPINRefused, true}}},
		{"another card", []try{{a, here, ErrPINRefused, true}, {b, here, ErrPINRefused, true}, {a, here, ErrPINRefused, false}, {shy, here, ErrPINRefused, false}}},
		{"perhaps another card", []try{{shy, here, ErrPINRefused, true}, {b, here, ErrPINRefused, false}}},
		{"another modem", []try{{a, here, ErrPINRefused, true}, {a, there, ErrPINRefused, false}}},
		{"another card in another modem", []try{{shy, here, ErrPINRefused, true}, {b, there, ErrPINRefused, true}}},
		{"a modem that tells nothing", []try{{a, "ERROR", ErrPINRefused, true}, {shy, "ERROR", ErrPINRefused, false}}},
	} {
		t.Run(c.why, func(t *testing.T) {
			pins := NewPINs("")
			for i, try := range c.tries {
				synctest.Test(t, func(t *testing.T) {
					f := cell("AT+CPIN?", "+CPIN: SIM PIN", "AT+QCCID", try.card, "AT+CGSN", try.modem, `AT+CPIN="0000"`, "+CME ERROR: 16")
					if _, err := f.start(t).SetUp(t.Context(), Cellular{PIN: "0000", PINs: pins}, nil); !errors.Is(err, try.want) {
						t.Errorf("try %d: %v, want %v", i, err, try.want)
					}
					synctest.Wait()
					if entered := slices.Contains(f.commands, `AT+CPIN="0000"`); entered != try.entered {
						t.Errorf("try %d: entered is %t", i, entered)
					}
				})
			}
		})
	}
}

// TestPINUnsent: a program that is stopped when the PIN is noted and has not left
// yet enters it at its next start.
func TestPINUnsent(t *testing.T) {
	pins := NewPINs("")
	for _, stopped := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			f := cell("AT+CPIN?", "+CPIN: SIM PIN|+CPIN: READY", "AT+QPINC?", `+QPINC: "SC",3,10`, `AT+CPIN="1234"`, "OK")
			m := f.start(t)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var want error
			if stopped {
				m.conn, want = &stopper{Conn: m.conn, when: "+QPINC:", stop: stop}, context.Canceled
			}
			_, err := m.SetUp(ctx, Cellular{PIN: "1234", PINs: pins}, nil)
			if !errors.Is(err, want) {
				t.Errorf("stopped %t: %v", stopped, err)
			}
			synctest.Wait()
			if entered := slices.Contains(f.commands, `AT+CPIN="1234"`); entered == stopped {
				t.Errorf("stopped %t: entered is %t", stopped, entered)
			}
		})
	}
}

// A stopper stops when the modem has said something, and OK.
type stopper struct {
	chat.Conn
	when string
	stop context.CancelFunc
	said []byte
}

func (s *stopper) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.said = append(s.said, b[:n]...)
	if _, after, ok := bytes.Cut(s.said, []byte(s.when)); ok && bytes.Contains(after, []byte("OK\r")) {
		s.stop()
	}
	return n, err
}

// TestPINOfAnotherCard: a card that is seen open says nothing of the card before it.
func TestPINOfAnotherCard(t *testing.T) {
	pins := NewPINs("")
	before, now := cardID{"1", "modem"}, cardID{"2", "modem"}
	if err := errors.Join(pins.trying(before, "1234"), pins.settle(now)); err != nil {
		t.Fatal(err)
	}
	if !pins.refused(before, "1234") || !pins.refused(cardID{modem: "modem"}, "1234") || pins.refused(now, "1234") {
		t.Error("what became of a PIN is known by another card")
	}
	if err := pins.settle(before); err != nil || pins.refused(before, "1234") || pins.refused(cardID{modem: "modem"}, "1234") {
		t.Errorf("the card is open, and is not believed: %v", err)
	}
}

// TestPINsOnABrokenDisk: what became of a PIN can't be noted any more. That is no
// reason not to call.
func TestPINsOnABrokenDisk(t *testing.T) {
	for _, c := range []struct {
		why  string
		lost string // the command at which the place for notes is lost
		fake *fake
		want error
	}{
		{"the card is open", "AT+QCCID", cell("AT+CPIN?", "+CPIN: READY"), nil},
		{"the PIN is taken", `AT+CPIN="0000"`, cell("AT+CPIN?", "+CPIN: SIM PIN|+CPIN: READY", `AT+CPIN="0000"`, "OK"), nil},
		{"the PIN is refused", `AT+CPIN="0000"`, cell("AT+CPIN?", "+CPIN: SIM PIN", `AT+CPIN="0000"`, "+CME ERROR: 16"), ErrPINRefused},
	} {
		t.Run(c.why, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pins")
			pins := NewPINs(path)
			card := cardID{"89860000000000000001", "867698040123456"}
			if err := pins.trying(card, "1234"); err != nil { // the last time
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				c.fake.heard = func(command string) {
					if command == c.lost {
						os.Remove(path + ".lock")
						os.Mkdir(path+".lock", 0o700)
					}
				}
				if _, err := c.fake.start(t).SetUp(t.Context(), Cellular{PIN: "0000", PINs: pins}, nil); !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
			})
			if c.want != nil && !NewPINs(path).refused(card, "0000") {
				t.Error("the PIN may be entered again")
			}
		})
	}
}
