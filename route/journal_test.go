package route_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pppdial/route"
	"pppdial/route/routetest"
	"pppdial/route/tun"
)

// elsewhere is a State that leaves traces on eth0: a proxy ARP entry and a
// route.
func elsewhere() route.State {
	return route.State{
		Name:  "ppp0",
		Up:    true,
		Addrs: []route.Addr{toPeer("192.168.1.5", "192.168.1.20")},
		Routes: []route.Route{
			{Dst: prefix("10.9.0.0/16"), Gateway: ip("192.168.1.1"), Metric: 3},
			{Dst: prefix("0.0.0.0/0")},
		},
	}
}

// journals are the contents of the files in the runtime directory.
func journals(t testing.TB, dir string) (all []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		must(t, err)
		name := strings.Replace(filepath.Base(path), fmt.Sprint(os.Getpid()), "PID", 1)
		all = append(all, name+": "+string(text))
	}
	return all
}

func wantJournal(t testing.TB, dir string, want ...string) {
	t.Helper()
	if got := journals(t, dir); strings.Join(got, "") != strings.Join(want, "") {
		t.Errorf("the runtime directory has %q, want %q", got, want)
	}
}

func TestJournalTellsWhatWouldOutliveUs(t *testing.T) {
	k, dir := machine(t), t.TempDir()
	r := route.New(k, route.Options{Dir: dir})
	must(t, r.Set(link(t, "add default #")))
	wantJournal(t, dir)
	must(t, r.Set(elsewhere()))
	wantJournal(t, dir, `ppp0.PID.undo: {"namespace":"TestJournalTellsWhatWouldOutliveUs","interface":"ppp0","undo":[`+
		`{"route":{"Dst":"10.9.0.0/16","Via":"192.168.1.1","Dev":"eth0","Metric":3,"Src":""}},`+
		`{"proxy":{"Addr":"192.168.1.20","Dev":"eth0"}}]}`+"\n")
	must(t, r.Close())
	wantJournal(t, dir)
}

// What is about to be done is in the journal before it is done, and what could
// not be done is not in it.
func TestJournalIsAheadOfTheKernel(t *testing.T) {
	k, dir := machine(t), t.TempDir()
	seen := 0
	k.Fail = func(op string) error {
		if op == "add proxy 192.168.1.20 dev eth0" || op == "add route 10.9.0.0/16 via 192.168.1.1 dev eth0 metric 3" {
			key := strings.Fields(op)[2]
			if !strings.Contains(strings.Join(journals(t, dir), ""), strings.TrimSuffix(key, "/16")) {
				t.Errorf("%s is not in the journal", op)
			}
			seen++
			return os.ErrPermission
		}
		return nil
	}
	r := route.New(k, route.Options{Dir: dir})
	if err := r.Set(elsewhere()); err == nil || seen != 2 {
		t.Errorf("Set: %v after %d of 2", err, seen)
	}
	wantJournal(t, dir)
	must(t, r.Close())
}

func TestRecover(t *testing.T) {
	k, dir := machine(t), t.TempDir()
	before := k.String()
	r := route.New(k, route.Options{Dir: dir})
	must(t, r.Set(elsewhere()))
	up := k.String()

	must(t, route.Recover(k, dir, nil))
	if got := k.String(); got != up {
		t.Errorf("while the process lives, Recover changed\n%s\nto\n%s", up, got)
	}

	r.Die()
	k.RemoveLink("ppp0")
	k.AddLink("ppp0", false)
	must(t, route.Recover(routetest.New("another namespace"), dir, nil))
	if len(journals(t, dir)) != 1 {
		t.Error("Recover in another namespace took the journal")
	}
	var log bytes.Buffer
	must(t, route.Recover(k, dir, slog.New(slog.NewTextHandler(&log, nil))))
	if got := k.String(); got != before {
		t.Errorf("left behind:\n%s\nbefore there was\n%s", got, before)
	}
	for _, want := range []string{"10.9.0.0/16 via 192.168.1.1 dev eth0", "192.168.1.20 dev eth0"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not tell of %s:\n%s", want, log.String())
		}
	}
	wantJournal(t, dir)
}

// Recover removes only what is exactly as noted, and takes it as done when it
// is gone.
func TestRecoverLeavesOthersAlone(t *testing.T) {
	k, dir := machine(t), t.TempDir()
	r := route.New(k, route.Options{Dir: dir})
	must(t, r.Set(elsewhere()))
	r.Die()
	must(t, k.DelRoute(entry("10.9.0.0/16 via 192.168.1.1 dev eth0 metric 3")))
	must(t, k.AddRoute(entry("10.9.0.0/16 via 192.168.1.2 dev eth0 metric 3"), false))
	must(t, route.Recover(k, dir, nil))
	if !strings.Contains(k.String(), "10.9.0.0/16 via 192.168.1.2") {
		t.Errorf("somebody's route was removed:\n%s", k)
	}
	wantJournal(t, dir)
}

func TestRecoverFromDamage(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"namespace":`, "\x00\xff",
		`{"undo":[{"route":{"Dst":"x"}}]}`,
		`{"namespace":"TestRecoverFromDamage","undo":[{}]}`,
	} {
		k, dir := machine(t), t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "ppp0.1.undo.new"), []byte(text), 0o600))
		before := k.String()
		if err := route.Recover(k, dir, nil); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if k.String() != before {
			t.Errorf("%q changed the kernel", text)
		}
	}
	must(t, route.Recover(machine(t), filepath.Join(t.TempDir(), "none"), nil))
}

// A journal that cannot be written does not keep us from our work.
func TestNoRoomForTheJournal(t *testing.T) {
	k := machine(t)
	before := k.String()
	var log bytes.Buffer
	r := route.New(k, route.Options{Dir: filepath.Join(t.TempDir(), "none"), Log: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, r.Set(elsewhere()))
	if !strings.Contains(log.String(), "cannot note what to undo") {
		t.Errorf("nothing in the log:\n%s", log.String())
	}
	must(t, r.Close())
	if k.String() != before {
		t.Errorf("left behind:\n%s", k)
	}
}

// victim, in the environment, is the runtime directory of a process that is to
// be killed.
const victim = "ROUTE_TEST_VICTIM"

// beVictim sets up everything, says so, and waits for the end.
func beVictim(dir string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	k, err := route.OpenKernel()
	fail(err)
	_, err = tun.Open("ppp0")
	fail(err)
	fail(route.New(k, route.Options{Dir: dir}).Set(elsewhere()))
	fmt.Println("ready")
	select {}
}

// After kill -9 the kernel removes the interface with its routes, and Recover
// the rest.
func TestKill(t *testing.T) {
	k, d := realMachine(t)
	must(t, d.Close())
	show := func() string {
		s, err := routetest.Lines(k, "eth0", "eth1")
		must(t, err)
		return s
	}
	before := show()
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), victim+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start()) // in our namespace, as this is our thread
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Errorf("the victim says %q, %v", line, err)
	}
	up := show()
	must(t, route.Recover(k, dir, nil))
	if got := show(); got != up || got == before {
		t.Errorf("while the process lives there was\n%s\nand after Recover\n%s", up, got)
	}
	must(t, cmd.Process.Kill())
	cmd.Wait()
	if _, err := k.Link("ppp0"); err == nil {
		t.Error("ppp0 is still there")
	}
	if got := show(); got == before {
		t.Error("nothing was left behind: the test tests nothing")
	}
	must(t, route.Recover(k, dir, nil))
	if got := show(); got != before {
		t.Errorf("left behind:\n%s\nbefore there was\n%s", got, before)
	}
	wantJournal(t, dir)
}
