package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/dial"
	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/route/tun"
)

// strangers are refused without the name service being asked.
const strangers = "recv_chap recv_name=friend remotehost=0"

// unknown is a name service that the names of callers are not in.
func unknown(host string) ([]netip.Addr, error) { return nil, errors.New("no such host") }

// TestAnswerForEver: a daemon that answers goes on, call after call, as long as
// one of its lines works.
func TestAnswerForEver(t *testing.T) {
	for _, tt := range []struct {
		why         string
		lines, work int
	}{{"one line", 1, 1}, {"one of two is off", 2, 1}, {"three", 3, 3}} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &exchange{calls: make(chan *conn), free: tt.work}
				d, stop := x.serve(t, tt.lines, strangers, "")
				defer stop()
				defer x.hangUp()
				for i := range 7 {
					time.Sleep(time.Hour)
					if n := len(look(t, d, rendezvous.Query{}).Bundles); n != 1 {
						t.Fatalf("before call %d: %d units", i, n)
					}
					for range tt.work {
						p := x.call(t, "nobody", "wrong")
						if f := <-p.lost; f.Kind != mp.OurAuth {
							t.Errorf("call %d: %v", i, f)
						}
					}
				}
				if a := look(t, d, rendezvous.Query{}).Bundles[0].Accounting; a.CallsTaken != 7*tt.work || a.CallsTried != 0 || a.CallsMade != 0 {
					t.Errorf("%+v", a)
				}
				x.mu.Lock()
				waits := x.waits
				x.mu.Unlock()
				if most := 7*(2*tt.lines+3600/300+3) + tt.lines; waits > most {
					t.Errorf("%d waits for calls", waits)
				}
			})
		})
	}
}

// TestAnswerNext: an entry that is in goes on waiting after a stranger, after a
// caller who ends the call, and after one whose link we break, and owes nobody
// anything of the one before. A stranger is nothing to another line.
func TestAnswerNext(t *testing.T) {
	for _, lines := range []int{1, 2} {
		t.Run(fmt.Sprint(lines, " lines"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &exchange{calls: make(chan *conn), free: lines, mode: "in"}
				d, stop := x.serve(t, lines, "recv_chap recv_passwd=right pool=10.0.0.8/29 -dns maxdevs=2 max_connect_secs=3600", "")
				defer stop()
				defer x.hangUp()
				stranger := func() {
					t.Helper()
					if f := <-x.call(t, "nobody", "wrong").lost; f.Kind != mp.OurAuth {
						t.Errorf("a stranger: %v", f)
					}
				}
				given := map[string]string{}
				for i, name := range []string{"ann", "bob", "ann", "joe"} {
					stranger()
					time.Sleep(time.Minute)
					if b := look(t, d, rendezvous.Query{}).Bundles; len(b) != 1 || b[0].Phase != status.Holding || b[0].Interface != "" {
						t.Errorf("before call %d: %+v", i, b)
					}
					p := x.call(t, name, "right")
					if lines == 2 {
						stranger()
					}
					a := (<-p.up).Local.String()
					if was := given[name]; was != "" && was != a {
						t.Errorf("%s had %s, and has %s now", name, was, a)
					}
					given[name] = a
					switch i {
					case 0, 2:
						p.bundle.Close(mp.Closed, "User request")
					case 1:
						c := rendezvous.Command{Verb: rendezvous.Down}
						if err := (host{d}).Act(t.Context(), rendezvous.Caller{}, c); err != nil {
							t.Error(err)
						}
						if f := <-p.lost; f.Kind != mp.PeerTerminated {
							t.Errorf("told to end the call: %v", f)
						}
					case 3:
						if f := <-p.lost; f.Kind != mp.PeerTerminated {
							t.Errorf("after an hour: %v", f)
						}
					}
					time.Sleep(time.Minute)
				}
				if len(given) != 3 || given["ann"] == given["bob"] || given["bob"] == given["joe"] {
					t.Errorf("addresses: %v", given)
				}
				d.box.Put(d.breakLinks) // of nobody
				stranger()
				time.Sleep(time.Minute)
				a := look(t, d, rendezvous.Query{}).Bundles[0].Accounting
				if a.CallsTaken != 5+4*lines || a.CallsMade != 0 || a.ConnectSecs < 3600 {
					t.Errorf("counted: %+v", a)
				}
				if all, err := ask(t.Context(), d, func() daily { return d.sums(time.Now()) }); err != nil || all.taken != a.CallsTaken {
					t.Errorf("the program has counted %+v (%v)", all, err)
				}
			})
		})
	}
}

