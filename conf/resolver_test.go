package conf

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestResolverLosesPatience: a name service that is silent costs at most two
// seconds and then less with each name, and nothing for a name that was asked
// for just now.
func TestResolverLosesPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &resolver{ask: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		for _, tt := range []struct {
			host string
			want time.Duration
		}{
			{"a.example", 2 * time.Second},
			{"a.example", 0},
			{"b.example", time.Second},
			{"c.example", 500 * time.Millisecond},
			{"d.example", 250 * time.Millisecond},
			{"e.example", 125 * time.Millisecond},
			{"f.example", 125 * time.Millisecond},
		} {
			start := time.Now()
			if _, err := r.lookup(tt.host); err == nil {
				t.Error(tt.host, "resolved")
			}
			if took := time.Since(start); took != tt.want {
				t.Errorf("%s took %v, want %v", tt.host, took, tt.want)
			}
		}
	})
}

// TestResolverForgets: patience comes back with the first answer, and answers
// are asked for again after a while.
func TestResolverForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := &resolver{timeouts: 3, ask: func(context.Context, string, string) ([]netip.Addr, error) {
			asked++
			return []netip.Addr{netip.MustParseAddr("::ffff:192.0.2.7")}, nil
		}}
		for _, want := range []int{1, 1, 2} {
			addrs, err := r.lookup("a.example")
			if err != nil || len(addrs) != 1 || !addrs[0].Is4() || r.timeouts != 0 {
				t.Error(addrs, err, r.timeouts)
			}
			if asked != want {
				t.Errorf("asked %d times, want %d", asked, want)
			}
			time.Sleep(remembered / 2)
		}
	})
}

func TestSystem(t *testing.T) {
	o := Options{}.system()
	if a := o.Source(); a.IsValid() && !a.Is4() {
		t.Error("source", a)
	}
	if port, err := o.Service("https"); port != 443 || err != nil {
		t.Error("https", port, err)
	}
	if _, err := o.Service("no-such-service"); err == nil {
		t.Error("a service that is none")
	}
	f, ds := Parse("ppp.conf", []byte("a localhost=10.0.0.1 remotehost=10.0.0.2"))
	if e, more := f.Entry("a"); len(ds)+len(more) != 0 || !e.LocalHost[0].Single() {
		t.Error(ds, more)
	}
}
