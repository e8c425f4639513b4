package conf

import (
	"errors"
	"fmt"
)

// Reconfigure gives the entry for a peer that has authenticated itself as name
// on a link that began with the entry base, which says reconfigure: the entry
// of that name, but base's values for whatever has already had its effect (the
// Phase column of the keyword table). It does not say reconfigure, its Mode is
// In. The error says why there is none: no such entry, a name or password of
// ours other than the one already used, a cross-field rule.
func (f *File) Reconfigure(base *Entry, name string) (*Entry, error) {
	x := f.byLabel[name]
	if x == nil {
		return nil, fmt.Errorf("conf: reconfigure: there is no entry %q", name)
	}
	p := &plan{label: name, pos: x.pos, answering: true, base: base}
	for _, s := range base.settings {
		if s.key.Phase < Authenticate && s.key.Name != "reconfigure" || ourIdentity[s.key.Name] {
			p.settings = append(p.settings, s)
		}
	}
	for _, s := range f.flatten(x, nil) {
		if s.key.Name == "reconfigure" {
			return nil, fmt.Errorf("conf: reconfigure: %v: the entry %q says reconfigure itself", s.pos, name)
		}
		if s.key.Phase >= Authenticate {
			p.settings = append(p.settings, s)
		}
	}
	e, diags := f.opt.assemble(p)
	for _, d := range diags.Start() {
		if !d.Warning {
			return nil, errors.New("conf: reconfigure: " + d.String())
		}
	}
	switch {
	case (base.SendName != "" || base.Set["send_name"]) && e.SendName != base.SendName:
		return nil, fmt.Errorf("conf: reconfigure: %v: the entry %q has another send_name than %q, with which the link began", e.place("send_name", x.pos), name, base.SendName)
	case base.Set["send_passwd"] && e.SendPasswd != base.SendPasswd:
		return nil, fmt.Errorf("conf: reconfigure: %v: the entry %q has another send_passwd than that with which the link began", e.place("send_passwd", x.pos), name)
	}
	return e, nil
}

// ourIdentity is what may be given again after reconfigure, but not changed.
var ourIdentity = map[string]bool{"send_name": true, "send_passwd": true}

// place gives the origin of a keyword, or pos when it is a default.
func (e *Entry) place(keyword string, pos Pos) Pos {
	if p, ok := e.Origin[keyword]; ok {
		return p
	}
	return pos
}