// TestAnswerNotYet: who calls while the line of the caller before is being hung up
// gets nothing that was granted to that one.
func TestAnswerNotYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn), free: 2, mode: "in", slow: 10 * time.Second}
		_, stop := x.serve(t, 2, "recv_chap recv_passwd=right pool=10.0.0.8/29 -dns maxdevs=2", "")
		defer stop()
		defer x.hangUp()
		ann := x.call(t, "ann", "right")
		address := (<-ann.up).Local
		ann.bundle.Close(mp.Closed, "User request")
		time.Sleep(2 * time.Second)
		<-x.call(t, "bob", "right").lost
		time.Sleep(time.Minute)
		if n := <-x.call(t, "bob", "right").up; n.Local == address {
			t.Errorf("both have %v", address)
		}
	})
}

// TestAnswerFree: a line whose modem has hung up only when somebody is there on
// another is answered, whatever that caller's call goes on with.
func TestAnswerFree(t *testing.T) {
	for _, words := range []string{"remotehost=10.0.0.9", "pool=10.0.0.8/29"} {
		t.Run(words, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &exchange{calls: make(chan *conn), free: 2, mode: "in", slow: 10 * time.Second}
				_, stop := x.serve(t, 2, "recv_chap recv_passwd=right -dns maxdevs=2 "+words, "")
				defer stop()
				defer x.hangUp()
				<-x.call(t, "nobody", "wrong").lost
				<-x.call(t, "ann", "right").up
				time.Sleep(time.Minute)
				if n := x.unanswered(); n > 0 {
					t.Errorf("%d line is not answered", n)
				}
			})
		})
	}
}

// TestAnswerSurplus: also those lines are answered that are more than may be joined,
// again and again; their callers are sent away, and who is connected stays.
func TestAnswerSurplus(t *testing.T) {
	for _, tt := range []struct {
		words         string
		lines, joined int
	}{{"maxdevs=1", 2, 1}, {"maxdevs=2", 4, 2}, {"", 5, 4}} {
		t.Run(fmt.Sprint(tt.lines, " lines ", tt.words), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &exchange{calls: make(chan *conn), free: tt.lines, mode: "in"}
				d, stop := x.serve(t, tt.lines, "recv_chap recv_passwd=right remotehost=10.0.0.9 -dns "+tt.words, "")
				defer stop()
				defer x.hangUp()
				ann := &person{name: "ann"}
				for call := range tt.joined + 3 {
					time.Sleep(time.Minute)
					if n := x.unanswered(); n > 0 {
						t.Fatalf("before call %d: %d lines are not answered", call, n)
					}
					x.line(t, ann, "ann", "right", "")
					if call >= tt.joined {
						if f := <-ann.lost; !strings.HasSuffix(f.Error(), "No further lines") {
							t.Errorf("call %d: %v", call, f)
						}
					}
				}
				time.Sleep(time.Minute)
				if b := oneUnit(t, d); len(b.Links) != tt.joined || b.Phase != status.NetworkPhase || len(ann.lost) > 0 {
					t.Errorf("%+v", b)
				}
			})
		})
	}
}

// TestAnswerUnsafe: with unsafe_mp lines that are more than may be joined are left
// for our own calls.
func TestAnswerUnsafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn), free: 3, mode: "in"}
		_, stop := x.serve(t, 3, "unsafe_mp outdevs=2 maxdevs=2 remotehost=10.0.0.9", "")
		defer stop()
		time.Sleep(time.Minute)
		if n := x.unanswered(); n != 1 {
			t.Errorf("%d lines are not answered", n)
		}
	})
}

// TestAnswerUnfit: after a connection that the kernel did not take the next call is
// waited for.
func TestAnswerUnfit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDaemon(Options{StateDir: t.TempDir()}, nil, newMemWorld(t).world(), new(slog.LevelVar), silence)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		d.run(ctx, nil, func() *Verdict {
			v := d.serve(entryOf(t, "in localhost=10.0.0.1 remotehost=10.0.0.2 -dns device=/dev/a"))
			d.main.unfit = true
			d.main.down(Verdict{Status: StatusFatal})
			return v
		})
		if d.final.Status != StatusUser {
			t.Error(d.final)
		}
	})
}

// TestAnswerNoInterface: a caller for whom no interface can be made at the moment is
// sent away, and the next one is answered.
func TestAnswerNoInterface(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		defer w.close()
		sees := w.world()
		device, asked := sees.tun, 0
		sees.tun = func(name string) (tun.Device, error) {
			if asked++; asked == 1 {
				return nil, &tun.OpenError{Msg: "/dev/net/tun: too many open files in system", Err: unix.ENFILE}
			}
			return device(name)
		}
		d := newDaemon(Options{StateDir: dir}, nil, sees, new(slog.LevelVar), silence)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		e, ended := w.entry(0, "in"), make(chan Verdict, 1)
		go func() { ended <- d.run(ctx, nil, func() *Verdict { return d.serve(e) }) }()
		for call, want := range []string{status.Holding, status.NetworkPhase} {
			time.Sleep(time.Minute)
			w.callUs(d)
			time.Sleep(time.Minute)
			if got := oneUnit(t, d).Phase; got != want {
				t.Errorf("after call %d: %s, want %s", call, got, want)
			}
		}
		cancel()
		if v := <-ended; v.Status != StatusUser {
			t.Error(v)
		}
	})
}

