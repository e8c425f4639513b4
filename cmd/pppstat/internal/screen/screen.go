// Package screen lays out the seven screens of pppstat(8) as text: what is to be
// seen of a status.Bundle in a window of a given size. It knows no terminal;
// the program draws what Render returns.
package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"pppdial/cmd/internal/status"
)

// Numbers of the screens; First to First+LinksPerPage-1 are links.
const (
	First        = 1
	LinksPerPage = 4
	Rates        = 5
	Accounting   = 6
	Details      = 7
	Last         = Details
)

// A Mode says what counters count from.
type Mode byte

// The modes.
const (
	Delta  Mode = 'd' // the last refresh
	Reset  Mode = 'r' // the start of the link
	Zeroed Mode = 'z' // when the user has zeroed them
)

func (m Mode) String() string {
	switch m {
	case Delta:
		return "delta"
	case Zeroed:
		return "zeroed"
	}
	return "reset"
}

// A View is all that a screen is made of.
type View struct {
	Bundle  *status.Bundle // nil: there is none
	Base    status.Bundle  // its counters are not shown, but what has been added
	Mode    Mode
	Screen  int
	Page    int // of links
	History *History
	Names   map[string]string // of addresses, if names are wanted
	Notice  string            // that stands in the last line
	Now     time.Time
	ASCII   bool // the terminal has no block characters
	Keys    bool // there is a keyboard to tell about
}

// Render returns height lines of no more than width cells, with styles.
func (v View) Render(width, height int) string {
	lines := []string{v.title(width)}
	if height > 2 {
		p := &page{width: width, height: height - 2}
		v.body(p)
		lines = append(lines, p.fill()...)
	}
	lines = append(lines, v.footer(width))
	lines = lines[max(0, len(lines)-max(height, 1)):]
	for i, l := range lines {
		lines[i] = strings.TrimRight(ansi.Truncate(l, width, ""), " ")
	}
	return strings.Join(lines, "\n")
}

// Text returns all that there is to see of a bundle, below one another.
func (v View) Text(width int) string {
	var b strings.Builder
	b.WriteString(v.heading() + "\n")
	add := func(write func(*page)) {
		p := &page{width: width}
		write(p)
		b.WriteString("\n")
		for _, l := range p.lines {
			b.WriteString(strings.TrimRight(ansi.Strip(l), " ") + "\n")
		}
	}
	add(v.rates)
	for i := range v.Bundle.Links {
		add(func(p *page) { v.link(p, i) })
	}
	add(v.accounting)
	add(v.details)
	return b.String()
}

func (v View) body(p *page) {
	switch {
	case v.Bundle == nil:
		p.add("")
		p.add(" There is no interface of ppp that you may see.")
	case v.Screen == Accounting:
		v.accounting(p)
	case v.Screen == Details:
		v.details(p)
	case First <= v.Screen && v.Screen < Rates:
		v.link(p, max(v.Page, 0)*LinksPerPage+v.Screen-First)
	default:
		v.rates(p)
	}
}

// counted is the bundle with its counters as the mode wants them.
func (v View) counted() status.Bundle {
	if v.Mode == Reset {
		return *v.Bundle
	}
	return v.Bundle.Minus(v.Base)
}

// heading tells which interface it is and how it is.
func (v View) heading() string {
	b := v.Bundle
	if b == nil {
		return "pppstat"
	}
	where := fmt.Sprintf("%s  unit %d", clean(b.Interface), b.Unit)
	if b.Unit == status.NoUnit {
		where = "no interface"
	}
	return fmt.Sprintf("%s  %s  %s  %s for %s", clean(b.Entry), where, b.Mode, b.Phase, age(v.Now, b.Since))
}

func (v View) title(width int) string {
	left := " " + v.heading()
	right := fmt.Sprintf("%s  %s ", v.Mode, v.Now.Format("15:04:05"))
	return styleTitle.Styled(spread(left, right, width))
}

func (v View) footer(width int) string {
	if v.Notice != "" {
		return styleBad.Styled(pad(" "+clean(v.Notice), width))
	}
	if !v.Keys {
		return ""
	}
	keys := " "
	for _, k := range []struct {
		key, what   string
		first, last int
	}{
		{"1-4", "link", First, First + LinksPerPage - 1}, {"[ ]", "page", 0, 0},
		{"5", "rates", Rates, Rates}, {"6", "calls", Accounting, Accounting}, {"7", "details", Details, Details},
		{"+ -", "unit", 0, 0}, {"D R Z", "mode", 0, 0}, {"q", "quit", 0, 0},
	} {
		style := styleKey
		if k.first <= v.Screen && v.Screen <= k.last {
			style = styleTitle
		}
		keys += style.Styled(k.key) + " " + k.what + "  "
	}
	return keys
}
