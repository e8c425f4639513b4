package radius

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"

	"pppdial/mp/wire"
)

// books are those of an accounting server: what makes a record the same one, how
// often it came, and the last packet of it.
type books struct {
	mu      sync.Mutex
	order   []string
	count   map[string]int
	packets map[string]*radius.Packet
}

func newBooks() *books { return &books{count: map[string]int{}, packets: map[string]*radius.Packet{}} }

// take is a server that writes down and acknowledges.
func (k *books) take(s *socket, b []byte) {
	k.note(b)
	s.deliver(answerWith(b, radius.CodeAccountingResponse, false))
}

func (k *books) note(b []byte) {
	p, err := radius.Parse(b, []byte(testSecret))
	if err != nil || !radius.IsAuthenticRequest(b, []byte(testSecret)) {
		panic(fmt.Sprint("a request that no server takes: ", err))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key := fmt.Sprintf("%s %v", rfc2866.AcctSessionID_GetString(p), rfc2866.AcctStatusType_Get(p))
	if rfc2866.AcctStatusType_Get(p) == update {
		key += fmt.Sprint(" ", rfc2869.EventTimestamp_Get(p).Unix())
	}
	if k.count[key]++; k.count[key] == 1 {
		k.order = append(k.order, key)
	}
	k.packets[key] = p
}

func (k *books) keys() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.order)
}

func (k *books) packet(key string) *radius.Packet {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.packets[key]
}

func testSession(id string, change func(*SessionConfig)) SessionConfig {
	cfg := SessionConfig{Call: Call{ID: id, Line: "ttyS1", Port: 3}, Grant: &Grant{User: "joe"}, Usage: func() Usage { return Usage{} }}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

func open(t *testing.T, c *Client, cfg SessionConfig) *Session {
	t.Helper()
	s, err := c.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAccounting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		n.serve("a:1813", k.take)
		c := testClient(t, n, nil, "a")
		began := time.Now()
		usage := Usage{In: 5<<32 + 7, Out: 1<<32 - 1, InPackets: 10, OutPackets: 20, Links: 2}
		s := open(t, c, testSession("s1", func(cfg *SessionConfig) {
			cfg.Call.Calling, cfg.Call.Called = "0301234", "0305678"
			cfg.Bundle, cfg.Links = "b1", 1
			cfg.Address = netip.MustParseAddr("192.0.2.9")
			cfg.InterfaceID = wire.InterfaceID{7: 9}
			cfg.Grant = &Grant{User: "joe", Interim: 5 * time.Minute, Class: [][]byte{[]byte("gold"), {0, 1}},
				Prefixes: []netip.Prefix{netip.MustParsePrefix("2001:db8::/64")}}
			cfg.Usage = func() Usage { return usage }
		}))
		time.Sleep(11*time.Minute + time.Second/2)
		s.Close(usage, rfc2866.AcctTerminateCause_Value_IdleTimeout)
		s.Close(usage, rfc2866.AcctTerminateCause_Value_UserRequest)
		synctest.Wait()
		u1, u2 := fmt.Sprintf("s1 Interim-Update %d", began.Unix()+300), fmt.Sprintf("s1 Interim-Update %d", began.Unix()+600)
		want := []string{"s1 Start", u1, u2, "s1 Stop"}
		if got := k.keys(); !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		common := "sid=s1 multi=b1 user=joe nas=nas port=3/0 line=ttyS1 calling=0301234 called=0305678 type=2/1 auth=1 ip=192.0.2.9 " +
			"id=0000000000000009 prefix=004020010db800000000 class=[gold \x00\x01]"
		for key, want := range map[string]string{
			"s1 Start": common + " links=1 delay=0",
			u1:         common + " links=2 delay=0 time=300 in=7+5 out=4294967295+0 packets=10,20",
			u2:         common + " links=2 delay=0 time=600 in=7+5 out=4294967295+0 packets=10,20",
			"s1 Stop":  common + " links=2 delay=0 time=660 in=7+5 out=4294967295+0 packets=10,20 cause=Idle-Timeout",
		} {
			if got := describeRecord(k.packet(key)); got != want {
				t.Errorf("%s:\n got %s\nwant %s", key, got, want)
			}
		}
	})
}

