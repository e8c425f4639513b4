package chat

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogin(t *testing.T) {
	o := converse(t, Runner{}, `"" @\r\c ogin: mynam ssword: xxx PPP`, func(f *far) {
		f.hears("@\r", "@ is getty's line-kill character, and \\r\\c one CR")
		f.says("\r\n\r\nIRIX (rmt)\r\n\r\nlogin: ")
		f.hears("mynam\r", "the login name ends with CR")
		f.says("mynam\r\nPassword:")
		f.hears("xxx\r", "the password ends with CR")
		f.says("\r\nWelcome to IRIX\r\nPPP\r\n~\xff}#")
	})
	o.succeeds(t)
	wantText(t, "unread", string(o.Unread), "\r\n~\xff}#")
}

func TestDialWithChatter(t *testing.T) {
	r := Runner{Phone: "5551234", Translated: "00495551234"}
	o := converse(t, r, `ABORT BUSY ABORT ERROR ABORT 'NO CARRIER' "" ATZ OK ATDT\T CONNECT`, func(f *far) {
		f.hears("ATZ\r", "first command")
		f.says("ATZ\r\r\n+CREG: 1\r\n\r\nRING\r\n")
		f.says(`+COPS: 0,0,"BOOK OK ERROR BUSY"` + "\r\n")
		f.says("\r\nO")
		f.says("K\r\n")
		f.hears("ATDT00495551234\r", "\\T is the number through Dialcodes")
		f.says("ATDT00495551234\r\r\n\nCONNECT 115200")
		time.Sleep(100 * time.Millisecond)
		f.says("/V42\r\n~\xff\x03")
	})
	o.succeeds(t)
	wantText(t, "connect", o.Connect, "CONNECT 115200/V42")
	wantText(t, "unread", string(o.Unread), "~\xff\x03")
}

