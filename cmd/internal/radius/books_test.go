package radius

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"layeh.com/radius/rfc2866"

	"pppdial/cmd/internal/radius/radiustest"
	"pppdial/mp/wire"
)

// The detail file has what we said, octet for octet.
func TestFreeradiusDetail(t *testing.T) {
	s := radiustest.Start(t, testSecret, users)
	c := realClient(t, loopback(testSecret, s.Port))
	usage := Usage{In: 3<<32 + 4000000001, Out: 17, InPackets: 4000000002, OutPackets: 1, Links: 2}
	session, err := c.Open(SessionConfig{
		Call: Call{ID: "0123456789abcdef", Line: "ttyUSB0", Port: 188, Type: Async, Calling: "0301234", Called: "0305678", Connect: "33600/V34/LAPM"},
		Grant: &Grant{User: "jo\"e\\ ü", Class: [][]byte{[]byte("gold"), {0, 255, 10}},
			Prefixes: []netip.Prefix{netip.MustParsePrefix("2001:db8:7::/48")}},
		Bundle: "fedcba9876543210", Links: 1, Address: netip.MustParseAddr("192.0.2.7"), InterfaceID: wire.InterfaceID{7: 7},
	})
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1100 * time.Millisecond)
	interim := time.Now()
	session.report(usage, interim, true)
	before := time.Now()
	session.Close(usage, rfc2866.AcctTerminateCause_Value_LostCarrier)
	after := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c.Close(ctx)

	head := func(status string, at time.Time, links int) string {
		return `	Acct-Status-Type = ` + status + `
	Acct-Session-Id = "0123456789abcdef"
	Event-Timestamp = "` + at.UTC().Format("Jan _2 2006 15:04:05 MST") + `"
	Acct-Multi-Session-Id = "fedcba9876543210"
	Acct-Link-Count = ` + fmt.Sprint(links) + `
	User-Name = "jo\"e\\ ü"
	NAS-Identifier = "nas-1"
	NAS-Port = 188
	NAS-Port-Type = Async
	NAS-Port-Id = "ttyUSB0"
	Calling-Station-Id = "0301234"
	Called-Station-Id = "0305678"
	Connect-Info = "33600/V34/LAPM"
	Service-Type = Framed-User
	Framed-Protocol = PPP
	Acct-Authentic = RADIUS
	Framed-IP-Address = 192.0.2.7
	Framed-Interface-Id = 0:0:0:7
	Framed-IPv6-Prefix = 2001:db8:7::/48
	Class = 0x676f6c64
	Class = 0x00ff0a
`
	}
	used := func(at time.Time) string {
		return `	Acct-Session-Time = ` + fmt.Sprint(int(at.Sub(session.began).Seconds())) + `
	Acct-Input-Octets = 4000000001
	Acct-Input-Gigawords = 3
	Acct-Output-Octets = 17
	Acct-Output-Gigawords = 0
	Acct-Input-Packets = 4000000002
	Acct-Output-Packets = 1
`
	}
	stop := func(at time.Time) string {
		return head("Stop", at, 2) + used(at) + "\tAcct-Terminate-Cause = Lost-Carrier\n"
	}
	want := [][]string{
		{head("Start", session.began, 1)},
		{head("Interim-Update", interim, 2) + used(interim)},
		{stop(before), stop(after)}, // a second may pass in between
	}
	got := s.Details()
	if len(got) != len(want) {
		t.Fatalf("%d records:\n%s", len(got), strings.Join(got, "\n"))
	}
	prompt := regexp.MustCompile(`\tAcct-Delay-Time = [0-4]\n$`)
	for i := range want {
		if got := prompt.ReplaceAllString(got[i], ""); !slices.Contains(want[i], got) {
			t.Errorf("record %d:\n got %s\nwant %s", i, got, want[i][0])
		}
	}
}

// A clerk is a process that opens and closes sessions until it is killed. It
// writes a line when what it says must not be lost any more.
const (
	clerkWord = "PPPDIAL_TEST_CLERK"
	unclosed  = 4 // of so many sessions one stays open
)

// clerkOrder says what a clerk is to do, as JSON in its environment.
type clerkOrder struct {
	Dir   string
	Port  int
	Drain bool // open nothing, wait until all records are with the server
}