func describeRecord(p *radius.Packet) string {
	s := fmt.Sprintf("sid=%s multi=%s user=%s nas=%s port=%d/%d line=%s calling=%s called=%s type=%d/%d auth=%d ip=%v id=%x prefix=%x class=%s links=%d delay=%d",
		rfc2866.AcctSessionID_Get(p), rfc2866.AcctMultiSessionID_Get(p), rfc2865.UserName_Get(p), rfc2865.NASIdentifier_Get(p),
		rfc2865.NASPort_Get(p), rfc2865.NASPortType_Get(p), rfc2869.NASPortID_Get(p), rfc2865.CallingStationID_Get(p), rfc2865.CalledStationID_Get(p),
		rfc2865.ServiceType_Get(p), rfc2865.FramedProtocol_Get(p), rfc2866.AcctAuthentic_Get(p), rfc2865.FramedIPAddress_Get(p),
		[]byte(p.Get(96)), []byte(p.Get(97)), classes(p), rfc2866.AcctLinkCount_Get(p), rfc2866.AcctDelayTime_Get(p))
	if _, ok := p.Lookup(rfc2866.AcctSessionTime_Type); ok {
		s += fmt.Sprintf(" time=%d in=%d+%d out=%d+%d packets=%d,%d", rfc2866.AcctSessionTime_Get(p),
			rfc2866.AcctInputOctets_Get(p), rfc2869.AcctInputGigawords_Get(p), rfc2866.AcctOutputOctets_Get(p), rfc2869.AcctOutputGigawords_Get(p),
			rfc2866.AcctInputPackets_Get(p), rfc2866.AcctOutputPackets_Get(p))
	}
	if _, ok := p.Lookup(rfc2866.AcctTerminateCause_Type); ok {
		s += fmt.Sprintf(" cause=%v", rfc2866.AcctTerminateCause_Get(p))
	}
	return s
}

func classes(p *radius.Packet) []string {
	all, _ := rfc2865.Class_Gets(p)
	var s []string
	for _, c := range all {
		s = append(s, string(c))
	}
	return s
}

// Records that no server takes wait, in order, and say how late they are.
func TestRecordsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		c := testClient(t, n, nil, "a", "b")
		s := open(t, c, testSession("s1", func(cfg *SessionConfig) { cfg.Grant.Interim = 10 * time.Minute }))
		time.Sleep(15 * time.Minute)
		s.Close(Usage{}, rfc2866.AcctTerminateCause_Value_LostCarrier)
		time.Sleep(time.Hour)
		n.serve("b:1813", k.take)
		time.Sleep(2 * time.Minute) // no pause is longer
		got := k.keys()
		if len(got) != 3 || got[0] != "s1 Start" || got[2] != "s1 Stop" {
			t.Fatalf("got %q", got)
		}
		for key, least := range map[string]uint32{"s1 Start": 75 * 60, "s1 Stop": 60 * 60} {
			if d := uint32(rfc2866.AcctDelayTime_Get(k.packet(key))); d < least || d > least+120 {
				t.Errorf("%s: Acct-Delay-Time %d, want %d or a little more", key, d, least)
			}
		}
		if f := files(t, c.cfg.Dir); len(f) != 1 {
			t.Errorf("files: %v", f)
		}
		c.Close(t.Context())
		if f := files(t, c.cfg.Dir); f != nil {
			t.Errorf("files are left though all is done: %v", f)
		}
	})
}