func TestAbort(t *testing.T) {
	for _, tt := range []struct {
		name, script, says, abort string
	}{
		{"code", `ABORT BUSY "" ATD1 CONNECT`, "ATD1\r\r\nBUSY\r\n", "BUSY"},
		{"two words", `ABORT "NO CARRIER" "" ATD1 CONNECT`, "\r\nNO CARRIER\r\n", "NO CARRIER"},
		{"longer than the expected text", `ABORT 'NO CARRIER' "" ATD1 CARRIER`, "\r\nNO CARRIER\r\n", "NO CARRIER"},
		{"extended error", `ABORT ERROR "" ATD1 OK`, "\r\n+CME ERROR: 10\r\n", "ERROR"},
		{"free text", `ABORT incorrect "" me ogin:`, "Login incorrect\r\n", "incorrect"},
		{"after noise", `ABORT BUSY "" ATD1 CONNECT`, "\x00\xff\x80BUSY\r\n", "BUSY"},
		{"parity", `ABORT BUSY "" ATD1 CONNECT`, "\x8d\x0a\x42\x55\x53\xd9\x8d", "BUSY"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := converse(t, Runner{}, tt.script, func(f *far) {
				io.CopyN(io.Discard, f.conn, int64(len("ATD1\r")-2*btoi(tt.name == "free text")))
				time.Sleep(3 * time.Second)
				f.says(tt.says)
			})
			e := o.failure(t)
			if !errors.Is(e, ErrAbort) || e.Abort != tt.abort {
				t.Errorf("got %v, want abort by %q", e, tt.abort)
			}
			if e.After != 3*time.Second {
				t.Errorf("After %v, want 3s", e.After)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestNoAbort(t *testing.T) {
	for _, tt := range []struct{ name, script, says string }{
		{"code within a line", `ABORT BUSY ABORT ERROR "" AT OK`, "a BUSY line, an ERROR\r\nOK\r\n"},
		{"echo of a command", `ABORT ERROR "" AT+ERROR OK`, "AT+ERROR\r\nOK\r\n"},
		{"cleared", `ABORT BUSY ABORT ERROR CLR_ABORT BUSY "" AT OK`, "BUSY\r\nOK\r\n"},
		{"after the expected text", `ABORT BUSY "" AT OK`, "OK\r\nBUSY\r\n"},
		{"OK in a name", `"" AT OK`, "+COPS: \"OK\"\r\nOKAY\r\n"},
		{"other line ends", `"" AT OK\r\n "" `, "\nOK\n"},
		{"host text after AT dialogue", `"" me OK`, "Password OK\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := converse(t, Runner{}, tt.script, func(f *far) {
				b := make([]byte, 100)
				f.conn.Read(b)
				f.says(tt.says)
				f.conn.Read(b)
			})
			o.succeeds(t)
		})
	}
}

func TestSubExpect(t *testing.T) {
	o := converse(t, Runner{Timeout: 10 * time.Second}, `ogin:--ogin:-BREAK-ogin: me`, func(f *far) {
		f.isSilent(10*time.Second-1, "each part has the whole time")
		f.hears("\r", "an empty part to send is a CR")
		f.says("noise")
		f.isSilent(time.Hour, "noise gains no time")
	})
	if !errors.Is(o.err, ErrTimeout) || o.took != 30*time.Second {
		t.Errorf("after %v: %v; want the end after 30 s, the line having no break", o.took, o.err)
	}
	wantParts(t, "log", o.log, "this line has no break")

	breaks := 0
	r := Runner{Timeout: 10 * time.Second, Break: func() error { breaks++; return nil }}
	o = converse(t, r, `ogin:-BREAK-ogin: me`, func(f *far) {
		f.isSilent(11*time.Second, "a break is no byte")
		f.says("login:")
		f.hears("me\r", "the second wait was met")
	})
	o.succeeds(t)
	if breaks != 1 || o.took != 11*time.Second {
		t.Errorf("%d breaks, %v; want 1 after 11s", breaks, o.took)
	}

	r.Break = func() error { return io.ErrUnexpectedEOF }
	if o = converse(t, r, `"" BREAK`, func(*far) {}); !errors.Is(o.err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", o.err)
	}
}

func TestSubSendAtTheEnd(t *testing.T) {
	o := converse(t, Runner{Timeout: time.Second}, `CONNECT-hello x`, func(f *far) {
		f.hears("hello\r", "sent when CONNECT does not come")
		f.hears("x\r", "and the script goes on, as with chat(8)")
	})
	o.succeeds(t)
}

func TestTimeouts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		r      Runner
		script string
		want   time.Duration
	}{
		{"UUCP's own", Runner{}, `OK x`, 45 * time.Second},
		{"the caller's", Runner{Timeout: time.Minute}, `OK x`, time.Minute},
		{"TIMEOUT", Runner{}, `TIMEOUT 3 OK x`, 3 * time.Second},
		{"TIMEOUT holds on", Runner{}, `TIMEOUT 3 OK-\c-OK x`, 6 * time.Second},
		{"TIMEOUT 0", Runner{Timeout: time.Minute}, `TIMEOUT 3 TIMEOUT 0 OK x`, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := converse(t, tt.r, tt.script, func(f *far) { f.isSilent(time.Hour, "nothing is sent") })
			if !errors.Is(o.err, ErrTimeout) || o.took != tt.want {
				t.Errorf("after %v: %v; want a time-out after %v", o.took, o.err, tt.want)
			}
		})
	}
}

