package modem

import (
	"context"
	"strconv"
)

// A Survey is what a modem tells somebody who only looks at it.
type Survey struct {
	Status
	Contexts []Context // that it has kept, by CID

	// CallsLast: of the ttys that take commands, that with the highest USB interface
	// is meant for calls, not the one with the lowest.
	CallsLast bool
}

// Cellular tells whether it is a cellular modem.
func (s *Survey) Cellular() bool {
	return s.SIM != SIMUnknown || s.Status.Registration() != RegUnknown || s.Signal.Known
}

// Survey asks a modem in command mode for all that it knows of itself, its card,
// its network and its contexts, and leaves it as it was. The error is that of a
// modem that does not answer; what was told before is in the Survey nevertheless.
func (m *Modem) Survey(ctx context.Context) (*Survey, error) {
	s := &Survey{Status: NewStatus()}
	m.status = &s.Status
	was, err := m.verboseErrors(ctx)
	if err != nil {
		return s, err
	}
	if was != "" {
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hangupTime)
			defer cancel()
			m.try(ctx, "AT+CMEE="+was, hangupTime)
		}()
	}
	if err := m.recognise(ctx); err != nil {
		return s, err
	}
	s.CallsLast = m.vendor.callsLast
	if err := m.askAll(ctx); err != nil {
		return s, err
	}
	if !s.Cellular() {
		return s, nil
	}
	s.Contexts, err = m.contexts(ctx)
	return s, err
}

// verboseErrors has the modem say why it refuses a command, without which a
// missing card looks like an unknown command; was is the mode to return to, ""
// for none.
func (m *Modem) verboseErrors(ctx context.Context) (was string, err error) {
	lines, err := m.try(ctx, "AT+CMEE?", queryTime)
	if err != nil {
		return "", err
	}
	if v, ok := (ask{"", "+CMEE", 0}).in(lines); ok && v == "0" {
		was = v
		_, err = m.try(ctx, "AT+CMEE=1", queryTime)
	}
	return was, err
}

// contexts asks for those that are defined.
func (m *Modem) contexts(ctx context.Context) ([]Context, error) {
	lines, err := m.try(ctx, "AT+CGDCONT?", queryTime)
	if err != nil {
		return nil, err
	}
	var all []Context
	for _, l := range lines {
		if c, ok := parseContext(l); ok {
			all = append(all, c)
		}
	}
	return all, nil
}

// parseContext reads a line of the answer to +CGDCONT?.
func parseContext(line string) (c Context, ok bool) {
	rest, ok := cutName(line, "+CGDCONT")
	f := splitFields(rest)
	if !ok || len(f) < 3 {
		return Context{}, false
	}
	cid, err := strconv.ParseUint(f[0], 10, 8)
	if err != nil {
		return Context{}, false
	}
	return Context{CID: int(cid), Type: unquote(f[1]), APN: unquote(f[2])}, true
}
