package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"pppdial/cmd/internal/status"
	"pppdial/cmd/pppstat/internal/screen"
)

// live shows the screens until the user has seen enough.
func live(ctx context.Context, o *options, in, out *os.File) error {
	m := newModel(ctx, o)
	with := []tea.ProgramOption{tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithFilter(sized)}
	if os.Getenv("NO_COLOR") != "" { // the library wants a truth value
		with = append(with, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(m, with...).Run()
	if errors.Is(err, tea.ErrInterrupted) || errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil
	}
	return err
}

// canDraw reports whether a terminal can do more than print.
func canDraw() bool {
	term := os.Getenv("TERM")
	return term != "" && term != "dumb"
}

// The usual size of a terminal.
const usualWidth, usualHeight = 80, 24

// sized gives a terminal that does not know its size, as a serial one, that which
// the environment tells, or the usual one.
func sized(_ tea.Model, msg tea.Msg) tea.Msg {
	w, ok := msg.(tea.WindowSizeMsg)
	if !ok {
		return msg
	}
	known := func(size *int, variable string, usual int) {
		if *size > 0 {
			return
		}
		*size = usual
		if n, err := strconv.ParseUint(os.Getenv(variable), 10, 16); err == nil && n > 0 { // as large as the kernel has it
			*size = int(n)
		}
	}
	known(&w.Width, "COLUMNS", usualWidth)
	known(&w.Height, "LINES", usualHeight)
	return w
}

// A model is the state of the live screens; see bubbletea. It is the terminal
// library's, which calls its methods one at a time. One question to the daemons
// is under way at most: the source and the names belong to it meanwhile.
type model struct {
	ctx      context.Context
	interval time.Duration
	source   *source
	names    *names

	view          screen.View
	zero, last    status.Bundle // what counters are taken off
	history       screen.History
	width, height int
	asking        bool
	step          int // units to go once the answer is there
	choice        int // counts them: answers to older questions do not count
}

// What the model is told.
type (
	tick   struct{}
	answer struct {
		choice int
		bundle *status.Bundle
		names  map[string]string
		err    error
		at     time.Time
	}
)

func newModel(ctx context.Context, o *options) *model {
	m := &model{
		ctx: ctx, interval: o.interval, source: &source{dir: o.dir, unit: o.unit}, names: newNames(o.numeric),
		width: usualWidth, height: usualHeight,
	}
	m.view = screen.View{Mode: o.mode, Screen: screen.Rates, History: &m.history, Now: time.Now(), ASCII: !unicodeLocale(), Keys: true}
	return m
}

// unicodeLocale reports whether the terminal can be given more than ASCII.
func unicodeLocale() bool {
	for _, v := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if l := strings.ToUpper(os.Getenv(v)); l != "" {
			return strings.Contains(l, "UTF-8") || strings.Contains(l, "UTF8")
		}
	}
	return false
}

func (m *model) Init() tea.Cmd { return tea.Batch(m.ask(), m.wait()) }

func (m *model) wait() tea.Cmd {
	return tea.Tick(m.interval, func(time.Time) tea.Msg { return tick{} })
}

// ask questions the daemons, apart from the screen, which never waits for them.
func (m *model) ask() tea.Cmd {
	if m.asking {
		return nil
	}
	m.asking = true
	step, choice := m.step, m.choice
	m.step = 0
	return func() tea.Msg {
		if step != 0 {
			m.source.step(m.ctx, step)
		}
		b, err := m.source.next(m.ctx)
		a := answer{choice: choice, bundle: b, err: err, at: time.Now()}
		if b != nil {
			// The model's copy: the next question adds to the names.
			a.names = map[string]string{}
			for k, v := range m.names.of(m.ctx, b) {
				a.names[k] = v
			}
		}
		return a
	}
}

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case tick:
		return m, tea.Batch(m.ask(), m.wait())
	case answer:
		m.asking = false
		if msg.choice == m.choice {
			m.answered(msg)
		} else {
			return m, m.ask()
		}
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	}
	return m, nil
}

func (m *model) answered(a answer) {
	v := &m.view
	v.Now, v.Notice = a.at, ""
	if v.Bundle != nil {
		m.last = *v.Bundle
	}
	if a.err != nil {
		v.Notice = inWords(a.err)
		v.Bundle = nil
		return
	}
	if !a.bundle.Is(&m.zero) {
		m.zero, m.last = *a.bundle, *a.bundle
		v.Page = 0
	}
	v.Bundle, v.Names = a.bundle, a.names
	m.history.Add(a.bundle, a.at)
	m.base()
}

// base is what the mode counts from.
func (m *model) base() {
	m.view.Base = m.zero
	if m.view.Mode == screen.Delta {
		m.view.Base = m.last
	}
}

func (m *model) key(key string) tea.Cmd {
	v := &m.view
	switch key {
	case "q", "Q", "ctrl+c", "ctrl+d":
		return tea.Quit
	case "1", "2", "3", "4", "5", "6", "7":
		v.Screen = int(key[0] - '0')
	case "+", "=":
		return m.turn(1)
	case "-":
		return m.turn(-1)
	case "d", "D":
		v.Mode = screen.Delta
		m.base()
	case "r", "R":
		v.Mode = screen.Reset
	case "z", "Z":
		v.Mode = screen.Zeroed
		if v.Bundle != nil {
			m.zero = *v.Bundle
		}
		m.base()
	case "[":
		v.Page = max(v.Page-1, 0)
	case "]":
		if v.Bundle != nil && (v.Page+1)*screen.LinksPerPage < len(v.Bundle.Links) {
			v.Page++
		}
	case "ctrl+l":
		return tea.ClearScreen
	}
	return nil
}

// turn goes to another unit.
func (m *model) turn(by int) tea.Cmd {
	m.step += by
	m.choice++
	return m.ask()
}

func (m *model) View() tea.View {
	v := tea.NewView(m.view.Render(m.width, m.height))
	v.AltScreen = true
	v.WindowTitle = "pppstat"
	return v
}