func TestChattyFarEnd(t *testing.T) {
	o := converse(t, Runner{Timeout: 30 * time.Second}, `REPORT x OK y`, func(f *far) {
		for {
			if _, err := f.conn.Write([]byte("xxxxxxxx xxxxxxxxx xxxxxxxx\n")); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	})
	e := o.failure(t)
	if !errors.Is(e, ErrTimeout) || o.took != 30*time.Second {
		t.Errorf("after %v: %v; want a time-out after 30 s", o.took, e)
	}
	if len(e.Got) > 256 || len(o.Reports) > maxReports {
		t.Errorf("kept %d bytes, %d reports", len(e.Got), len(o.Reports))
	}
}

func TestStuckLine(t *testing.T) {
	o := converse(t, Runner{Timeout: 20 * time.Second}, `"" ATZ OK`, func(*far) {})
	e := o.failure(t)
	if !errors.Is(e, ErrTimeout) || o.took != 20*time.Second {
		t.Errorf("after %v: %v; want a time-out after 20 s", o.took, e)
	}
	wantText(t, "message", e.Error(), `chat: step 2: failed after 20s: the line takes nothing: timed out; the line said nothing`)
}

func TestTalkingAtOnce(t *testing.T) {
	o := converse(t, Runner{}, `"" hello world done`, func(f *far) {
		b := make([]byte, 1)
		for {
			if _, err := f.conn.Read(b); err != nil {
				return
			}
			f.says(string(b)) // each character echoed before the next is taken
			if b[0] == '\r' {
				f.says("world")
				f.hears("done\r", "the echo did not block us")
				return
			}
		}
	})
	o.succeeds(t)
}

func TestLineDown(t *testing.T) {
	o := converse(t, Runner{}, `"" ATZ OK x`, func(f *far) {
		f.hears("ATZ\r", "first command")
		f.says("\r\nNO CARRIER\r\n")
		time.Sleep(time.Second)
		f.conn.Close()
	})
	e := o.failure(t)
	if !errors.Is(e, io.EOF) || o.took != time.Second {
		t.Errorf("after %v: %v; want EOF after 1 s", o.took, e)
	}
	wantText(t, "message", e.Error(), `chat: step 3: no "OK" after 1s: EOF; the line said "\r\nNO CARRIER\r\n"`)

	o = converse(t, Runner{}, `"" \dATZ OK x`, func(f *far) { f.conn.Close() })
	if !errors.Is(o.err, io.ErrClosedPipe) {
		t.Errorf("got %v, want that the pipe is closed", o.err)
	}
}

func TestCancel(t *testing.T) {
	for _, tt := range []struct{ name, script string }{
		{"waiting", `OK x`},
		{"pausing", `"" \d\d\d\d`},
		{"writing", `"" ATZ`},
		{"checking the echo", `"" \EATZ`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, end := net.Pipe()
				defer near.Close()
				defer end.Close()
				if tt.name == "checking the echo" {
					go io.Copy(io.Discard, end)
				}
				s, err := Parse(tt.script, nil)
				if err != nil {
					t.Fatal(err)
				}
				stopped := errors.New("operator says stop")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(2500*time.Millisecond, func() { cancel(stopped) })
				began := time.Now()
				_, err = (&Runner{}).Run(ctx, near, s)
				if took := time.Since(began); !errors.Is(err, stopped) || took != 2500*time.Millisecond {
					t.Errorf("after %v: %v; want the context's cause after 2.5 s", took, err)
				}
				end.Close()
				if _, err := near.Write([]byte("x")); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error("the write deadline is still set")
				}
			})
		})
	}
}

func TestCancelledBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, end := net.Pipe()
		defer near.Close()
		defer end.Close()
		s, err := Parse(`"" ATZ`, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		_, err = (&Runner{}).Run(ctx, near, s)
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != 0 {
			t.Errorf("after %v: %v; want the end at once", took, err)
		}
	})
}

func TestSends(t *testing.T) {
	r := Runner{Phone: "123", Translated: "456", Break: func() error { return nil }}
	for _, tt := range []struct{ script, want, because string }{
		{`"" a`, "a\r", "a CR ends a send"},
		{`"" ""`, "\r", "an empty send is a CR"},
		{`"" a\c`, "a", "\\c: no CR"},
		{`"" a\cb`, "ab", "\\c anywhere"},
		{`"" \r\n\t\b\s\\\c`, "\r\n\t\b \\", "escapes of one letter"},
		{`"" \1\12\101\0558\377\c`, "\x01\nA-8\xff", "octal"},
		{`"" \N\000^@\c`, "\x00\x00\x00", "NUL"},
		{`"" ^C^q^[\^a\c`, "\x03\x11\x1b^a", "control characters"},
		{`"" x^`, "x^\r", "a caret at the end is itself"},
		{`"" AT^SYSCFG=2`, "AT^SYSCFG=2\r", "Huawei's commands keep their caret"},
		{`"" AT^U2DIAG=0`, "AT^U2DIAG=0\r", "with a digit in the name, too"},
		{`"" AT^M\c`, "AT\r", "CR in chat(8)'s manner"},
		{`"" \D,\T`, "123,456\r", "numbers"},
		{`"" EOT`, "\x04", "EOT has no CR"},
		{`"" BREAK`, "", "nor has BREAK"},
		{`"" a\Kb`, "ab\r", "a break within"},
		{`"" a-b`, "a-b\r", "no minus sign counts in a send"},
		{`"" 'a b "c" \'d'`, "a b \"c\" 'd\r", "quoting"},
		{`"" AT+CGDCONT=1,"IP","apn",,0,0`, "AT+CGDCONT=1,\"IP\",\"apn\",,0,0\r", "quotes within a word are ordinary"},
		{`"" "AT\"x\""`, "AT\"x\"\r", "quotes behind backslashes"},
		{`"" a\-b`, "a-b\r", "a backslash before a sign is nothing"},
	} {
		o := converse(t, r, tt.script, func(f *far) {
			f.hears(tt.want, tt.because)
			f.isSilent(time.Second, tt.because)
		})
		o.succeeds(t)
	}
}

