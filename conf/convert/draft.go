package convert

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pppdial/conf"
)

// A was is what a setting was made from.
type was struct {
	at   place
	text string // as it stood there, secrets left out
}

// A setting is one word of an entry, or a remark in its place.
type setting struct {
	key   string // the keyword, "" for what has no counterpart
	word  string // as it will stand, "" for a remark only
	value string // what conf must accept
	was   []was
	why   string
}

// A draft is an entry in the making.
type draft struct {
	j        *job
	label    string
	head     []string // remarks above the entry
	settings []*setting
}

// draft begins an entry. Its label is made of name.
func (j *job) draft(name string) *draft {
	d := &draft{j: j, label: j.label(name)}
	j.drafts = append(j.drafts, d)
	return d
}

// label makes a label of a name: without what labels cannot have, and once only.
func (j *job) label(name string) string {
	l := strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\t' || r == '/':
			return '_'
		case unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune("\"'=#\ufeff", r):
			return -1
		}
		return r
	}, name)
	l = strings.ToValidUTF8(l, "")
	for len(l) > 150 {
		_, n := utf8.DecodeLastRuneInString(l)
		l = l[:len(l)-n]
	}
	if l == "" {
		l = "peer"
	}
	for _, k := range conf.Keywords() { // conf would warn of it
		if strings.EqualFold(strings.TrimPrefix(l, "-"), k.Name) {
			l += "-ppp"
			break
		}
	}
	base := l
	for n := 2; j.labels[l]; n++ {
		l = fmt.Sprintf("%s-%d", base, n)
	}
	j.labels[l] = true
	return l
}

// put sets a keyword to a value, in place of an earlier one.
func (d *draft) put(key, value string, w was, why ...string) {
	word := conf.Word(key, value)
	if had := d.get(key); had != nil {
		if had.word == word {
			had.add(w)
			return
		}
		d.drop(key)
		for _, old := range had.was {
			d.none(old, whyLater)
		}
	}
	d.insert(&setting{key: key, word: word, value: value}, w, why)
}

// add sets a keyword to a value beside those that it has.
func (d *draft) add(key, value string, w was, why ...string) {
	d.insert(&setting{key: key, word: conf.Word(key, value), value: value}, w, why)
}

// flag turns a keyword on, or off when word begins with a minus.
func (d *draft) flag(word string, w was, why ...string) {
	key := strings.TrimPrefix(word, "-")
	if had := d.get(key); had != nil && had.word == word {
		had.add(w)
		return
	}
	d.drop(key)
	d.insert(&setting{key: key, word: word}, w, why)
}

// add takes another origin of the same setting.
func (s *setting) add(w was) {
	const most = 50 // remarks are cut long before
	if len(s.was) < most && w.text != "" && !slices.ContainsFunc(s.was, func(x was) bool { return x.text == w.text }) {
		s.was = append(s.was, w)
	}
}

const whyLater = "a later one counts"

// insert takes a setting if conf does.
func (d *draft) insert(s *setting, w was, why []string) {
	if w.text != "" {
		s.was = append(s.was, w)
	}
	s.why = strings.Join(why, "; ")
	if msg := d.j.refused(s.word); msg != "" && s.key != "continue" { // which names an entry that is yet to come
		if w.at.file != "" {
			d.j.fail(w.at, "%s: ppp has no such value: %s", shown(w.text), msg)
		}
		s.word, s.why = "", "ppp has no such value: "+msg
	}
	d.settings = append(d.settings, s)
}

// refused tells why conf does not take a word, "" if it does.
func (j *job) refused(word string) string {
	const label = "x\t"
	_, diags := j.opt.Check.Parse("", []byte(label+word))
	for _, d := range diags {
		if !d.Warning {
			msg := strings.TrimSuffix(d.Msg+"; "+d.Hint, "; ")
			key, _, _ := strings.Cut(word, "=")
			if rest, ok := strings.CutPrefix(msg, word+": "); ok && rest != "" {
				return key + ": " + rest
			}
			return msg
		}
	}
	return ""
}

// none is a remark on what has no counterpart.
func (d *draft) none(w was, why string) {
	for _, s := range d.settings { // one remark for several of a kind
		if s.key == "" && s.why == why {
			s.add(w)
			return
		}
	}
	d.settings = append(d.settings, &setting{was: []was{w}, why: why})
}

