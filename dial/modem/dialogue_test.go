package modem

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func within(t *testing.T, why string, since time.Time, most time.Duration) {
	t.Helper()
	if took := time.Since(since); took > most {
		t.Errorf("%s: took %v, want %v at most", why, took, most)
	}
}

func TestWake(t *testing.T) {
	for _, c := range []struct {
		why  string
		fake *fake
		dtr  int // 0: none, 1: works, 2: does nothing
		want string
		most time.Duration
		fail bool
	}{
		{"a modem in command mode", &fake{answers: usual()}, 1, "AT ATH", 0, false},
		{"with echo", &fake{answers: usual(), echo: true}, 0, "AT ATH", 0, false},
		{"that ends lines with LF only", &fake{answers: usual("AT", "OK\n", "ATH", "OK\n")}, 0, "AT ATH", 0, false},
		{"that ends lines with CR only", &fake{answers: usual("AT", "\rOK\r")}, 0, "AT ATH", 0, false},
		{"that chatters", &fake{answers: usual("AT", "\r\n+CREG: 1\r\nRING\r\n\r\nOK\r\n")}, 0, "AT ATH", 0, false},
		{"that calls ATH an error", &fake{answers: usual("ATH", "\r\nERROR\r\n")}, 0, "AT ATH", 0, false},
		{"that was told to keep quiet", &fake{answers: map[string]string{"ATQ0V1": "\r\nOK\r\n", "ATH": "\r\nOK\r\n"}}, 0, "AT ATQ0V1 ATH", 2 * time.Second, false},
		{"that wakes slowly", &fake{answers: usual(), deafTill: 3 * time.Second}, 1, "AT ATQ0V1 AT AT ATH", 6 * time.Second, false},
		{"in data mode, with DTR", &fake{answers: usual(), data: true}, 1, "AT ATH", 5 * time.Second, false},
		{"in data mode, without DTR", &fake{answers: usual(), data: true, escapes: true}, 0, "AT ATH", 10 * time.Second, false},
		{"in data mode, DTR ignored", &fake{answers: usual(), data: true, escapes: true}, 2, "AT ATH", 10 * time.Second, false},
		{"that is dead", &fake{}, 1, "AT ATQ0V1 AT AT +++AT AT", 15 * time.Second, true},
		{"that only chatters", &fake{answers: map[string]string{"AT": strings.Repeat("+CREG: 1\r\n", 100)}}, 0, "AT ATQ0V1 +++AT AT", 20 * time.Second, true},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := c.fake.start(t)
				if c.dtr > 0 {
					c.fake.withDTR(m, c.dtr == 1)
				}
				began := time.Now()
				err := m.Wake(t.Context())
				if c.fail != errors.Is(err, ErrSilent) || !c.fail && err != nil {
					t.Errorf("Wake: %v", err)
				}
				within(t, "Wake", began, c.most)
				c.fake.wantCommands(t, strings.Fields(c.want)...)
			})
		})
	}
}