func TestPauses(t *testing.T) {
	o := converse(t, Runner{}, `"" \da\d\db\p\pc\d`, func(f *far) {
		f.isSilent(time.Second-1, "\\d is a second")
		f.hears("a", "then text")
		f.isSilent(2*time.Second-1, "\\d\\d is two")
		f.hears("b", "then text")
		f.isSilent(500*time.Millisecond-1, "\\p is a quarter")
		f.hears("c", "then text")
		f.isSilent(time.Second-1, "the CR comes after the last pause")
		f.hears("\r", "at last")
	})
	o.succeeds(t)
	if o.took != 4500*time.Millisecond {
		t.Errorf("took %v, want 4.5 s", o.took)
	}
}

func TestEchoCheck(t *testing.T) {
	r := Runner{Phone: "42"}
	o := converse(t, r, `"" AT\EDT\D\e# OK`, func(f *far) {
		f.hears("AT", "unchecked")
		for _, c := range "DT42" {
			f.hears(string(c), "a character at a time")
			f.isSilent(9*time.Second, "until its echo has come")
			f.says(string(c))
		}
		f.hears("#\r", "unchecked again")
		f.says("\r\nOK\r\n")
	})
	o.succeeds(t)

	o = converse(t, r, `"" \EAT OK`, func(f *far) {
		f.hears("A", "first character")
		f.says("X")
		f.isSilent(time.Hour, "the echo was wrong")
	})
	wantText(t, "message", o.err.Error(), `chat: step 2: "the echo of A" did not come within 10s; the line said "X"`)
}

func TestCarrier(t *testing.T) {
	var calls []bool
	r := Runner{Carrier: func(need bool) error { calls = append(calls, need); return nil }}
	o := converse(t, r, `"" \M\m\c HANGUP OFF HANGUP on`, func(*far) {})
	o.succeeds(t)
	if len(calls) != 4 || calls[0] || !calls[1] || calls[2] || !calls[3] {
		t.Errorf("carrier needed: %v, want false true false true", calls)
	}

	refusal := errors.New("no")
	r.Carrier = func(bool) error { return refusal }
	if o := converse(t, r, `"" \M\c`, func(*far) {}); !errors.Is(o.err, refusal) {
		t.Errorf("got %v", o.err)
	}
	if o := converse(t, Runner{}, `"" \M\c HANGUP OFF`, func(*far) {}); o.err != nil {
		t.Errorf("a line without carrier: %v", o.err)
	}
}

func TestReports(t *testing.T) {
	o := converse(t, Runner{}, `REPORT CARRIER REPORT ogin CLR_REPORT ogin "" ATD1 CONNECT "" ogin: me`, func(f *far) {
		f.hears("ATD1\r", "dials")
		f.says("\r\nCARRIER 31200\r\nCONNECT 115200\r\n")
		f.hears("\r", "an empty send")
		f.says("login:")
		f.hears("me\r", "the name")
	})
	o.succeeds(t)
	if len(o.Reports) != 1 || o.Reports[0] != "CARRIER 31200" {
		t.Errorf("reports %q", o.Reports)
	}
	wantText(t, "connect", o.Connect, "CONNECT 115200")
	wantParts(t, "log", o.log, `msg="chat reports" text="CARRIER 31200"`)
}

