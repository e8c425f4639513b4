package screen

import (
	"slices"
	"strings"
)

// Characters of growing height, from nothing to all of the cell.
var (
	blocks = []rune(" ▁▂▃▄▅▆▇█")
	plain  = []rune(" .:-=+*#@")
)

// graph draws the last values as columns in a field of cells, the newest at the
// right; top is the value of the whole height.
func graph(values []float64, width, height int, top float64, ascii bool) []string {
	cells := blocks
	if ascii {
		cells = plain
	}
	values = values[max(0, len(values)-width):]
	steps := len(cells) - 1
	lines := make([]string, height)
	for row := range lines {
		below := (height - 1 - row) * steps // steps of the rows beneath
		var b strings.Builder
		b.WriteString(strings.Repeat(" ", width-len(values)))
		for _, v := range values {
			full := 0
			if top > 0 {
				full = int(v/top*float64(steps*height) + 0.5)
			}
			if v > 0 && full == 0 {
				full = 1 // something is not nothing
			}
			b.WriteRune(cells[min(max(full-below, 0), steps)])
		}
		lines[row] = b.String()
	}
	return lines
}

func peak(values []float64) float64 { return slices.Max(values) }

// scale is a round value at or above a peak, that stays while the peak moves a
// little.
func scale(peak float64) float64 {
	top := 1000.0
	for {
		for _, step := range []float64{1, 2, 5} {
			if top*step >= peak {
				return top * step
			}
		}
		top *= 10
	}
}

// graphs draws both directions, each with its scale, in so many lines.
func (v View) graphs(p *page, s series, room int) {
	height := (room - 1) / 2
	if height < 1 || p.height == 0 {
		return
	}
	p.add("")
	for i, values := range [][]float64{s.rx, s.tx} {
		label, top := []string{"received", "sent"}[i], scale(peak(values))
		for row, l := range graph(values, max(p.width-labelWidth-9, 10), height, top, v.ASCII) {
			side := ""
			if row == 0 {
				side = bits(top)
			} else {
				label = ""
			}
			p.add(" " + styleLabel.Styled(pad(label, labelWidth)) + lpad(side, 5) + " |" + styleGood.Styled(l))
		}
	}
}
