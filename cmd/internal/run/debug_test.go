package run

import (
	"log/slog"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/mp"
)

// TestEntryDebug: the debug of an entry counts while somebody talks by it, beside
// what signals and pppstat ask for.
func TestEntryDebug(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn), free: 2, more: "joe debug=2 recv_passwd=Joes continue=+us remotehost=10.0.0.2\n" +
			"ann debug recv_passwd=Anns continue=+us remotehost=10.0.0.3\n+us localhost=10.0.0.1 -ipv6 -dns\n"}
		d, stop := x.serve(t, 2, "recv_chap -dns", "")
		defer stop()
		defer x.hangUp()
		up := func(name, password string) *person {
			p := x.call(t, name, password)
			<-p.up
			return p
		}
		down := func(p *person) {
			p.bundle.Close(mp.Closed, "User request")
			<-p.lost
		}
		signal := func(s syscall.Signal) { d.box.Put(func() { d.signal(s) }) }
		var joe, ann *person
		for _, step := range []struct {
			what string
			do   func()
			want slog.Level
		}{
			{"nobody", func() {}, slog.LevelInfo},
			{"ann calls", func() { ann = up("ann", "Anns") }, slog.LevelDebug},
			{"joe calls", func() { joe = up("joe", "Joes") }, mp.LevelPacket},
			{"USR1", func() { signal(syscall.SIGUSR1) }, mp.LevelBytes},
			{"USR1, and there is no more", func() { signal(syscall.SIGUSR1) }, mp.LevelBytes},
			{"joe has gone", func() { down(joe) }, mp.LevelPacket},
			{"USR2", func() { signal(syscall.SIGUSR2) }, slog.LevelDebug},
			{"USR2", func() { signal(syscall.SIGUSR2) }, slog.LevelInfo},
			{"joe calls", func() { joe = up("joe", "Joes") }, slog.LevelDebug},
			{"pppstat", func() {
				c := rendezvous.Command{Verb: rendezvous.Debug, Level: 2}
				if err := (host{d}).Act(t.Context(), rendezvous.Caller{}, c); err != nil {
					t.Error(err)
				}
			}, mp.LevelPacket},
			{"both have gone", func() { down(joe); down(ann) }, slog.LevelInfo},
		} {
			step.do()
			time.Sleep(time.Minute)
			if got := d.level.Level(); got != step.want {
				t.Errorf("%s: %v, want %v", step.what, got, step.want)
			}
		}
	})
}