// A server that gets a record, but whose acknowledgement is lost, gets the same
// packet again: it can tell.
func TestLostAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		packets := map[string]int{}
		n.serve("a:1813", func(s *socket, b []byte) {
			k.mu.Lock()
			packets[string(b)]++
			lose := packets[string(b)] < 3
			k.mu.Unlock()
			if !lose {
				k.take(s, b)
			}
		})
		c := testClient(t, n, nil, "a")
		s := open(t, c, testSession("s1", nil))
		time.Sleep(time.Minute)
		s.Close(Usage{}, 1)
		time.Sleep(time.Minute)
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(packets) != 2 {
			t.Errorf("%d different packets, want those of Start and Stop", len(packets))
		}
	})
}

// Killed, and started again: nothing is lost, and who was connected has gone.
func TestKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		dir := t.TempDir()
		keep := func(cfg *Config) { cfg.Dir = dir }
		c := testClient(t, n, keep, "a")
		usage := Usage{In: 100, Out: 200}
		closed := open(t, c, testSession("closed", nil))
		open(t, c, testSession("open", func(cfg *SessionConfig) { cfg.Usage = func() Usage { return usage } }))
		time.Sleep(90 * time.Second)
		closed.Close(Usage{In: 5}, rfc2866.AcctTerminateCause_Value_UserRequest)
		synctest.Wait()
		died := time.Now()
		kill(c)
		time.Sleep(time.Hour)

		n.serve("a:1813", k.take)
		again := testClient(t, n, keep, "a")
		time.Sleep(2 * time.Minute)
		got := k.keys()
		slices.Sort(got)
		if want := []string{"closed Start", "closed Stop", "open Start", "open Stop"}; !slices.Equal(got, want) {
			t.Fatalf("got %q", got)
		}
		p := k.packet("open Stop")
		if rfc2866.AcctTerminateCause_Get(p) != rfc2866.AcctTerminateCause_Value_NASReboot || rfc2866.AcctInputOctets_Get(p) != 100 ||
			rfc2866.AcctSessionTime_Get(p) != 60 || rfc2869.EventTimestamp_Get(p).Unix() != died.Unix()-30 {
			t.Errorf("the Stop of the session that was open: %s", describeRecord(p))
		}
		again.Close(t.Context())
		if f := files(t, dir); f != nil {
			t.Errorf("files are left: %v", f)
		}
		third := testClient(t, n, keep, "a")
		third.Close(t.Context())
		for key, n := range k.count {
			if n != 1 {
				t.Errorf("%s came %d times", key, n)
			}
		}
	})
}

// kill leaves the file as a killed process does.
func kill(c *Client) {
	c.accountant.spool.f.Close() // and with it the lock
	for _, s := range c.find(func(*Session) bool { return true }) {
		s.abandon()
	}
	closeNow(c)
}

// Sessions that are open when the client is closed stay open in the books until
// the next one starts.
func TestClosedWithOpenSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		n.serve("a:1813", k.take)
		dir := t.TempDir()
		keep := func(cfg *Config) { cfg.Dir = dir }
		c := testClient(t, n, keep, "a")
		open(t, c, testSession("s1", nil))
		c.Close(t.Context())
		if got := k.keys(); !slices.Equal(got, []string{"s1 Start"}) {
			t.Errorf("got %q", got)
		}
		testClient(t, n, keep, "a").Close(t.Context())
		if got := k.keys(); !slices.Equal(got, []string{"s1 Start", "s1 Stop"}) {
			t.Errorf("got %q", got)
		}
	})
}

