package convert

import "strings"

// A uuCommand is one line of a configuration file of Taylor UUCP.
type uuCommand struct {
	key, rest string
	at        place
}

func (c uuCommand) was() was {
	rest := c.rest
	if strings.Contains(c.key, "password") && rest != "*" {
		rest = hidden
	}
	return was{c.at, strings.TrimSpace(c.key + " " + hiddenCommand(rest))}
}

// uuCommands reads a file: # begins a comment unless a backslash stands before
// it, a backslash at the end goes on with the next line.
func uuCommands(f File) []uuCommand {
	var cs []uuCommand
	line, begin := 0, 0
	joined := ""
	for l := range strings.Lines(strings.TrimPrefix(string(f.Src), "\ufeff")) {
		line++
		if joined == "" {
			begin = line
		}
		l = strings.TrimRight(l, "\r\n")
		more := strings.HasSuffix(l, `\`)
		joined += strings.TrimSuffix(l, `\`)
		if more {
			continue
		}
		var b strings.Builder
		for i := 0; i < len(joined); i++ {
			if joined[i] == '#' {
				break
			}
			if joined[i] == '\\' && i+1 < len(joined) && joined[i+1] == '#' {
				i++
			}
			b.WriteByte(joined[i])
		}
		joined = ""
		key, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(b.String(), "\t", " ")), " ")
		if key != "" {
			cs = append(cs, uuCommand{strings.ToLower(key), strings.TrimSpace(rest), place{f.Name, begin}})
		}
	}
	return cs
}

// A uuBlock is a system, port or dialer with its commands. Of a system, each
// alternate has its own.
type uuBlock struct {
	name string
	at   place
	cmds []uuCommand
	alts [][]uuCommand // beyond the first
}

// last gives the last command with the key.
func (b *uuBlock) last(key string) (uuCommand, bool) { return lastOf(b.cmds, key) }

func lastOf(cmds []uuCommand, key string) (uuCommand, bool) {
	for i := len(cmds) - 1; i >= 0; i-- {
		if cmds[i].key == key {
			return cmds[i], true
		}
	}
	return uuCommand{}, false
}

// speedOf gives the speed that is said by either of its names.
func speedOf(cmds []uuCommand) (uuCommand, bool) {
	if x, ok := lastOf(cmds, "speed"); ok {
		return x, true
	}
	return lastOf(cmds, "baud")
}

// A uucp is what all Taylor files together say.
type uucp struct {
	j       *job
	systems []*uuBlock
	ports   []*uuBlock
	dialers []*uuBlock
	logins  map[string][2]string // of the call file: system to login and password
}

// taylor makes entries of the systems in all Taylor files, or of the ports when
// no file tells systems.
func (j *job) taylor() {
	u := &uucp{j: j, logins: make(map[string][2]string)}
	found := false
	for _, in := range j.inputs {
		if in.kind == taylorFile {
			found = true
			u.read(in.File)
		}
	}
	if !found {
		return
	}
	for _, s := range u.systems {
		u.system(s)
	}
	if len(u.systems) > 0 {
		return
	}
	for _, p := range u.ports {
		u.system(&uuBlock{name: p.name, at: p.at, cmds: []uuCommand{{"port", p.name, p.at}}})
	}
	if len(u.ports) == 0 {
		j.fail(place{j.inputName(), 0}, "there are neither systems nor ports in the UUCP files, give sys, port and dial together")
	}
}

// read tells by its first block what a file is about.
func (u *uucp) read(f File) {
	cmds := uuCommands(f)
	what := ""
	for _, c := range cmds {
		single := c.rest != "" && !strings.Contains(c.rest, " ")
		if c.key == "system" || what == "" && single && (c.key == "port" || c.key == "dialer") {
			what = c.key
		}
	}
	if what == "" {
		for _, c := range cmds { // SYSTEM LOGIN PASSWORD
			login, password, ok := strings.Cut(c.rest, " ")
			if ok {
				u.logins[c.key] = [2]string{login, strings.TrimSpace(password)}
			} else {
				u.j.fail(c.at, "neither system, port nor dialer, and no line SYSTEM LOGIN PASSWORD")
			}
		}
		return
	}
	var defaults uuBlock
	now := &defaults
	first := true
	for _, c := range cmds {
		begins := c.key == what && c.rest != "" && (what == "system" || !strings.Contains(c.rest, " "))
		switch {
		case begins:
			now = &uuBlock{name: c.rest, at: c.at}
			first = true
			switch what {
			case "system":
				u.systems = append(u.systems, now)
			case "port":
				u.ports = append(u.ports, now)
			case "dialer":
				u.dialers = append(u.dialers, now)
			}
		case c.key == "alternate" && what == "system":
			now.alts = append(now.alts, nil)
			first = false
		case first:
			now.cmds = append(now.cmds, c)
		default:
			now.alts[len(now.alts)-1] = append(now.alts[len(now.alts)-1], c)
		}
	}
	// What stands before the first block holds for all of this file.
	for _, list := range []*[]*uuBlock{&u.systems, &u.ports, &u.dialers} {
		for _, b := range *list {
			if b.at.file == f.Name {
				b.inherit(&defaults)
			}
		}
	}
}

// inherit puts the defaults before the commands of a block, alternate by
// alternate.
func (b *uuBlock) inherit(defaults *uuBlock) {
	var alts [][]uuCommand
	if x, ok := b.last("default-alternates"); ok && !truth(x.rest) {
		defaults = &uuBlock{cmds: defaults.cmds}
	}
	for i := range max(len(b.alts), len(defaults.alts)) {
		var a []uuCommand
		if n := len(defaults.alts); n > 0 {
			a = append(a, defaults.alts[min(i, n-1)]...)
		}
		if i < len(b.alts) {
			a = append(a, b.alts[i]...)
		}
		alts = append(alts, a)
	}
	b.alts = alts
	b.cmds = append(append([]uuCommand(nil), defaults.cmds...), b.cmds...)
}
