package modem

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Context is a packet data context (+CGDCONT; TS 27.007, section 10.1.1).
type Context struct {
	CID  int    // 1 to 255; 0: none is to be defined
	Type string // IP, IPV6, IPV4V6, PPP
	APN  string
}

// Cellular is how a cellular modem is set up before a call.
type Cellular struct {
	Context  Context
	PIN      string // "": none is entered
	PINs     *PINs  // what became of PINs before; nil: nothing is known
	Mode     Mode
	Operator string // PLMN; "": the modem chooses, unless a command of the entry does
}

// Number is what a call to the context dials (TS 27.007, section 10.2.1.1).
func (c *Cellular) Number() string {
	if c.Context.CID == 0 {
		return "*99#"
	}
	return fmt.Sprintf("*99***%d#", c.Context.CID)
}

// What keeps a cellular modem from being ready, wrapped by an *Error.
var (
	ErrNoSIM         = errors.New("there is no SIM card")
	ErrSIM           = errors.New("the SIM card does not work")
	ErrSIMLocked     = errors.New("the SIM card is locked to another network or device")
	ErrPINNeeded     = errors.New("the SIM card wants its PIN")
	ErrPINNotNoted   = errors.New("the SIM card wants its PIN, which is not entered, since it can't be noted that it was")
	ErrPINRefused    = errors.New("the SIM card has refused the PIN")
	ErrPUKNeeded     = errors.New("the SIM card wants its PUK: too many wrong PINs were entered")
	ErrNotRegistered = errors.New("not registered with a network")
	ErrDenied        = errors.New("the network has denied the registration")
	ErrNoSignal      = errors.New("the modem hears no network")
	ErrPDPType       = errors.New("the modem does not take this type of context")
)

// How long cellular modems may take.
const (
	queryTime    = 5 * time.Second // for what the modem knows by itself
	radioTime    = 15 * time.Second
	operatorTime = 3 * time.Minute  // for a search of all networks (27.007 leaves it open)
	simTime      = 30 * time.Second // for the card to start
	registerTime = 90 * time.Second
	deniedTime   = 20 * time.Second // a network that stays with its refusal
	pollTime     = time.Second
)

// SetUp makes a cellular modem, which must be awake, ready for a call: the PIN is
// entered where it is wanted; init, the commands of the entry, are said; then come
// the kind of network, the operator and the context, and the registration is
// awaited. The Status is filled as far as it came.
func (m *Modem) SetUp(ctx context.Context, c Cellular, init []string) (*Status, error) {
	s := NewStatus()
	m.status = &s
	byInit := c.Operator == "" && slices.ContainsFunc(init, choosesOperator.MatchString)
	steps := []func(context.Context, Cellular) error{
		m.manners, m.identify, m.radioOn, m.unlock,
		func(ctx context.Context, _ Cellular) error {
			for _, command := range init {
				if _, err := m.Do(ctx, command); err != nil {
					return err
				}
			}
			if len(init) == 0 {
				return nil
			}
			return m.manners(ctx, c) // ATZ may be among them
		},
		m.chooseMode,
		func(ctx context.Context, c Cellular) error {
			switch {
			case c.Operator != "":
				return m.chooseOperator(ctx, c.Operator)
			case byInit:
				return nil
			}
			return m.anyOperator(ctx)
		},
		m.define,
		func(ctx context.Context, c Cellular) error {
			search := "AT+COPS=0"
			switch {
			case c.Operator != "":
				search = choose(c.Operator)
			case byInit:
				search = "" // we do not know how
			}
			return m.register(ctx, search)
		},
	}
	again := 0
	m.restarted = false
	for i := 0; i < len(steps); i++ {
		if err := steps[i](ctx, c); err != nil {
			return &s, err
		}
		if m.restarted && again < maxRestarts { // by itself, while we spoke: what it was told is forgotten
			again++
			if err := m.calm(ctx); err != nil {
				return &s, err
			}
			m.restarted, i = false, -1
		}
	}
	return &s, nil
}

// maxRestarts is how often a modem may start anew while it is set up.
const maxRestarts = 3

// manners makes the modem's answers such as the parsers here like them best. They
// live without it, so that a refusal is no error.
func (m *Modem) manners(ctx context.Context, _ Cellular) error {
	for _, command := range []string{"ATE0Q0V1", "AT+CMEE=1"} {
		if _, err := m.try(ctx, command, queryTime); err != nil {
			return err
		}
	}
	return nil
}

// try says a command whose refusal is no error; ok is whether it was taken.
func (m *Modem) try(ctx context.Context, command string, d time.Duration) (lines []string, err error) {
	lines, err = m.do(ctx, command, d)
	if refusal(err) {
		return nil, nil
	}
	return lines, err
}

