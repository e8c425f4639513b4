// Package floors holds the test that keeps the house standing: imports point
// down only, and conf, mp, dial and route never meet but in cmd/internal/run.
package floors

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "pppdial"

// floors gives the floor of each package and of what lies below it in the tree,
// unless that has a row of its own. A new package needs a row only when none of
// its parents has the right one.
var floors = map[string]int{
	"cmd":          6,
	"cmd/internal": 5,

	"cmd/internal/judge": 4, // joins conf with the languages within values

	"cmd/internal/rendezvous": 4, "cmd/internal/metrics": 4, // run and pppstat use them
	"cmd/internal/status": 3, "cmd/internal/mailbox": 3, "cmd/internal/getopt": 3,

	"conf/convert": 4, // foreign configurations become entries

	"cmd/internal/hooks": 4, "cmd/internal/keep": 4, "cmd/internal/notify": 4, // parts of the daemon that know of no other
	"cmd/internal/account": 4, "cmd/internal/capture": 4, "cmd/internal/pool": 4, "cmd/internal/utmp": 4,
	"cmd/internal/radius": 4,

	"conf": 3, "mp": 3, "dial": 3, "route": 3,

	"mp/proto": 2, "dial/modem": 2, "route/tun": 2,
	"mp/fsm": 1, "dial/line": 1,

	"mp/wire": 0, "mp/hdlc": 0, "mp/comp": 0,
	"dial/chat": 0, "dial/uucp": 0, "dial/usb": 0,
	"route/rtcmd": 0, "route/flock": 0,

	"mp/frag":     1,  // its packets begin with a protocol field of mp/wire
	"mp/hdlc/fcs": -1, // the FCS-16 that frames and Predictor-1 share
}

// trees are the four parts that never import one another.
var trees = []string{"conf", "mp", "dial", "route"}

// fixtures exist for tests and demonstrations, and stand beside the floors:
// they import what they like of their own tree; what is installed imports none.
var fixtures = []string{"cmd/internal/lab", "cmd/internal/floors", "cmd/internal/radius/radiustest", "mp/mptest", "dial/dialtest", "route/routetest", "examples"}

type pkg struct {
	ImportPath string
	Imports    []string // of the package itself, not of its tests
	Deps       []string // the same, and theirs
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		if isFixture(p.ImportPath) {
			continue
		}
		own, ok := floor(p.ImportPath)
		if !ok {
			t.Errorf("%s stands on no floor: give it one", p.ImportPath)
		}
		for _, i := range p.Imports {
			below, ok := floor(i)
			switch {
			case isFixture(i):
				t.Errorf("%s imports %s, which is for tests only", p.ImportPath, i)
			case !ok || below < own:
			case below == own && strings.HasPrefix(i, p.ImportPath+"/"): // a part of its own
			default:
				t.Errorf("%s (floor %d) imports %s (floor %d)", p.ImportPath, own, i, below)
			}
		}
	}
}

func TestTreesNeverMeet(t *testing.T) {
	for _, p := range packages(t) {
		own := tree(p.ImportPath)
		if own == "" {
			continue
		}
		for _, d := range p.Deps {
			if other := tree(d); other != "" && other != own {
				t.Errorf("%s depends on %s", p.ImportPath, d)
			}
		}
	}
}

// packages lists the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s", cmd, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < len(trees) {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

// floor finds the row for a package or for the nearest parent that has one.
func floor(path string) (int, bool) {
	dir, ok := strings.CutPrefix(path, module+"/")
	for ok {
		if f, found := floors[dir]; found {
			return f, true
		}
		up := strings.LastIndexByte(dir, '/')
		if up < 0 {
			break
		}
		dir = dir[:up]
	}
	return 0, false
}

func tree(path string) string {
	for _, tree := range trees {
		if within(path, tree) {
			return tree
		}
	}
	return ""
}

func isFixture(path string) bool {
	for _, f := range fixtures {
		if within(path, f) {
			return true
		}
	}
	return false
}

func within(path, dir string) bool { return strings.HasPrefix(path+"/", module+"/"+dir+"/") }