func TestDial(t *testing.T) {
	for _, c := range []struct {
		number, command, answer string
		code                    Code
		speed                   int
		unread                  string
	}{
		{"5551234", "ATDT5551234", "\r\nCONNECT\r\n", Connect, 0, ""},
		{"5551234", "ATDT5551234", "\r\nCONNECT 33600/ARQ/V34\r\n~\xff}#", Connect, 33600, "~\xff}#"},
		{"5551234", "ATDT5551234", "\r\nRINGING\r\n\r\nCARRIER 33600\r\n\r\nCONNECT 115200\r\n\nx", Connect, 115200, "\nx"},
		{"5551234", "ATDT5551234", "connect 9600\rx", Connect, 9600, "x"},
		{"*99#", "ATD*99#", "CONNECT 150000000\r\n", Connect, 150000000, ""},
		{"*99***1#", "ATD*99***1#", "CONNECT\r\n", Connect, 0, ""},
		{"#777", "ATD#777", "CONNECT\r\n", Connect, 0, ""}, // CDMA
		{"*70,5551234", "ATDT*70,5551234", "CONNECT\r\n", Connect, 0, ""},
		{"#31#5551234", "ATDT#31#5551234", "CONNECT\r\n", Connect, 0, ""},
		{"T5551234", "ATDT5551234", "\r\nBUSY\r\n", Busy, 0, ""},
		{"P5551234", "ATDP5551234", "\r\nNO CARRIER\r\n", NoCarrier, 0, ""},
		{"1", "ATDT1", "\r\nNO DIALTONE\r\n", NoDialtone, 0, ""},
		{"1", "ATDT1", "\r\nNO DIAL TONE\r\n", NoDialtone, 0, ""},
		{"1", "ATDT1", "\r\nNO ANSWER\r\n", NoAnswer, 0, ""},
		{"1", "ATDT1", "\r\nERROR\r\n", Failed, 0, ""},
		{"1", "ATDT1", "\r\n+CME ERROR: 30\r\n", Failed, 0, ""},
		{"1", "ATDT1", "\r\nVOICE\r\n", Voice, 0, ""},
		{"1", "ATDT1", "\r\nDELAYED 00:01:00\r\n", Delayed, 0, ""},
		{"1", "ATDT1", "\r\nBLACKLISTED\r\n", Blacklisted, 0, ""},
		{"1", "ATDT1", "\r\nOK\r\n\r\nRING\r\nXCONNECT\r\nNOT BUSY\r\n\xc2USY\r\n", Busy, 0, ""},
	} {
		for _, echo := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: usual(c.command, c.answer), echo: echo}
				m := f.start(t)
				r, err := m.Dial(t.Context(), c.number)
				if r.Code != c.code || r.Speed != c.speed || (err == nil) != (c.code == Connect) {
					t.Errorf("%q: %+v, %v", c.answer, r, err)
				}
				f.wantCommands(t, c.command)
				rest := make([]byte, 16)
				m.conn.SetReadDeadline(time.Now().Add(time.Second))
				n, _ := m.conn.Read(rest)
				if got := string(m.Unread()) + string(rest[:n]); got != c.unread && c.code == Connect {
					t.Errorf("%q: left over %q, want %q", c.answer, got, c.unread)
				}
			})
		}
	}
}

func TestDialInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: usual("ATDT1", "\r\nRINGING\r\n")}
		m := f.start(t)
		began := time.Now()
		_, err := m.Dial(t.Context(), "1")
		e := new(Error)
		if !errors.As(err, &e) || !errors.Is(err, ErrSilent) || e.After != callTime || e.Command != "ATDT1" || string(e.Got) != "RINGING\r\n" {
			t.Errorf("no result: %v, want an error after %v", err, callTime)
		}
		within(t, "Dial", began, callTime+wakeTime)
		f.wantCommands(t, "ATDT1", "") // any character ends the call

		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, io.ErrClosedPipe)
		defer cancel()
		began = time.Now()
		if _, err = m.Dial(ctx, "1"); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("cancelled: %v", err)
		}
		within(t, "cancelled Dial", began, 10*time.Second+wakeTime)
		f.wantCommands(t, "ATDT1", "", "ATDT1", "")
		if _, err = m.Dial(ctx, "1"); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("cancelled before: %v", err)
		}
	})
}

// TestCallTime: how long a call may take is what the modem and the number need.
func TestCallTime(t *testing.T) {
	for _, c := range []struct {
		init, number string
		want         time.Duration
	}{
		{"ATX3", "1", time.Minute},
		{"ATS7=30", "1", time.Minute},
		{"ATS7=45", "1", time.Minute},
		{"AT&C1S7=120S0=0", "1", 135 * time.Second},
		{"ats7=90", "1", 105 * time.Second},
		{"AT%S7=120", "1", time.Minute}, // another register
		{"ATX3", "0,,1,,,,,,,,", 80 * time.Second},
		{"ATS7=255", "0,1", 272 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := (&fake{answers: usual(c.init, "\r\nOK\r\n")}).start(t)
			if _, err := m.Do(t.Context(), c.init); err != nil {
				t.Fatal(err)
			}
			e := new(Error)
			if _, err := m.Dial(t.Context(), c.number); !errors.As(err, &e) || e.After != c.want {
				t.Errorf("%s, number %s: %v, want an error after %v", c.init, c.number, err, c.want)
			}
		})
	}
}

