package modem

import (
	"context"
	"errors"
	"regexp"
	"time"
)

// A question asks for a part of the Status.
type question struct {
	command string
	take    func(s *Status, line string) bool
}

func registration(name string, to func(*Status) *Registration) question {
	return question{"AT" + name + "?", func(s *Status, line string) bool {
		r, ok := parseRegistration(name, line)
		if ok {
			*to(s) = r
		}
		return ok
	}}
}

// registrations is how many of the questions are about the registration.
const registrations = 3

// questions are what is asked for a Status beside the card. The registration comes
// first.
var questions = []question{
	registration("+CEREG", func(s *Status) *Registration { return &s.EPS }),
	registration("+CGREG", func(s *Status) *Registration { return &s.Packet }),
	registration("+CREG", func(s *Status) *Registration { return &s.Voice }),
	{"AT+CSQ", func(s *Status, line string) bool {
		g, ok := parseSignal(line)
		if ok {
			s.Signal = g
		}
		return ok
	}},
	{"AT+COPS?", func(s *Status, line string) bool {
		_, name, tech, ok := parseOperator(line)
		if ok {
			s.Operator, s.Tech = name, tech
		}
		return ok
	}},
}

// ask asks; what the modem does not know is no error.
func (m *Modem) ask(ctx context.Context, all []question) error {
	for _, q := range all {
		lines, err := m.try(ctx, q.command, queryTime)
		if err != nil {
			return err
		}
		for _, l := range lines {
			q.take(m.status, l)
		}
	}
	return nil
}

// Status asks a modem in command mode for all that it knows of itself and its
// network. The error is that of a modem that does not answer; what was told before
// is in the Status nevertheless.
func (m *Modem) Status(ctx context.Context) (*Status, error) {
	s := NewStatus()
	if m.status != nil { // who it is stays
		s.Manufacturer, s.Model, s.Firmware, s.IMEI = m.status.Manufacturer, m.status.Model, m.status.Firmware, m.status.IMEI
	}
	m.status = &s
	if m.vendor == nil {
		if err := m.manners(ctx, Cellular{}); err != nil {
			return &s, err
		}
		if err := m.identify(ctx, Cellular{}); err != nil {
			return &s, err
		}
	}
	return &s, m.askAll(ctx)
}

// askAll asks for all but the make, and fills the status.
func (m *Modem) askAll(ctx context.Context) error {
	if s := m.status; s.IMEI == "" {
		lines, err := m.try(ctx, "AT+CGSN", queryTime)
		if err != nil {
			return err
		}
		s.IMEI = imei.FindString(firstText(lines))
	}
	if _, err := m.sim(ctx); err != nil {
		return err
	}
	return m.ask(ctx, questions)
}

// imei are the digits of an IMEI, with or without check digit or software version.
var imei = regexp.MustCompile(`^[0-9]{14,16}$`)

// Diagnose asks a modem in command mode why the last call has failed or ended, and
// then for its Status.
func (m *Modem) Diagnose(ctx context.Context) (*Status, error) {
	v := m.vendor
	if v == nil {
		v = &generic
	}
	cause := ""
	for _, q := range v.causes { // before anything else, which may take its place
		lines, err := m.try(ctx, "AT"+q.command, queryTime)
		if err != nil {
			s := NewStatus()
			return &s, err
		}
		if c, ok := q.in(lines); ok && !noCause.MatchString(c) {
			cause = c
			break
		}
	}
	s, err := m.Status(ctx)
	s.Cause = cause
	return s, err
}

// noCause is what modems say that have nothing to say.
var noCause = regexp.MustCompile(`(?i)^(0|none|no cause.*|no report.*|no error.*)?$`)

// Attend brings a modem that has a call, or had one, to command mode without
// ending the call; commands is whether it was there already. The error is an
// *Error with ErrSilent when it does not answer.
func (m *Modem) Attend(ctx context.Context) (commands bool, err error) {
	defer m.arm(ctx)()
	if err = m.send(ctx, "AT", "\r"); err != nil {
		return false, err
	}
	// ERROR is for what it took for the beginning of the command: our frames.
	if _, err = m.until(ctx, guardTime+wakeTime, OK, Failed); !silent(err) {
		return true, err
	}
	if err = m.plus(ctx); err != nil {
		return false, err
	}
	return false, m.attention(ctx, "AT", wakeTime)
}

// ErrReset is what Reset returns for a modem that takes none of the commands.
var ErrReset = errors.New("the modem takes no command that resets it")

// Reset restarts the modem by a command. It goes away then, often together with its
// device.
func (m *Modem) Reset(ctx context.Context) error {
	if m.vendor == nil {
		s := NewStatus()
		m.status = &s
		if err := m.identify(ctx, Cellular{}); err != nil {
			return err
		}
	}
	for _, command := range m.vendor.reset {
		_, err := m.do(ctx, "AT"+command, resetTime)
		if !refusal(err) {
			// Some are gone before they have answered.
			if silent(err) {
				return nil
			}
			return err
		}
	}
	return m.because(ErrReset)
}

// resetTime is how long the answer to a command may take that resets.
const resetTime = 5 * time.Second
