package convert

import "strings"

// An iniKey is one KEY=VALUE of a file with [sections].
type iniKey struct {
	section, key, value string
	at                  place
}

// ini reads a file with [sections]. Lines that begin with # or ; are remarks.
func (j *job) ini(f File) []iniKey {
	var keys []iniKey
	section, line := "", 0
	for l := range strings.Lines(strings.TrimPrefix(string(f.Src), "\ufeff")) {
		line++
		at := place{f.Name, line}
		l = strings.TrimSpace(l)
		switch {
		case l == "" || l[0] == '#' || l[0] == ';':
		case l[0] == '[':
			end := strings.IndexByte(l, ']')
			if end < 0 {
				j.fail(at, "a section without its bracket at the end")
				end = len(l)
			}
			section = strings.Join(strings.Fields(l[1:end]), " ")
			keys = append(keys, iniKey{section: section, at: at})
		default:
			key, value, ok := strings.Cut(l, "=")
			if !ok {
				j.fail(at, "neither [section] nor KEY=VALUE")
				continue
			}
			keys = append(keys, iniKey{section, strings.TrimSpace(key), strings.TrimSpace(value), at})
		}
	}
	return keys
}

// was is the key as a remark has it.
func (k iniKey) was() was {
	value := hiddenCommand(k.value)
	if l := strings.ToLower(k.key); strings.Contains(l, "password") && !strings.Contains(l, "prompt") && !strings.Contains(l, "ask") && !strings.Contains(l, "flags") || l == "pin" {
		value = hidden
	}
	return was{k.at, k.key + "=" + value}
}