// remark says something in the entry.
func (d *draft) remark(format string, a ...any) {
	d.settings = append(d.settings, &setting{why: fmt.Sprintf(format, a...)})
}

func (d *draft) get(key string) *setting {
	for _, s := range d.settings {
		if s.key == key && s.word != "" {
			return s
		}
	}
	return nil
}

func (d *draft) has(key string) bool { return d.get(key) != nil }

// drop takes a keyword out again.
func (d *draft) drop(key string) {
	d.settings = slices.DeleteFunc(d.settings, func(s *setting) bool { return s.key == key })
}

// fold makes a keyword that another one covers part of that one's origin.
func (d *draft) fold(into string, keys ...string) {
	to := d.get(into)
	if to == nil {
		return
	}
	for _, k := range keys {
		if s := d.get(k); s != nil {
			for _, w := range s.was {
				to.add(w)
			}
			d.drop(k)
		}
	}
}

// groups are the sections of ppp.conf(5) in the order in which people think of a
// connection.
var groups = []string{
	"General", "Lines without UUCP files", "Cellular modems", "Modes and calls", "Authentication",
	"Addresses and names", "Interface and routes", "Keeping the link", "Idleness",
	"Control protocols", "Framing", "Control characters", "Compression", "Multilink", "Queue and activity",
}

// rank orders settings by group, then as the manual does; remarks come last.
var rank = func() map[string]int {
	m := make(map[string]int)
	for i, k := range conf.Keywords() {
		m[k.Name] = slices.Index(groups, k.Group)*1000 + i
	}
	return m
}()

const lastRank = 1 << 20

func (s *setting) rank() int {
	if r, ok := rank[s.key]; ok {
		return r
	}
	return lastRank
}

// write appends the entry.
func (d *draft) write(b *bytes.Buffer) {
	for _, h := range d.head {
		fmt.Fprintf(b, "# %s\n", shown(h))
	}
	sorted := slices.Clone(d.settings)
	slices.SortStableFunc(sorted, func(x, y *setting) int { return x.rank() - y.rank() })
	b.WriteString(d.label)
	first := true
	for _, s := range sorted {
		if s.word == "" {
			if first {
				b.WriteByte('\n')
				first = false
			}
			fmt.Fprintf(b, "\t# %s\n", s.comment())
			continue
		}
		first = false
		b.WriteByte('\t')
		b.WriteString(s.word)
		if c := s.comment(); c != "" {
			tabs := 1
			if n := len(s.word); n < 32 {
				tabs = (32 - n + 7) / 8
			}
			b.WriteString(strings.Repeat("\t", tabs) + "# " + c)
		}
		b.WriteByte('\n')
	}
	if first {
		b.WriteByte('\n')
	}
}

// comment is what stands beside a setting.
func (s *setting) comment() string {
	var parts []string
	for _, w := range s.was {
		parts = append(parts, shown(w.text))
	}
	c := strings.Join(parts, ", ")
	if c != "" {
		c = "was: " + c
	}
	if s.why != "" {
		if c != "" {
			c += "; "
		}
		c += shown(s.why)
	}
	return c
}

// text writes the control file.
func (j *job) text() []byte {
	var b bytes.Buffer
	var names []string
	for _, in := range j.inputs {
		names = append(names, in.Name)
	}
	fmt.Fprintf(&b, "# Made by pppimport of %s.\n", shown(strings.Join(names, ", ")))
	if len(j.read) > 0 {
		fmt.Fprintf(&b, "# Read as well: %s.\n", shown(strings.Join(j.read, ", ")))
	}
	b.WriteString("# Check it with: ppp -n -f FILE\n")
	for _, d := range j.drafts {
		b.WriteByte('\n')
		d.write(&b)
	}
	return b.Bytes()
}

// shown makes a text fit for one line of a comment.
func shown(s string) string {
	s = oneLine(s)
	const most = 200
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strings.TrimSpace(s)
}

// oneLine takes control characters away.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r) || r == utf8.RuneError:
			return '?'
		}
		return r
	}, s)
}