func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{echo: true, answers: usual(
			"AT+CSQ", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n",
			"AT&F", "\r\nOK\r\n",
			`AT+CPIN="1234"`, "\r\n+CME ERROR: 16\r\n",
			`AT+CGAUTH=1,2,"me","guess"`, "")}
		m := f.start(t)
		lines, err := m.Do(t.Context(), "+CSQ")
		if err != nil || len(lines) != 1 || lines[0] != "+CSQ: 20,99" {
			t.Errorf("+CSQ: %q, %v", lines, err)
		}
		if _, err := m.Do(t.Context(), "at&f"); !errors.Is(err, ErrSilent) {
			t.Errorf("a command that the modem does not know: %v", err)
		}
		e := new(Error)
		if _, err := m.Do(t.Context(), `AT+CPIN="1234"`); !errors.As(err, &e) || e.Result.Text != "+CME ERROR: 16" || strings.Contains(err.Error(), "1234") {
			t.Errorf("+CPIN: %v", err)
		}
		if _, err := m.Do(t.Context(), `AT+CGAUTH=1,2,"me","guess"`); !errors.Is(err, ErrSilent) || strings.Contains(err.Error(), "guess") || !strings.Contains(err.Error(), hidden) {
			t.Errorf("+CGAUTH: %v", err)
		}
	})
}

// TestDoTime: what waits for a network may take minutes.
func TestDoTime(t *testing.T) {
	for command, want := range map[string]time.Duration{
		"AT&F": 20 * time.Second, "AT+COPS?": 20 * time.Second, "AT+CFUN?": 20 * time.Second, "+CSQ": 20 * time.Second,
		"AT+CGATT=1": 3 * time.Minute, `at+cops=1,2,"26201"`: 3 * time.Minute, "AT+CGACT=1,1": 3 * time.Minute, "ATE0+CFUN=1": 3 * time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			m := (&fake{}).start(t)
			e := new(Error)
			if _, err := m.Do(t.Context(), command); !errors.As(err, &e) || e.After != want {
				t.Errorf("%s: %v, want an error after %v", command, err, want)
			}
		})
	}
}

func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: usual("ATA", "\r\nNO CARRIER\r\n")}
		m := f.start(t)
		go func() {
			time.Sleep(100 * time.Hour)
			f.say <- "\r\n+CREG: 1\r\n\r\nRING\r\n"
		}()
		began := time.Now()
		r, err := m.Await(t.Context())
		if r.Code != NoCarrier || !errors.As(err, new(*Error)) || time.Since(began) != 100*time.Hour {
			t.Errorf("nobody is there: %+v, %v after %v", r, err, time.Since(began))
		}
		f.wantCommands(t, "ATA")
		f.mu.Lock()
		f.answers["ATA"] = "\r\nCONNECT 2400\r\n~"
		f.mu.Unlock()
		f.say <- "RING\r\n"
		if r, err = m.Await(t.Context()); r.Code != Connect || r.Speed != 2400 || err != nil {
			t.Errorf("somebody is there: %+v, %v", r, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		m := f.start(t)
		f.say <- "RINGING\r\nCONNECT 300\r\n"
		if r, err := m.Await(t.Context()); r.Speed != 300 || err != nil {
			t.Errorf("a modem that answers by itself: %+v, %v", r, err)
		}
		f.wantCommands(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := m.Await(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("until the context ends: %v", err)
		}
		f.conn.Close()
		if _, err := m.Await(t.Context()); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the line is lost: %v", err)
		}
	})
}

func TestListen(t *testing.T) {
	for _, c := range []struct {
		why    string
		say    []string
		code   Code
		unread string
		told   []string
	}{
		{"a direct line", []string{"\r\n\xff", "ogin: ~\xff}#"}, None, "~\xff}#", nil},
		{"a modem", []string{"\r\n+CREG: 1\r\n", "\r\nRI", "NG\r\n"}, Connect, "~x", []string{"ATA"}},
		{"a modem that answers by itself", []string{"CONNECT\r\n~x"}, Connect, "~x", nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answers: usual("ATA", "CONNECT\r\n~x")}
			if c.told == nil {
				f.answers = nil
			}
			m := f.start(t)
			go func() {
				for _, s := range c.say {
					time.Sleep(time.Hour)
					f.say <- s
				}
			}()
			r, err := m.Listen(t.Context())
			if r.Code != c.code || err != nil {
				t.Errorf("%s: %+v, %v", c.why, r, err)
			}
			rest := make([]byte, 16)
			got := string(m.Unread())
			m.conn.SetReadDeadline(time.Now().Add(time.Second))
			for n := 1; n > 0; got += string(rest[:n]) {
				n, _ = m.conn.Read(rest)
			}
			if got != c.unread {
				t.Errorf("%s: left over %q, want %q", c.why, got, c.unread)
			}
			if c.told != nil {
				f.wantCommands(t, c.told...)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	for _, answers := range []map[string]string{usual(), nil} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{answers: answers, deafTill: time.Millisecond}
			m := f.start(t)
			began := time.Now()
			if err := m.Probe(t.Context()); (err == nil) != (answers != nil) {
				t.Errorf("Probe: %v", err)
			}
			within(t, "Probe", began, wakeTime)
			f.wantCommands(t, "AT", "AT")
		})
	}
}

