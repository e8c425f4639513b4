package conf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Dump writes e as an entry of a control file that says everything that is in
// effect, with the origin of each setting in a comment. But for secrets,
// which show as ******, it reads back as the same entry. What is on and can
// only be turned off stands in comments of its own.
func Dump(w io.Writer, e *Entry) {
	var b bytes.Buffer
	fmt.Fprintln(&b, e.Label)
	line(&b, e.Mode.String(), e.origin(e.Mode.String()))
	for i := range table {
		k := &table[i]
		s := e.slot(k)
		if s == nil {
			continue
		}
		uses := s.uses()
		if uses == nil && s.json() == true {
			line(&b, "# "+k.Name, e.origin(k.Name))
		}
		from := e.origins(k, uses)
		for i, u := range uses {
			line(&b, u.word(k), from[i])
		}
	}
	w.Write(b.Bytes())
}

// line writes a word with a remark.
func line(b *bytes.Buffer, word, remark string) {
	if strings.HasPrefix(word, "#") {
		fmt.Fprintf(b, "\t%-31s  %s\n", word, remark)
		return
	}
	fmt.Fprintf(b, "\t%-31s  # %s\n", word, remark)
}

// word writes one use of k as the control file has it.
func (u use) word(k *Keyword) string {
	switch u.form {
	case Bare:
		return k.Name
	case Negated:
		return "-" + k.Name
	}
	return k.Name + "=" + quote(u.text, k.raw())
}

// origin tells where what is in effect comes from.
func (e *Entry) origin(name string) string {
	p, ok := e.Origin[name]
	if !ok {
		return "default"
	}
	return remark(p)
}

// remark writes a position so that it stays on its line.
func remark(p Pos) string {
	s := p.String()
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// origins tells for each use where it comes from. Of values that add up, those
// of the file stand behind those of the default.
func (e *Entry) origins(k *Keyword, uses []use) []string {
	out := make([]string, len(uses))
	from := e.values(k.Name)
	next := len(from) - 1
	for i := len(uses) - 1; i >= 0; i-- {
		switch {
		case uses[i].form != Valued || k.Forms&Repeat == 0:
			out[i] = e.origin(k.originName(uses[i].form))
		case next >= 0:
			out[i] = remark(from[next].pos)
			next--
		default:
			out[i] = "default"
		}
	}
	return out
}

// slot gives the slot of k in e for reading; nil for continue.
func (e *Entry) slot(k *Keyword) slot {
	if k.slot == nil {
		return nil
	}
	return k.slot(e, k, nil)
}

// DumpJSON writes e as one JSON object on one line:
//
//	{"entry": LABEL, "mode": "in"|"out"|"quiet", "settings": {KEYWORD: VALUE, ...}, "origin": {KEYWORD: "file:line:col", ...}}
//
// The settings are those in effect, in the order of the keyword table, without
// those that are unset. Flags are booleans; numbers count what they count in
// the file; keywords that add up are arrays, [] when cleared; false stands for
// the negated form of a keyword that otherwise has a value. -del_route shows
// as "del_route_auto": false, secrets show as "******".
func DumpJSON(w io.Writer, e *Entry) error {
	var settings, origin, o object
	for i := range table {
		k := &table[i]
		s := e.slot(k)
		if s == nil {
			continue
		}
		if v := s.json(); v != nil {
			settings.add(k.Name, v)
		}
		if off := k.NegatedAs; off != "" && e.Set[off] {
			settings.add(off, false)
		}
		for _, name := range []string{k.Name, k.NegatedAs} {
			if p, ok := e.Origin[name]; ok {
				origin.add(name, p.String())
			}
		}
	}
	o.add("entry", e.Label)
	o.add("mode", e.Mode.String())
	o.add("settings", &settings)
	o.add("origin", &origin)
	_, err := fmt.Fprintf(w, "{%s}\n", &o.b)
	return err
}

// An object is a JSON object whose members stay in order.
type object struct{ b bytes.Buffer }

func (o *object) add(name string, v any) {
	if o.b.Len() > 0 {
		o.b.WriteByte(',')
	}
	o.put(name)
	o.b.WriteByte(':')
	if sub, ok := v.(*object); ok {
		o.b.WriteByte('{')
		o.b.Write(sub.b.Bytes())
		o.b.WriteByte('}')
		return
	}
	o.put(v)
}

func (o *object) put(v any) {
	enc := json.NewEncoder(&o.b)
	enc.SetEscapeHTML(false)
	enc.Encode(v)
	o.b.Truncate(o.b.Len() - 1) // the encoder's newline
}