// TestAnswerNoDriver: without a TUN driver no caller can be served, however long one
// waits.
func TestAnswerNoDriver(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		defer w.close()
		sees := w.world()
		sees.tun = func(string) (tun.Device, error) {
			return nil, &tun.OpenError{Msg: "/dev/net/tun: no such file", Err: fs.ErrNotExist}
		}
		d := newDaemon(Options{StateDir: dir}, nil, sees, new(slog.LevelVar), silence)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		e, ended := w.entry(0, "in"), make(chan Verdict, 1)
		go func() { ended <- d.run(ctx, nil, func() *Verdict { return d.serve(e) }) }()
		time.Sleep(time.Minute)
		w.callUs(d)
		if v := <-ended; v.Status != StatusNoTUN {
			t.Errorf("status %d, want %d", v.Status, StatusNoTUN)
		}
	})
}

// TestAnswerLines: a line that is free again is the daemon's, and not that of a
// caller who happens to be talking then.
func TestAnswerLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn), free: 1, more: "joe recv_passwd=Joes continue=+us remotehost=10.0.0.2\n" +
			"dave recv_passwd=Daves continue=+us remotehost=10.0.0.3\n+us localhost=10.0.0.1 -ipv6 -dns\n"}
		_, stop := x.serve(t, 2, "recv_chap -dns", "")
		defer stop()
		defer x.hangUp()
		time.Sleep(time.Hour) // the daemon looks for the other line every 5 minutes
		x.release()
		<-x.call(t, "joe", "Joes").up
		time.Sleep(time.Second)
		dave := x.call(t, "dave", "Daves")
		select {
		case <-dave.up:
		case f := <-dave.lost:
			t.Error(f)
		}
	})
}

// TestAnswerGiven: on a line that was brought the caller is answered, and on the
// entry's own nobody is.
func TestAnswerGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn, 1), free: 2}
		w := newMemWorld(t).world()
		w.caller = func(dial.Config) (caller, error) { return x, nil }
		d := newDaemon(Options{StateDir: t.TempDir()}, nil, w, new(slog.LevelVar), silence)
		p := x.call(t, "joe", "Joes")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		go func() {
			<-p.up
			time.Sleep(time.Minute)
			x.hangUp()
		}()
		v := d.run(ctx, nil, func() *Verdict {
			d.main = d.newUnit(entryOf(t, "in localhost=10.0.0.1 remotehost=10.0.0.2 -dns device=/dev/a device=/dev/b"))
			d.talk(&member{conn: <-x.calls, entry: d.main.entry, unit: d.main, origin: status.HandedOver})
			return nil
		})
		if v.Status != StatusOK || x.waits > 0 {
			t.Errorf("%v, after %d waits for calls", v, x.waits)
		}
	})
}

// TestAnswerGivesUp: a line on which calls cannot be awaited modtries times in a
// row, with no other, ends the program; a call between begins anew.
func TestAnswerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn)}
		d, stop := x.serve(t, 2, strangers, "")
		defer stop()
		defer x.hangUp()
		time.Sleep(7 * time.Second) // two rounds
		x.release()
		time.Sleep(5 * time.Second)
		<-x.call(t, "nobody", "wrong").lost
		time.Sleep(time.Minute)
		look(t, d, rendezvous.Query{})
		stop()
		if d.final.Status != StatusUser {
			t.Errorf("with a line in time: %v", d.final)
		}

		x = &exchange{calls: make(chan *conn)}
		d, stop = x.serve(t, 2, strangers, "")
		time.Sleep(time.Minute)
		stop()
		if d.final.Status != StatusLock {
			t.Errorf("without any line: %v", d.final)
		}
	})
}

// TestAnswerNoPPP: a line on which there can be no PPP, before anybody knows whose
// it is, is told of, and ends a program that is only there for it.
func TestAnswerNoPPP(t *testing.T) {
	for _, solo := range []bool{true, false} {
		t.Run(fmt.Sprint("solo ", solo), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var said strings.Builder
				log := slog.New(slog.NewTextHandler(&said, nil))
				d := newDaemon(Options{StateDir: t.TempDir()}, nil, newMemWorld(t).world(), new(slog.LevelVar), log)
				d.solo = solo
				near, _ := mptest.Pair(mptest.Config{})
				c := &conn{Line: near, hangUp: func(context.Context) { near.Hangup() }, setSync: func() error { return errors.New("no such thing") }}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				v := d.run(ctx, nil, func() *Verdict {
					d.talk(&member{conn: c, entry: entryOf(t, "in reconfigure sync remotehost=0"), origin: status.Answered})
					return nil
				})
				if ended := v.Status == StatusOpen; ended != solo {
					t.Errorf("the program's %v", v)
				}
				if told := strings.Contains(said.String(), "no such thing"); told == solo { // the program's is told where it ends
					t.Error(said.String())
				}
			})
		})
	}
}
