package run

import "testing"

// TestNumberOf: no two interfaces have the same number, whatever their names.
func TestNumberOf(t *testing.T) {
	for name, want := range map[string]int{"ppp0": 0, "ppp17": 17, "lo": firstOther + 1} {
		if n, err := numberOf(name); err != nil || n != want {
			t.Errorf("%s: %d, %v, want %d", name, n, err, want)
		}
	}
	for _, name := range []string{"ppp007", "ppp-1", "ppp+1", "ppp10001", "pp0", "wan-1"} {
		if n, err := numberOf(name); err == nil {
			t.Errorf("%s is no interface of this machine, and has number %d", name, n)
		}
	}
}

// TestPlaceholders: each interface has its own.
func TestPlaceholders(t *testing.T) {
	e := entryOf(t, "quiet device=/dev/a")
	e.LocalHost, e.RemoteHost = nil, nil
	seen := map[string]int{}
	for _, unit := range []int{0, 1, 255, 256, firstOther + 1, firstOther + 257} {
		n := standing(e, unit)
		for _, a := range []string{n.Local.String(), n.Remote.String()} {
			if other, taken := seen[a]; taken {
				t.Errorf("units %d and %d have %s", other, unit, a)
			}
			seen[a] = unit
		}
	}
	if n := standing(e, 7); n.Local.String() != "10.64.64.7" || n.Remote.String() != "10.112.112.7" {
		t.Errorf("unit 7: %v to %v", n.Local, n.Remote)
	}
}