func TestConnectLineCutShort(t *testing.T) {
	for _, tt := range []struct {
		name, says, connect, unread string
		took                        time.Duration
	}{
		{"frame at once", "\r\nCONNECT~\xff}#", "CONNECT", "~\xff}#", 0},
		{"no line end", "\r\nCONNECT", "CONNECT", "", lineRest},
		{"CR only", "\r\nCONNECT 9600\r~", "CONNECT 9600", "~", 0},
		{"blank line after", "\r\nCONNECT 9600\r\n\r\n~", "CONNECT 9600", "\r\n~", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := converse(t, Runner{}, `"" ATD1 CONNECT`, func(f *far) {
				f.hears("ATD1\r", "dials")
				f.says(tt.says)
			})
			o.succeeds(t)
			wantText(t, "connect", o.Connect, tt.connect)
			wantText(t, "unread", string(o.Unread), tt.unread)
			if o.took != tt.took {
				t.Errorf("took %v, want %v", o.took, tt.took)
			}
		})
	}
}

func TestPending(t *testing.T) {
	o := converse(t, Runner{Pending: []byte("\r\nlogin: ~rest")}, `ogin: me\c`, func(f *far) {
		f.hears("me", "the prompt had been read before")
	})
	o.succeeds(t)
	wantText(t, "unread", string(o.Unread), " ~rest")
}

func TestUnreadBehindPause(t *testing.T) {
	o := converse(t, Runner{}, `ogin: \d\c`, func(f *far) {
		f.says("login:")
		for _, s := range []string{"~one~", "~two~", "~three~"} {
			f.says(s)
		}
	})
	o.succeeds(t)
	wantText(t, "unread", string(o.Unread), "~one~~two~~three~")
}

func TestErrorMessage(t *testing.T) {
	s, err := ParseFile("dial.chat", []byte("ABORT BUSY\n'' ATZ\n  OK ATD1\nCONNECT ''\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := runScript(t, Runner{}, s, func(f *far) {
		f.hears("ATZ\r", "first")
		f.says("OK\r\n")
		f.hears("ATD1\r", "second")
		f.says("\x1b[1mhm\\\t\r\n")
		f.isSilent(time.Hour, "no CONNECT came")
	})
	wantText(t, "message", o.err.Error(),
		`chat: dial.chat:4:1: step 6: "CONNECT" did not come within 45s; the line said "\r\n\033[1mhm\\\t\r\n"`)

	o = runScript(t, Runner{}, s, func(f *far) {
		f.hears("ATZ\r", "first")
		time.Sleep(1234 * time.Millisecond)
		f.says("\r\nBUSY\r\n")
	})
	wantText(t, "message", o.err.Error(),
		`chat: dial.chat:3:3: step 4: "BUSY" came after 1.23s of waiting for "OK"; the line said "\r\nBUSY"`)
}

func TestEchoAndSay(t *testing.T) {
	o := converse(t, Runner{}, `SAY "\NDialing\n" ECHO ON "" AT OK x ECHO OFF more y`, func(f *far) {
		f.hears("AT\r", "first")
		f.says("AT\r\r\nRING\r\nOK\r\n")
		f.hears("x\r", "second")
		f.says("unseen more")
		f.hears("y\r", "third")
	})
	o.succeeds(t)
	wantParts(t, "log", o.log, `msg="chat says" text=Dialing`, `msg="chat hears" text=RING`, `msg="chat hears" text=OK`)
}

// A deadlined conn without deadlines, as a plain file would be.
type noDeadlines struct{ net.Conn }

func (noDeadlines) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

func TestConnWithoutDeadlines(t *testing.T) {
	near, end := net.Pipe()
	defer near.Close()
	defer end.Close()
	if _, err := (&Runner{}).Run(t.Context(), noDeadlines{near}, Script{}); !errors.Is(err, os.ErrNoDeadline) {
		t.Errorf("got %v", err)
	}
}
