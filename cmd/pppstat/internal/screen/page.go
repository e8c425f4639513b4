package screen

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// Styles. Where colours are not wanted the terminal library leaves them out.
var (
	styleTitle = ansi.Style{}.Reverse(true)
	styleHead  = ansi.Style{}.Bold()
	styleLabel = ansi.Style{}.ForegroundColor(ansi.Cyan)
	styleGood  = ansi.Style{}.ForegroundColor(ansi.Green)
	styleBad   = ansi.Style{}.ForegroundColor(ansi.Red).Bold()
	styleKey   = ansi.Style{}.Bold()
)

// A page is the body of a screen while it is being written.
type page struct {
	width, height int // height 0: as long as it gets
	lines         []string
}

func (p *page) add(line string) { p.lines = append(p.lines, line) }

// left is how many lines there is room for; of a page without end, few.
func (p *page) left() int {
	if p.height == 0 {
		return 8
	}
	return max(p.height-len(p.lines), 0)
}

// fill makes the page exactly as high as it is to be.
func (p *page) fill() []string {
	lines := p.lines[:min(len(p.lines), p.height)]
	for len(lines) < p.height {
		lines = append(lines, "")
	}
	return lines
}

func (p *page) head(title string) {
	p.add(" " + styleHead.Styled(title))
}

const labelWidth = 12

// A field is a label and what is to be said about it.
type field struct {
	label, value string
	style        ansi.Style
}

func f(label, format string, args ...any) field {
	return field{label: label, value: fmt.Sprintf(format, args...)}
}

func (x field) bad(is bool) field {
	if is {
		x.style = styleBad
	}
	return x
}

func (x field) good(is bool) field {
	if is {
		x.style = styleGood
	}
	return x
}

func (x field) String() string {
	value := x.value
	if x.style != nil {
		value = x.style.Styled(value)
	}
	return styleLabel.Styled(pad(x.label, labelWidth)) + " " + value
}

// row puts fields side by side; what is too long for its column moves the next.
func (p *page) row(fields ...field) {
	column := (p.width - 1) / max(len(fields), 1)
	line := " "
	for i, x := range fields {
		line = pad(line, 1+i*column) + x.String() + " "
	}
	p.add(line)
}

// wrap adds a long value beside its label, folded at the width.
func (p *page) wrap(label, value string) { p.lines = append(p.lines, p.folded(label, value)...) }

func (p *page) folded(label, value string) []string {
	if value == "" {
		value = "-"
	}
	lines := strings.Split(ansi.Wrap(value, max(p.width-labelWidth-3, 20), " "), "\n")
	for i, l := range lines {
		if i > 0 {
			label = ""
		}
		lines[i] = " " + field{label: label, value: l}.String()
	}
	return lines
}

// pad makes a text at least so wide.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// lpad does so in front.
func lpad(s string, width int) string {
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(s))) + s
}

// spread puts two texts at the ends of a line.
func spread(left, right string, width int) string {
	room := width - ansi.StringWidth(right)
	if room < 10 {
		return pad(ansi.Truncate(left, width, ""), width)
	}
	return pad(ansi.Truncate(left, room-1, "~"), room) + right
}

// clean makes what others have said fit for a terminal.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, s)
}