func TestHangup(t *testing.T) {
	for _, c := range []struct {
		why  string
		fake *fake
		dtr  int
		want string
		most time.Duration
		fail bool
	}{
		{"the other side was first", &fake{answers: usual()}, 0, "ATH", 0, false},
		{"by DTR", &fake{answers: usual(), data: true}, 1, "ATH", 500 * time.Millisecond, false},
		{"by escape", &fake{answers: usual(), data: true, escapes: true}, 0, "ATH", 4 * time.Second, false},
		{"DTR ignored", &fake{answers: usual(), data: true, escapes: true}, 2, "ATH", 4 * time.Second, false},
		{"dead", &fake{data: true}, 2, "", 8 * time.Second, true},
		{"our call comes about after all", &fake{answers: map[string]string{"ATH": "\r\nCONNECT\r\n|\r\nOK\r\n"}, escapes: true}, 0, "ATH ATH", 5 * time.Second, false},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := c.fake.start(t)
				if c.dtr > 0 {
					c.fake.withDTR(m, c.dtr == 1)
				}
				began := time.Now()
				if err := m.Hangup(t.Context()); (err != nil) != c.fail {
					t.Errorf("Hangup: %v", err)
				}
				within(t, "Hangup", began, c.most)
				c.fake.wantCommands(t, strings.Fields(c.want)...)
				c.fake.mu.Lock()
				defer c.fake.mu.Unlock()
				if !c.fail && c.fake.data {
					t.Error("still in data mode")
				}
			})
		})
	}
}

// TestHangupAnswered: a modem that takes the next call while it is told to hang up
// is not waited for, as if it held the old one.
func TestHangupAnswered(t *testing.T) {
	const call, shown = "\r\nRING\r\n\r\nCONNECT 33600\r\n", "\r\nRING;5551234\r\n\r\nCONNECT 33600\r\n"
	for _, c := range []struct {
		why  string
		fake *fake
		say  time.Duration // when it takes the call
		want string
	}{
		{"when it hears ATH", &fake{answers: map[string]string{"ATH": call}}, 0, "ATH"},
		{"with the number of who calls", &fake{answers: map[string]string{"ATH": shown}}, 0, "ATH"},
		{"when it hears +++", &fake{}, 2 * time.Second, "ATH"},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := c.fake.start(t)
				if c.say > 0 {
					time.AfterFunc(c.say, func() { c.fake.say <- call })
				}
				began := time.Now()
				if err := m.Hangup(t.Context()); err != nil {
					t.Errorf("Hangup: %v", err)
				}
				within(t, "Hangup", began, c.say)
				c.fake.wantCommands(t, c.want)
			})
		})
	}
}

func TestLostLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		m := f.start(t)
		f.conn.Close()
		began := time.Now()
		for what, op := range map[string]func() error{
			"Wake":   func() error { return m.Wake(t.Context()) },
			"Hangup": func() error { return m.Hangup(t.Context()) },
			"Dial":   func() error { _, err := m.Dial(t.Context(), "1"); return err },
			"Do":     func() error { _, err := m.Do(t.Context(), "AT"); return err },
		} {
			if err := op(); err == nil || errors.Is(err, ErrSilent) || !errors.As(err, new(*Error)) {
				t.Errorf("%s on a lost line: %v", what, err)
			}
		}
		within(t, "a lost line", began, 0)
	})
}

func FuzzParseResult(f *testing.F) {
	for _, s := range []string{"OK", " connect 33600/x", "+CME ERROR: 3", "CONNECT 99999999999999", "NO  CARRIER", "DELAYED"} {
		f.Add(s)
	}
	for _, line := range said() {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := ParseResult(s)
		if r.Speed < 0 || r.Speed > 0 && r.Code != Connect {
			t.Errorf("%q: %+v", s, r)
		}
		if again := ParseResult(r.Text); again != r {
			t.Errorf("%q: %+v, its text %+v", s, r, again)
		}
	})
}