// A client that is closed waits for servers as long as it may.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		n.serve("a:1813", func(s *socket, b []byte) {
			time.Sleep(500 * time.Millisecond)
			k.take(s, b)
		})
		dir := t.TempDir()
		c := testClient(t, n, func(cfg *Config) { cfg.Dir = dir }, "a")
		open(t, c, testSession("s1", nil)).Close(Usage{}, 1)
		began := time.Now()
		c.Close(t.Context())
		if took := time.Since(began); took != time.Second || len(k.keys()) != 2 || files(t, dir) != nil {
			t.Errorf("took %v, %q, %v", took, k.keys(), files(t, dir))
		}
		n.serve("a:1813", nil)
		c = testClient(t, n, func(cfg *Config) { cfg.Dir = dir }, "a")
		open(t, c, testSession("s2", nil)).Close(Usage{}, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began = time.Now()
		c.Close(ctx)
		if took := time.Since(began); took != 3*time.Second || len(files(t, dir)) != 1 {
			t.Errorf("took %v, %v", took, files(t, dir))
		}
	})
}

// The disk is bounded: updates that are superseded go first, then the newest
// records are refused, loudly.
func TestSpoolIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		dir := t.TempDir()
		c := testClient(t, n, func(cfg *Config) { cfg.Dir = dir }, "a")
		a := c.accountant
		pad := func(r *record) *record {
			for range 15 {
				r.attrs = append(append(r.attrs, 25, 255), strings.Repeat("x", 253)...)
			}
			return r
		}
		const sessions, updates = 10, 450
		for i := range sessions {
			id := fmt.Sprint("s", i)
			a.box.Put(func() { a.add(pad(testRecord(t, id, start, 0))) })
			for j := range updates {
				a.box.Put(func() { a.add(pad(testRecord(t, id, update, int64(1+j)))) })
			}
			a.box.Put(func() { a.add(pad(testRecord(t, id, stop, 1000))) })
		}
		synctest.Wait()
		a.box.Put(func() {
			if a.lost != 0 || a.waiting > maxWaiting {
				t.Errorf("%d lost, %d octets wait", a.lost, a.waiting)
			}
		})
		n.serve("a:1813", k.take)
		time.Sleep(10 * time.Minute)
		starts, stops := 0, 0
		for _, key := range k.keys() {
			if strings.HasSuffix(key, "Start") {
				starts++
			}
			if strings.HasSuffix(key, "Stop") {
				stops++
			}
		}
		if starts != sessions || stops != sessions {
			t.Errorf("%d Starts and %d Stops of %d sessions", starts, stops, sessions)
		}
		n.serve("a:1813", nil)
		for i := range maxWaiting/3800 + 10 {
			a.box.Put(func() { a.add(pad(testRecord(t, fmt.Sprint("t", i), start, 0))) })
		}
		synctest.Wait()
		a.box.Put(func() {
			if a.lost == 0 || a.waiting > maxWaiting {
				t.Errorf("%d lost, %d octets wait", a.lost, a.waiting)
			}
		})
		synctest.Wait()
	})
}

// A file with many acknowledged records is written anew.
func TestSpoolStaysSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, k := newNetwork(), newBooks()
		n.serve("a:1813", k.take)
		c := testClient(t, n, nil, "a")
		s := open(t, c, testSession("open", nil))
		for i := range 3000 {
			open(t, c, testSession(fmt.Sprint("s", i), nil)).Close(Usage{}, 1)
			synctest.Wait()
		}
		f, err := filepath.Glob(filepath.Join(c.cfg.Dir, "*"))
		if err != nil || len(f) != 1 || c.accountant.spool.size > 2*compactFrom || len(k.keys()) != 6001 {
			t.Errorf("%v, %d octets, %d records, %v", f, c.accountant.spool.size, len(k.keys()), err)
		}
		s.Close(Usage{}, 1)
	})
}

// A change of the clock does not lead to times below zero.
func TestClockIsSetBack(t *testing.T) {
	r := testRecord(t, "1", start, 1000)
	b, err := r.packet(NewSecret("x"), time.Unix(900, 0))
	if err != nil {
		t.Fatal(err)
	}
	p, err := radius.Parse(b, []byte("x"))
	if err != nil || binary.BigEndian.Uint32(p.Get(rfc2866.AcctDelayTime_Type)) != 0 {
		t.Error(p, err)
	}
}