// refusal tells whether the modem has answered with ERROR or the like.
func refusal(err error) bool {
	e := new(Error)
	return errors.As(err, &e) && e.Err == nil && e.Result.Code == Failed
}

// identify finds out whose make it is, and has it say less unasked.
func (m *Modem) identify(ctx context.Context, _ Cellular) error {
	if err := m.recognise(ctx); err != nil {
		return err
	}
	for _, command := range m.vendor.quiet {
		if _, err := m.try(ctx, "AT"+command, queryTime); err != nil {
			return err
		}
	}
	return nil
}

// recognise finds out whose make it is.
func (m *Modem) recognise(ctx context.Context) error {
	s := m.status
	for _, q := range []struct {
		command string
		to      *string
	}{{"AT+CGMI", &s.Manufacturer}, {"AT+CGMM", &s.Model}, {"AT+CGMR", &s.Firmware}} {
		lines, err := m.try(ctx, q.command, queryTime)
		if err != nil {
			return err
		}
		*q.to = firstText(lines)
	}
	said := s.Manufacturer + " " + s.Model
	if s.Manufacturer == "" {
		lines, err := m.try(ctx, "ATI", queryTime)
		if err != nil {
			return err
		}
		said = strings.Join(lines, " ")
		if s.Model == "" && len(lines) > 0 {
			s.Model = lines[0]
		}
	}
	m.vendor = vendorOf(said)
	m.log.Debug("modem", "make", s.Name(), "firmware", s.Firmware, "commands", m.vendor.name)
	return nil
}

// firstText is the first line of an answer that is no unsolicited result code,
// without the name that some modems put before it.
func firstText(lines []string) string {
	for _, l := range lines {
		for _, name := range []string{"+CGMI", "+CGMM", "+CGMR", "+CGSN", "+GSN"} {
			if rest, ok := cutName(l, name); ok {
				l = rest
			}
		}
		if !unsolicited(l) {
			return unquote(strings.TrimPrefix(l, "Revision: "))
		}
	}
	return ""
}

// radioOn switches the radio on if it is off (+CFUN of 0 or 4).
func (m *Modem) radioOn(ctx context.Context, _ Cellular) error {
	lines, err := m.try(ctx, "AT+CFUN?", queryTime)
	if err != nil {
		return err
	}
	if v, ok := (ask{"", "+CFUN", 0}).in(lines); ok && (v == "0" || v == "4") {
		_, err = m.try(ctx, "AT+CFUN=1", radioTime)
	}
	return err
}

// because makes the first error that is not nil one of this modem.
func (m *Modem) because(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return m.failed(err)
		}
	}
	return nil
}

// listenFor takes note of what the modem says unasked, for a while.
func (m *Modem) listenFor(ctx context.Context, d time.Duration) error {
	defer m.arm(ctx)()
	end := time.Now().Add(d)
	for {
		if _, err := m.next(ctx, end); silent(err) {
			return nil
		} else if err != nil {
			return err
		}
		if !time.Now().Before(end) {
			return nil
		}
	}
}

// chooseMode sets the kind of network.
func (m *Modem) chooseMode(ctx context.Context, c Cellular) error {
	if c.Mode == ModeAsIs {
		return nil
	}
	var last error
	for _, set := range m.vendor.modes {
		value, ok := set.value[c.Mode]
		if !ok {
			continue
		}
		lines, err := m.try(ctx, "AT"+set.query.command, queryTime)
		if err != nil {
			return err
		}
		if is, ok := set.query.in(lines); ok && strings.EqualFold(is, value) {
			return nil
		}
		if _, last = m.do(ctx, "AT"+fmt.Sprintf(set.set, value), radioTime); last == nil || !refusal(last) {
			m.log.Info("kind of network chosen", "net_mode", string(c.Mode))
			return last
		}
	}
	if c.Mode == ModeAuto { // what does not have the choice has but one
		return nil
	}
	m.log.Warn("the modem does not let the kind of network be chosen", "net_mode", string(c.Mode), "error", last)
	return nil
}

// chooseOperator has the modem use one network (+COPS=1,2), and tells a modem that
// was told to stay away from all of them to look again.
func (m *Modem) chooseOperator(ctx context.Context, operator string) error {
	if _, err := m.try(ctx, "AT+COPS=3,2", queryTime); err != nil {
		return err
	}
	lines, err := m.try(ctx, "AT+COPS?", queryTime)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if mode, name, _, ok := parseOperator(l); ok && mode == 1 && name == operator {
			return nil
		}
	}
	if _, err := m.do(ctx, choose(operator), operatorTime); refusal(err) {
		m.log.Warn("the modem does not find the operator", "carrier", operator, "error", err)
		return m.because(fmt.Errorf("%w: operator %s is not to be had here", ErrNotRegistered, operator))
	} else if err != nil {
		return err
	}
	_, err = m.try(ctx, "AT+COPS=3,0", queryTime)
	return err
}