func TestClerk(t *testing.T) {
	text := os.Getenv(clerkWord)
	if text == "" {
		return // started by TestFreeradiusKilled only
	}
	var o clerkOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{Servers: loopback(testSecret, o.Port), Identifier: "nas-1", Dir: o.Dir, Log: newTestLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	durable := func() {
		c.closing.Wait()
		done := make(chan struct{})
		c.accountant.box.Put(func() { c.accountant.box.Put(func() { close(done) }) })
		<-done
	}
	for i := uint64(1); !o.Drain; i++ {
		u := Usage{In: i<<30 + 7, Out: i, InPackets: i, OutPackets: i}
		s, err := c.Open(SessionConfig{Call: Call{ID: NewID(), Line: "ttyS0"}, Grant: &Grant{User: "joe"}})
		if err != nil {
			t.Fatal(err)
		}
		durable()
		fmt.Printf("open %s\n", s.cfg.Call.ID)
		if i%unclosed == 0 {
			continue
		}
		s.Close(u, rfc2866.AcctTerminateCause_Value_UserRequest)
		durable()
		fmt.Printf("closed %s %d\n", s.cfg.Call.ID, u.In)
	}
	for len(files(t, o.Dir)) > 1 || !idle(c) {
		time.Sleep(10 * time.Millisecond)
	}
	c.Close(t.Context())
}

// idle reports whether no record waits.
func idle(c *Client) bool {
	n := make(chan int)
	c.accountant.box.Put(func() { n <- len(c.accountant.queues) })
	return <-n == 0
}

// clerk starts one.
func clerk(t *testing.T, o clerkOrder) (*exec.Cmd, io.Reader) {
	t.Helper()
	order, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestClerk$")
	cmd.Env = append(os.Environ(), clerkWord+"="+string(order))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

var detailField = regexp.MustCompile(`(?m)^\t(Acct-Session-Id|Acct-Status-Type|Acct-Input-Octets|Acct-Input-Gigawords|Acct-Terminate-Cause|Event-Timestamp) = "?([^"\n]*)`)

// Our process is killed again and again, and the server stopped in between. In
// the end the books have each session once.
func TestFreeradiusKilled(t *testing.T) {
	s := radiustest.Start(t, testSecret, users)
	o := clerkOrder{Dir: t.TempDir(), Port: s.Port}
	opened, closed := map[string]bool{}, map[string]uint64{}
	const rounds = 12
	for round := range rounds {
		switch round % 4 {
		case 1:
			s.Stop()
		case 3:
			s.Restart()
		}
		cmd, out := clerk(t, o)
		time.AfterFunc(time.Duration(150+rand.IntN(250))*time.Millisecond, func() { cmd.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var id string
			var in uint64
			if _, err := fmt.Sscanf(lines.Text(), "closed %s %d", &id, &in); err == nil {
				closed[id] = in
			} else if _, err := fmt.Sscanf(lines.Text(), "open %s", &id); err == nil {
				opened[id] = true
			}
		}
		cmd.Wait()
	}
	o.Drain = true
	cmd, out := clerk(t, o)
	said, _ := io.ReadAll(out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if left := files(t, o.Dir); left != nil {
		t.Errorf("files are left: %v", left)
	}

	type stop struct {
		in    uint64
		cause string
	}
	starts, stops, stamps := map[string]int{}, map[string]stop{}, map[string]string{}
	repeated := 0
	for _, d := range s.Details() {
		f := map[string]string{}
		for _, m := range detailField.FindAllStringSubmatch(d, -1) {
			f[m[1]] = m[2]
		}
		id := f["Acct-Session-Id"]
		key := id + " " + f["Acct-Status-Type"]
		if old, again := stamps[key]; again {
			repeated++
			if old != f["Event-Timestamp"] {
				t.Errorf("%s came twice as two: %s, %s", key, old, f["Event-Timestamp"])
			}
		}
		stamps[key] = f["Event-Timestamp"]
		if f["Acct-Status-Type"] == "Start" {
			starts[id]++
			continue
		}
		var low, high uint64
		fmt.Sscan(f["Acct-Input-Octets"], &low)
		fmt.Sscan(f["Acct-Input-Gigawords"], &high)
		stops[id] = stop{high<<32 + low, f["Acct-Terminate-Cause"]}
	}
	for id := range opened {
		want := stop{0, "NAS-Reboot"}
		if in, ok := closed[id]; ok {
			want = stop{in, "User-Request"}
		}
		got, ok := stops[id]
		// Killed between the Stop's way to the disk and the line about it.
		unsaid := want.cause == "NAS-Reboot" && got.cause == "User-Request"
		if starts[id] == 0 || !ok || got != want && !unsaid {
			t.Errorf("session %s: %d Starts, Stop %v, %v; want %v", id, starts[id], got, ok, want)
		}
	}
	for id := range starts {
		if _, ok := stops[id]; !ok {
			t.Errorf("session %s has no Stop", id)
		}
	}
	if len(opened) < rounds {
		t.Errorf("only %d sessions in %d rounds", len(opened), rounds)
	}
	t.Logf("%d kills: %d sessions, %d of them closed; %d in the books, %d records came twice, as the same ones",
		rounds, len(opened), len(closed), len(starts), repeated)
}
