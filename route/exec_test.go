package route_test

import (
	"net/netip"
	"strings"
	"testing"

	"pppdial/route"
)

func TestExec(t *testing.T) {
	tests := []struct {
		there   []string // somebody's routes
		routes  []string // of the State
		command string
		want    []string // the routes that are not from addresses, in the end
		err     string
	}{
		{
			there:   []string{"0.0.0.0/0 via 192.168.1.1 dev eth0"},
			command: "delete default",
		},
		{
			there:   []string{"0.0.0.0/0 via 192.168.1.1 dev eth0 metric 9", "0.0.0.0/0 via 192.168.1.2 dev eth0 metric 5"},
			command: "delete default",
			want:    []string{"default via 192.168.1.1 dev eth0 metric 9"},
		},
		{
			there:   []string{"0.0.0.0/0 via 192.168.1.1 dev eth0 metric 9", "0.0.0.0/0 via 192.168.1.2 dev eth0 metric 5"},
			command: "delete default 192.168.1.1",
			want:    []string{"default via 192.168.1.2 dev eth0 metric 5"},
		},
		{
			there:   []string{"0.0.0.0/0 via 192.168.1.1 dev eth0 metric 9"},
			command: "delete default 192.168.1.1 8",
			want:    []string{"default via 192.168.1.1 dev eth0 metric 9"},
			err:     "route: ppp0: delete default 192.168.1.1 8: there is no such route",
		},
		{
			there:   []string{"0.0.0.0/0 via 192.168.1.1 dev eth0 metric 9"},
			routes:  []string{"add default #"},
			command: "delete default #",
			want:    []string{"default via 192.168.1.1 dev eth0 metric 9"},
		},
		{
			command: "delete default #",
			err:     "route: ppp0: delete default #: there is no such route",
		},
		{
			command: "add -net 10.9.0.0/16 192.168.1.1 4",
			want:    []string{"10.9.0.0/16 via 192.168.1.1 dev eth0 metric 4"},
		},
		{
			command: "add -inet6 2001:db8::/32 #",
			want:    []string{"2001:db8::/32 dev ppp0 metric 1024"},
		},
		{
			routes:  []string{"add default #"},
			command: "add default 192.168.1.1",
			want:    []string{"default dev ppp0 metric 0"},
			err:     "route: ppp0: add default 192.168.1.1: default route already there dev ppp0 metric 0; use metric= or replace_route",
		},
		{
			there:   []string{"0.0.0.0/0 via 192.168.1.1 dev eth0 metric 5"},
			command: "change default #",
			want:    []string{"default dev ppp0 metric 5"},
		},
		{
			there:   []string{"::/0 via fe80::99 dev eth0 metric 1024"},
			command: "change -inet6 default #",
			want:    []string{"default dev ppp0 metric 1024"},
		},
		{
			routes:  []string{"add default #"},
			command: "change default #",
			want:    []string{"default dev ppp0 metric 0"},
		},
		{
			command: "change default #",
			err:     "route: ppp0: change default #: there is no such route",
		},
		{
			there:   []string{"10.9.0.0/16 via 192.168.1.1 dev eth0"},
			command: "change -net 10.9.0.0/16 10.99.0.1",
			want:    []string{"10.9.0.0/16 via 192.168.1.1 dev eth0 metric 0"},
			err:     "route: ppp0: add route 10.9.0.0/16 via 10.99.0.1 metric 0: gateway 10.99.0.1 not reachable: no interface leads to it",
		},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			onBoth(t, func(t *testing.T, k route.Kernel) {
				s := link(t, tt.routes...)
				s.Addrs = append(s.Addrs, toPeer("fe80::1", "fe80::2"))
				r := route.New(k, route.Options{})
				must(t, r.Set(s))
				for _, e := range tt.there {
					must(t, k.AddRoute(entry(e), false))
				}
				if err := r.Exec(command(t, tt.command)); flat(err) != tt.err {
					t.Errorf("Exec: %s\nwant %s", flat(err), tt.err)
				}
				var got []string
				for line := range strings.Lines(lines(t, k)) {
					e, isRoute := strings.CutPrefix(strings.TrimSpace(line), "route ")
					if isRoute && !strings.Contains(e, " src ") && !strings.HasPrefix(e, "fe80::/64") {
						got = append(got, e)
					}
				}
				if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
					t.Errorf("there is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
				}
			})
		})
	}
}

// What Exec has added is nobody's, what it has deleted comes back with Set.
func TestExecAndSet(t *testing.T) {
	onBoth(t, func(t *testing.T, k route.Kernel) {
		r := route.New(k, route.Options{})
		s := link(t, "add default #")
		must(t, r.Set(s))
		must(t, r.Exec(command(t, "add -net 10.9.0.0/16 192.168.1.1")))
		must(t, r.Exec(command(t, "delete default")))
		must(t, r.Set(s))
		wantWay(t, k, "8.8.8.8", "ppp0")
		must(t, r.Close())
		if got := lines(t, k); !strings.Contains(got, "10.9.0.0/16") {
			t.Errorf("what Exec added is gone:\n%s", got)
		}
	})
}

// Behind Close nothing of ours is in the way, and the peer is still known.
func TestExecBehindClose(t *testing.T) {
	onBoth(t, func(t *testing.T, k route.Kernel) {
		r := route.New(k, route.Options{})
		must(t, r.Set(link(t, "add default #")))
		must(t, r.Close())
		must(t, r.Exec(command(t, "add default 192.168.1.1")))
		must(t, r.Exec(command(t, "add -host # 192.168.1.1")))
		wantWay(t, k, "8.8.8.8", "eth0")
		if got := lines(t, k); !strings.Contains(got, "route 10.0.0.2 via 192.168.1.1 dev eth0") {
			t.Errorf("no route to the peer:\n%s", got)
		}
	})
}

// A peer that has told no address is a gateway all the same, but no destination.
func TestExecUnknownPeer(t *testing.T) {
	k := machine(t)
	r := route.New(k, route.Options{})
	s := link(t)
	s.Addrs[0].Remote = netip.Addr{}
	must(t, r.Set(s))
	must(t, r.Exec(command(t, "add default #")))
	wantWay(t, k, "8.8.8.8", "ppp0")
	err := r.Exec(command(t, "add # 192.168.1.1"))
	if want := "route: rtcmd: add -host # 192.168.1.1: the peer's address is not known"; flat(err) != want {
		t.Errorf("Exec: %v, want %s", err, want)
	}
}