// choose is the command that has the modem use one network.
func choose(operator string) string { return `AT+COPS=1,2,"` + operator + `"` }

// choosesOperator tells the commands of an entry that choose the operator.
var choosesOperator = regexp.MustCompile(`(?i)\+COPS=[0-24]`)

// anyOperator has the modem choose by itself again, which keeps for good what it
// was told before.
func (m *Modem) anyOperator(ctx context.Context) error {
	lines, err := m.try(ctx, "AT+COPS?", queryTime)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if mode, name, _, ok := parseOperator(l); ok && (mode == 1 || mode == 4) {
			m.log.Info("the modem chooses the operator again", "before", name)
			_, err := m.try(ctx, "AT+COPS=0", operatorTime)
			return err
		}
	}
	return nil
}

// define defines the context, unless it is there already: modems keep it for good.
func (m *Modem) define(ctx context.Context, c Cellular) error {
	if c.Context.CID == 0 {
		return nil
	}
	kept, err := m.contexts(ctx)
	if err != nil {
		return err
	}
	for _, k := range kept {
		if k.CID == c.Context.CID && k.Type == c.Context.Type && strings.EqualFold(k.APN, c.Context.APN) {
			return nil
		}
	}
	command := fmt.Sprintf(`AT+CGDCONT=%d,"%s","%s"`, c.Context.CID, c.Context.Type, c.Context.APN)
	_, err = m.do(ctx, command, commandTime)
	if !refusal(err) {
		return err
	}
	lines, terr := m.try(ctx, "AT+CGDCONT=?", queryTime)
	if terr != nil {
		return terr
	}
	var types []string
	for _, l := range lines {
		rest, ok := cutName(l, "+CGDCONT")
		if f := splitFields(rest); ok && len(f) > 1 && strings.HasPrefix(f[1], `"`) {
			types = append(types, unquote(f[1]))
		}
	}
	for _, t := range types {
		if t == c.Context.Type {
			return err
		}
	}
	if len(types) == 0 {
		return err
	}
	e := new(Error)
	errors.As(err, &e)
	e.Err = fmt.Errorf("%w: it has %s", ErrPDPType, strings.Join(types, ", "))
	return e
}

// register waits until a network has taken the modem. One that does not look for
// any, be it that it was told to stay away, be it that the one it was told to use is
// out of reach, is told once to search.
func (m *Modem) register(ctx context.Context, search string) error {
	end := time.Now().Add(registerTime)
	var denied time.Time
	said, nudged := RegUnknown, false
	for {
		if err := m.ask(ctx, questions[:registrations]); err != nil {
			return err
		}
		r := m.status.Registration()
		if r != said {
			m.log.Debug("modem", "registration", r)
			said = r
		}
		now := time.Now()
		switch {
		case r.Registered(), r == RegUnknown: // modems without any of the questions
			if err := m.ask(ctx, questions[registrations:]); err != nil {
				return err
			}
			m.log.Info("registered", "network", m.status.Operator, "technology", m.status.Tech,
				"roaming", r == RegRoaming || r == 10, "signal", m.status.Signal.String())
			return nil
		case r != RegDenied:
			denied = time.Time{}
		case denied.IsZero():
			denied = now
		case now.Sub(denied) >= deniedTime:
			return m.unregistered(ctx)
		}
		if r == RegIdle && !nudged {
			nudged = true
			command := search
			if m.status.Voice.Registered() {
				command = "AT+CGATT=1" // it was told to stay away from packets
			}
			if command != "" {
				if _, err := m.try(ctx, command, operatorTime); err != nil {
					return err
				}
			}
		}
		if !now.Before(end) {
			return m.unregistered(ctx)
		}
		if err := m.listenFor(ctx, pollTime); err != nil {
			return err
		}
	}
}

// unregistered says why there is no network.
func (m *Modem) unregistered(ctx context.Context) error {
	m.command = ""
	if err := m.ask(ctx, questions[registrations:]); err != nil {
		return err
	}
	switch r := m.status.Registration(); {
	case r == RegDenied:
		return m.because(ErrDenied)
	case m.status.Signal.None():
		return m.because(ErrNoSignal)
	default:
		return m.because(fmt.Errorf("%w: %v", ErrNotRegistered, r))
	}
}
