package modem

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Who calls, as modems tell it before they are answered.
func TestCaller(t *testing.T) {
	for _, c := range []struct {
		why, init string
		say       []string // a second apart
		want      Caller
		after     time.Duration // until it is answered
	}{
		{"nothing is told", "", []string{"RING"}, Caller{}, 0},
		{"told unasked, with the ring", "", []string{"RING 0301234"}, Caller{Calling: "0301234"}, 0},
		{"told unasked, before the ring", "", []string{"FM:0301234 TO:0305678", "RING"}, Caller{"0301234", "0305678"}, time.Second},
		{"V.253", "AT+VCID=1", []string{"RING", "DATE = 0229", "TIME = 1530", "NMBR = 5551234"}, Caller{Calling: "5551234"}, 3 * time.Second},
		{"V.253 without spaces", "AT#CID=1", []string{"RING", "NMBR=5551234"}, Caller{Calling: "5551234"}, time.Second},
		{"withheld: the next ring", "AT+VCID=1", []string{"RING", "NMBR = P", "NAME = P", "", "", "RING"}, Caller{}, 5 * time.Second},
		{"nothing comes", "AT+VCID=1", []string{"RING"}, Caller{}, ringTime},
		{"a mobile", "AT+CLIP=1", []string{"RING", `+CLIP: "+49301234",145,"",0,"",0`}, Caller{Calling: "+49301234"}, time.Second},
		{"a mobile that hides", "AT+CLIP=1", []string{"RING", `+CLIP: "",128,"",0,"",1`, "", "", "RING"}, Caller{}, 4 * time.Second},
		{"an ISDN adapter", "", []string{"CALLER NUMBER: 0301234", "CALLED NUMBER: 5678", "RING"}, Caller{"0301234", "5678"}, 2 * time.Second},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: usual("ATA", "CONNECT 33600\r\n"), other: "OK\r\n"}
				m := f.start(t)
				if c.init != "" {
					if _, err := m.Do(t.Context(), c.init); err != nil {
						t.Fatal(err)
					}
				}
				var said sync.WaitGroup
				defer said.Wait()
				said.Go(func() {
					for _, s := range c.say {
						if s != "" {
							f.say <- s + "\r\n"
						}
						time.Sleep(time.Second)
					}
				})
				began := time.Now()
				r, err := m.Await(t.Context())
				if got := time.Since(began).Round(time.Second); err != nil || r.Code != Connect || m.Caller() != c.want || got != c.after.Round(time.Second) {
					t.Errorf("%+v, %v, %+v after %v; want %+v after %v", r, err, m.Caller(), got, c.want, c.after)
				}
			})
		})
	}
}

// Whatever a line says, a number is one.
func FuzzCaller(f *testing.F) {
	f.Add("NMBR = 5551234")
	f.Add(`+CLIP: "+49301234",145`)
	f.Add("NMBR = +" + strings.Repeat("5", 100))
	for _, line := range said() {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var c Caller
		c.hear(line)
		for _, n := range []string{c.Calling, c.Called} {
			if len(n) > longestNumber || strings.Trim(n, "+0123456789ABCD*#-") != "" {
				t.Errorf("%q", n)
			}
		}
	})
}
