package conf

import (
	"fmt"
	"strings"
)

// A setting is one use of a keyword that has passed through the table.
type setting struct {
	key  *Keyword
	form Forms // Bare, Negated or Valued; Valued also for a bare keyword that stands for a value
	text string
	cols []int // the column of each byte of text and of its end, on the line of pos; nil when text is not in the file
	pos  Pos
	via  []Pos // the continue= words that led here
	bad  bool  // was reported and has no effect
}

// name gives the key in Entry.Set and Entry.Origin.
func (s *setting) name() string { return s.key.originName(s.form) }

// at gives the position of byte off of the value, or that of the word.
func (s *setting) at(off int) Pos {
	p := s.pos
	if off >= 0 && off < len(s.cols) {
		p.Col = s.cols[off]
	}
	return p
}

// shown gives a setting with a value for a message, not too long, and without a secret:
// scripts hold passwords, too.
func (s *setting) shown() string {
	if s.key.Secret || s.key.raw() {
		return s.key.Name
	}
	if s.text == "" {
		return s.key.Name + "="
	}
	const most = 50
	text := quote(s.text, false)
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "..."
	}
	return s.key.Name + "=" + text
}

// read makes a setting of a word: it looks the keyword up, checks the form and
// has the keyword's slot check the value. It is nil when no row of the table
// is meant.
func (r *reading) read(w *wordNode) *setting {
	pos := r.pos(w.Pos)
	if w.Alone != nil {
		r.fail(pos, `"=" without a keyword`, `write keyword=value, without blanks`)
		return nil
	}
	for _, h := range w.Head {
		switch {
		case h.Wrong == "\r":
			r.fail(r.pos(h.Pos), "a carriage return in the middle of a line", "")
			return nil
		case h.Wrong != "":
			r.fail(r.pos(h.Pos), "a quote where a keyword is expected", `write keyword="value"`)
			return nil
		}
	}
	written := w.Head[0].Name
	name, negated := strings.CutPrefix(written, "-")
	k := lookup(name)
	if k == nil {
		r.unknown(pos, written)
		return nil
	}
	s := &setting{key: k, form: Bare, pos: pos}
	if k.Secret {
		r.hush = k
	}
	ok := true
	switch {
	case negated:
		s.form = Negated
		ok = w.Value == nil
		if !ok {
			r.fail(pos, fmt.Sprintf("-%s takes no value", k.Name), "")
		}
	case w.Value != nil:
		s.form = Valued
		v, good := readValue(w.Value, k.raw(), r.reporter(pos, false), r.reporter(pos, true))
		s.text, s.cols, ok = v.text, v.cols, good
	}
	s.bad = !ok || !r.formed(s) || !r.valued(s)
	return s
}

// reporter gives a function that reports at a column of the line of pos.
func (r *reading) reporter(pos Pos, warning bool) func(int, string, string) {
	return func(col int, msg, hint string) {
		pos.Col = col
		r.add(Diagnostic{Pos: pos, Warning: warning, Msg: msg, Hint: hint})
	}
}

// formed checks that the keyword may be written as it is.
func (r *reading) formed(s *setting) bool {
	k := s.key
	if k.Forms&s.form != 0 {
		if s.form == Bare && k.Alone != "" {
			s.form, s.text = Valued, k.Alone
		}
		return true
	}
	usage := k.usage()
	switch {
	case s.form == Valued:
		r.fail(s.pos, k.Name+" takes no value", usage)
	case s.form == Negated:
		r.fail(s.pos, k.Name+" cannot be negated", usage)
	case k.Forms&Valued != 0:
		r.fail(s.pos, k.Name+" needs a value", usage)
	default:
		r.fail(s.pos, k.Name+" is not said by itself", fmt.Sprintf("it is on unless -%s turns it off", k.Name))
	}
	return false
}

// valued has the slot check the value, in an Entry that nobody sees.
func (r *reading) valued(s *setting) bool {
	k := s.key
	if k.slot == nil {
		return true // continue: its label is looked up when all labels are known
	}
	err := k.slot(r.scratch, k, &r.file.opt).set(s.form, s.text)
	if err == nil {
		if k.Remark != "" {
			r.warn(s.pos, k.Name+": "+k.Remark, "")
		}
		return true
	}
	f, ok := err.(*fault)
	if !ok {
		f = faultf("%v", err)
	}
	r.fail(s.at(f.off), s.shown()+": "+f.msg, f.hint)
	return false
}

// unknown reports a word that is no keyword. Behind a secret it may be the rest
// of one that wanted quotes, so it is not repeated there; and only what can be
// a keyword is repeated elsewhere.
func (r *reading) unknown(pos Pos, written string) {
	if r.hush != nil {
		r.fail(pos, "a word that is no keyword, behind the value of "+r.hush.Name, "a value with blanks wants quotes")
		return
	}
	shown, meant := written, strings.TrimPrefix(written, "-")
	if i := strings.IndexFunc(written, func(c rune) bool {
		return c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	}); i >= 0 {
		shown, meant = written[:i]+"...", strings.TrimPrefix(written[:i], "-")
	}
	hint := ""
	if k := nearest(meant); k != nil {
		name := k.Name
		if strings.HasPrefix(written, "-") && k.Forms&Negated != 0 {
			name = "-" + name
		}
		hint = fmt.Sprintf("did you mean %q?", name)
		if lookup(meant) == k {
			hint = k.usage()
		}
		if k.Secret {
			r.hush = k
		}
	}
	r.fail(pos, fmt.Sprintf("unknown keyword %q", shown), hint)
}
