package chat

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"pppdial/dial/dialtest"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`"" @\r\c ogin: mynam ssword: xxx PPP`,
		`ABORT 'NO CARRIER' TIMEOUT 5 "" AT OK-AT-OK ATD\T CONNECT \d\c`,
		"# x\nSAY \"a\\n\" ECHO ON '' \\K\\N\\377^C\\q\\E\\e\\M\\m\\p\\t\\b\\s EOT",
		`"unended`, `a\`, `"" AT^SYSCFG=1 a- -b --`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text, nil)
		steps(s)
		var e *SyntaxError
		if errors.As(err, &e) && (e.Off < 0 || e.Off > len(text)) {
			t.Errorf("offset %d of %d", e.Off, len(text))
		}
		words, werr := Split(text, nil)
		again, perr := ParseWords(words)
		if (err == nil) != (werr == nil && perr == nil) {
			t.Errorf("Parse says %v, Split %v, ParseWords %v", err, werr, perr)
		}
		if err == nil && steps(s) != steps(again) {
			t.Errorf("Parse gives\n%s\nParseWords\n%s", steps(s), steps(again))
		}
		for _, w := range words {
			if !strings.HasPrefix(text[w.Off:], w.Text) {
				t.Errorf("word %q is not at %d", w.Text, w.Off)
			}
		}
		ParseFile("f", []byte(text))
	})
}

// firstEnd is the plain way to find the end of text in what the line said:
// seven-bit, without NUL.
func firstEnd(said, text []byte) int {
	var plain []byte
	var from []int
	for i, b := range said {
		if b&0x7f != 0 {
			plain, from = append(plain, b&0x7f), append(from, i)
		}
	}
	k := bytes.Index(plain, text)
	if k < 0 {
		return -1
	}
	return from[k+len(text)-1] + 1
}

// However what the line said is cut into reads, the first text that ends counts,
// and nothing beyond it is touched.
func FuzzMatch(f *testing.F) {
	f.Add([]byte("OK"), []byte("BUSY"), []byte("O\x00KBUSY"), uint8(1))
	f.Add([]byte("CARRIER"), []byte("NO CARRIER"), []byte("x\r\nNO CARRIER\r\n"), uint8(3))
	f.Add([]byte("aab"), []byte("ab"), []byte("aaaab~"), uint8(2))
	for i, d := range dialtest.Dialogues() {
		f.Add([]byte("CONNECT"), []byte("ERROR"), []byte(strings.Join(d.Modem, "")), uint8(i+1))
	}
	f.Fuzz(func(t *testing.T, want, abort, said []byte, cut uint8) {
		for _, text := range [][]byte{want, abort} {
			if len(text) == 0 || len(text) > 400 {
				return
			}
			for i := range text {
				if text[i] &= 0x7f; text[i] == 0 {
					return
				}
			}
		}
		if len(said) > minWindow || cut == 0 {
			return
		}
		tk := talk{Runner: &Runner{}, aborts: []pattern{newPattern("", abort, false)}}
		p := newPattern("", want, false)
		tk.heard.grow(p)
		taken, hit := 0, false
		var hitAbort *pattern
		for rest := said; len(rest) > 0 && !hit && hitAbort == nil; {
			n := min(int(cut), len(rest))
			tk.pending, rest = rest[:n], rest[n:]
			hit, hitAbort = tk.scan(p)
			taken += n - len(tk.pending)
		}
		w, a := firstEnd(said, want), firstEnd(said, abort)
		wantHit := w >= 0 && (a < 0 || w < a || w == a && len(want) >= len(abort))
		wantAbort := a >= 0 && !wantHit
		if hit != wantHit || (hitAbort != nil) != wantAbort {
			t.Fatalf("hit %v, abort %v; want %v, %v", hit, hitAbort != nil, wantHit, wantAbort)
		}
		end := len(said)
		if wantHit {
			end = w
		} else if wantAbort {
			end = a
		}
		if taken != end {
			t.Errorf("took %d bytes, want %d", taken, end)
		}
	})
}

// Whatever the script and whatever the line says, a conversation ends, and what
// it leaves unread is the end of what was said.
func FuzzRun(f *testing.F) {
	f.Add(`ABORT BUSY "" AT OK ATD CONNECT`, []byte("OK\r\nCONNECT 9600\r\n~\xff"))
	f.Add(`ECHO ON REPORT a ogin:--ogin: me ssword: x`, []byte("login: a\r\nPassword: x\r\n"))
	f.Add(`"" \Eab\e\d\D TIMEOUT 0 x`, []byte("ab\r~~~"))
	for _, d := range dialtest.Dialogues() {
		f.Add(`ABORT BUSY ABORT 'NO CARRIER' ABORT ERROR "" AT OK-AT-OK \dATD\T CONNECT \c`, []byte(strings.Join(d.Modem, "")))
	}
	f.Fuzz(func(t *testing.T, text string, said []byte) {
		s, err := Parse(text, nil)
		if err != nil || len(text) > 200 || len(said) > 4000 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			near, end := net.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				io.Copy(io.Discard, end)
			}()
			wrote := make(chan int)
			go func() {
				n, _ := end.Write(said)
				wrote <- n
			}()
			res, err := (&Runner{Phone: "1"}).Run(t.Context(), near, s)
			near.Close()
			if n := <-wrote; !bytes.HasSuffix(said[:n], res.Unread) {
				t.Errorf("unread %q is not the end of %q", res.Unread, said[:n])
			}
			end.Close()
			<-done
			var e *Error
			if err != nil && (!errors.As(err, &e) || e.Error() == "" || len(e.Got) > shown) {
				t.Errorf("error %v", err)
			}
		})
	})
}

// A far end that never stops fills no memory, and what comes behind it is found.
func TestWindowIsBounded(t *testing.T) {
	tk := talk{Runner: &Runner{}}
	p := newPattern("", []byte("login:"), false)
	tk.heard.grow(p)
	noise := bytes.Repeat([]byte("logi\x00n;"), 1000)
	for range 200 {
		tk.pending = noise
		if hit, _ := tk.scan(p); hit {
			t.Fatal("found in noise")
		}
	}
	if n := cap(tk.heard.buf); n > 4*minWindow {
		t.Errorf("window of %d bytes", n)
	}
	tk.pending = []byte("login:~")
	if hit, _ := tk.scan(p); !hit || string(tk.pending) != "~" {
		t.Errorf("hit %v, left %q", hit, tk.pending)
	}
}
