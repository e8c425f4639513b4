package modem

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// How long things may take.
const (
	wakeTime    = 700 * time.Millisecond // for an answer to AT; the modem may have been asleep
	bootTime    = 1500 * time.Millisecond
	commandTime = 20 * time.Second        // for OK to a command of modem_init
	networkTime = 3 * time.Minute         // for OK to one that waits for a network
	hangupTime  = 3 * time.Second         // for OK to ATH
	callTime    = time.Minute             // for CONNECT, as for a dialer's chat
	toneTime    = 15 * time.Second        // for the dialing, before S7 begins to count
	commaTime   = 2 * time.Second         // for a comma in a number (register S8)
	writeTime   = 5 * time.Second         // for the line to take a command
	ringTime    = 8 * time.Second         // for the ring behind a ring, between which is told who calls
	guardTime   = 1100 * time.Millisecond // of silence around +++ (register S12: 1 s)
	lineEndTime = 50 * time.Millisecond   // for the LF behind CONNECT's CR
	calmTime    = 300 * time.Millisecond  // of silence after several commands
)

// Wake makes sure that the modem takes commands and has no call. One that is
// still in data mode, since a program was killed in the middle of a call, is
// brought back by dropping DTR or by the escape sequence. The error is an
// *Error with ErrSilent when it does not answer.
func (m *Modem) Wake(ctx context.Context) error {
	defer m.arm(ctx)()
	late, err := m.wake(ctx)
	if err != nil {
		return err
	}
	// A call that the modem still holds would make ATD fail. Without one, some
	// modems call ATH an error.
	if err := m.send(ctx, "ATH", "\r"); err != nil {
		return err
	}
	if _, err = m.until(ctx, hangupTime, OK, Failed, NoCarrier); err != nil {
		return err
	}
	if late {
		return m.calm(ctx)
	}
	return nil
}

// wake gets an OK to AT; late is whether it took more than one.
func (m *Modem) wake(ctx context.Context) (late bool, err error) {
	if err = m.attention(ctx, "AT", wakeTime); !silent(err) {
		return false, err
	}
	// In case it was told to keep quiet (Q1) or to speak in numbers (V0).
	tries := []wakeTry{{nil, "ATQ0V1"}}
	if m.drop != nil {
		tries = append(tries, wakeTry{m.drop, "AT"}, wakeTry{nil, "AT"}) // some restart when DTR drops
	}
	tries = append(tries, wakeTry{m.escape, "AT"}, wakeTry{nil, "AT"})
	for _, try := range tries {
		if try.before != nil {
			if err := try.before(ctx); err != nil {
				m.log.Debug("modem", "error", err)
			}
		}
		if err = m.attention(ctx, try.command, bootTime); err == nil {
			return true, m.calm(ctx)
		} else if !silent(err) {
			return true, err
		}
	}
	return true, err
}

// A wakeTry is something that brings a modem back, and the command that shows
// whether it did.
type wakeTry struct {
	before  func(context.Context) error // nil: nothing
	command string
}

// attention sends an AT that does nothing and waits for OK.
func (m *Modem) attention(ctx context.Context, command string, d time.Duration) error {
	if err := m.send(ctx, command, "\r"); err != nil {
		return err
	}
	_, err := m.until(ctx, d, OK)
	return err
}

// Probe tells in short time whether a modem is there that takes commands.
func (m *Modem) Probe(ctx context.Context) error {
	defer m.arm(ctx)()
	err := m.attention(ctx, "AT", wakeTime/2)
	if silent(err) { // the first AT may have been garbled, or has awakened it
		err = m.attention(ctx, "AT", wakeTime/2)
	}
	return err
}

func silent(err error) bool { return errors.Is(err, ErrSilent) }

// calm waits until the modem has said all that it had to say to several
// commands: its OK may have been to an earlier one.
func (m *Modem) calm(ctx context.Context) error {
	for {
		if _, err := m.next(ctx, time.Now().Add(calmTime)); silent(err) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// escape brings the modem from data mode to command mode.
func (m *Modem) escape(ctx context.Context) error {
	if err := pause(ctx, guardTime); err != nil {
		return err
	}
	return m.plus(ctx)
}

// plus is the escape of who has been silent for guardTime.
func (m *Modem) plus(ctx context.Context) error {
	if err := m.send(ctx, "+++", ""); err != nil {
		return err
	}
	if _, err := m.until(ctx, guardTime+wakeTime, OK, NoCarrier, Connect); err != nil && !silent(err) {
		return err
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Do sends a command, to which AT is added if it is missing, and waits for OK.
// The lines that the modem said before it are returned.
func (m *Modem) Do(ctx context.Context, command string) (lines []string, err error) {
	if waitsForNetwork.MatchString(command) {
		return m.do(ctx, command, networkTime)
	}
	return m.do(ctx, command, commandTime)
}

// waitsForNetwork tells the commands to which the OK comes when a network has
// answered (TS 27.007 leaves the time open, makers allow up to three minutes).
var waitsForNetwork = regexp.MustCompile(`(?i)\+(COPS|CGATT|CGACT|CFUN)=`)

// carrierTime tells register S7, how many seconds the modem waits for carrier
// (V.250, section 6.3.10).
var carrierTime = regexp.MustCompile(`(?i)[^&%\\*+]S7=([0-9]{1,3})`)

func (m *Modem) do(ctx context.Context, command string, d time.Duration) (lines []string, err error) {
	defer m.arm(ctx)()
	if len(command) < 2 || !strings.EqualFold(command[:2], "AT") {
		command = "AT" + command
	}
	if err := m.send(ctx, command, "\r"); err != nil {
		return nil, err
	}
	end := time.Now().Add(d)
	for time.Now().Before(end) {
		r, err := m.next(ctx, end)
		switch {
		case err != nil:
			return lines, err
		case r.Code == OK:
			m.secret = false
			m.tells = m.tells || tellsCaller.MatchString(command)
			if s7 := carrierTime.FindStringSubmatch(command); s7 != nil {
				seconds, _ := strconv.Atoi(s7[1])
				m.s7 = time.Duration(seconds) * time.Second
			}
			return lines, nil
		case r.Code == Failed:
			m.secret = false
			return lines, m.refused(r)
		case r.Code == None && r.Text != command:
			lines = append(lines, r.Text)
		}
	}
	return lines, m.failed(ErrSilent)
}

// Dial calls a number and waits for CONNECT. The number goes out as it is; tone
// dialing is asked for unless the number says T or P itself, or is a code of a
// cellular modem, which has no tones.
func (m *Modem) Dial(ctx context.Context, number string) (Result, error) {
	how := "T"
	if number == "" || strings.ContainsAny(number[:1], "TtPp") || packetCall.MatchString(number) {
		how = ""
	}
	return m.call(ctx, "ATD"+how+number)
}

// packetCall tells codes like *99***1# and, of CDMA, #777 from numbers that begin
// with a code of the telephone network, such as *70,5551234.
var packetCall = regexp.MustCompile(`^([*#].*#|#777)$`)

// Await waits for a call, for as long as ctx lasts, and answers it. An error of
// the call, an *Error with a Result or ErrSilent, leaves the modem ready for the
// next.
func (m *Modem) Await(ctx context.Context) (Result, error) {
	r, err := m.listen(ctx, false)
	if err != nil || r.Code == Connect {
		return r, err
	}
	return m.call(ctx, "ATA")
}

// Listen does the same without knowing whether there is a modem at all: on a
// direct line it returns when the other side begins to speak PPP, with a Result
// of Code None. Nothing is sent before.
func (m *Modem) Listen(ctx context.Context) (Result, error) {
	r, err := m.listen(ctx, true)
	if err != nil || r.Code != Ring {
		return r, err
	}
	return m.call(ctx, "ATA")
}

// flag begins every PPP frame (RFC 1662, section 3.1).
const flag = 0x7e

func (m *Modem) listen(ctx context.Context, direct bool) (Result, error) {
	defer m.arm(ctx)()
	m.command, m.secret, m.got, m.began, m.caller = "", false, nil, time.Now(), Caller{}
	var rang Result // the first ring, if we wait for what is told behind it
	var until time.Time
	for {
		if i := bytes.IndexByte(m.in, flag); direct && i >= 0 {
			m.in = m.in[i:]
			return Result{}, nil
		}
		text := m.take()
		if text == "" {
			if err := m.read(ctx, until); silent(err) {
				return rang, nil
			} else if err != nil {
				return Result{}, m.failed(err)
			}
			continue
		}
		r := m.note(text)
		m.caller.hear(text)
		if r.Code == Connect { // a modem with S0=1 answers by itself
			return r, m.lineEnd(ctx)
		}
		again := rang.Code == Ring
		if r.Code == Ring {
			rang = r
		}
		switch {
		case rang.Code != Ring:
		case again && r.Code == Ring, !m.tells, m.caller.Calling != "":
			return rang, nil
		case until.IsZero():
			until = time.Now().Add(ringTime)
		}
	}
}

// call sends a command that makes a call and waits for what comes of it.
func (m *Modem) call(ctx context.Context, command string) (Result, error) {
	disarm := m.arm(ctx)
	limit := max(callTime, m.s7+toneTime) + time.Duration(strings.Count(command, ","))*commaTime
	err := m.send(ctx, command, "\r")
	var r Result
	if err == nil {
		r, err = m.until(ctx, limit, Connect, NoCarrier, Failed, NoDialtone, Busy, NoAnswer, Voice, Delayed, Blacklisted)
	}
	if err == nil && r.Code == Connect {
		err = m.lineEnd(ctx)
	}
	disarm()
	switch {
	case err != nil:
		m.abort(ctx)
		return r, err
	case r.Code != Connect:
		return r, m.refused(r)
	}
	return r, nil
}

// abort ends the call that is being made: any character does (V.250, section
// 5.6.1).
func (m *Modem) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wakeTime)
	defer cancel()
	defer m.arm(ctx)()
	if m.send(ctx, "", "\r") == nil {
		m.until(ctx, wakeTime, OK, NoCarrier, Failed)
	}
}

// lineEnd takes the LF behind the CR of CONNECT, so that it does not stand before
// the first frame.
func (m *Modem) lineEnd(ctx context.Context) error {
	if len(m.in) == 0 {
		if err := m.read(ctx, time.Now().Add(lineEndTime)); err != nil && !silent(err) {
			return m.failed(err)
		}
	}
	if len(m.in) > 0 && m.in[0] == '\n' {
		m.in = m.in[1:]
	}
	return nil
}

// Hangup leaves the modem in command mode without a call, from whatever it is
// doing: by DTR if there is one, by ATH, and by ATH after the escape sequence. An
// error says that the modem did not confirm it. A modem that answers a call by
// itself meanwhile (S0=1) has no other, and is left alone.
func (m *Modem) Hangup(ctx context.Context) error {
	defer m.arm(ctx)()
	m.rang, m.taken = time.Time{}, false
	if m.drop != nil {
		if err := m.drop(ctx); err != nil {
			m.log.Debug("modem: DTR", "error", err)
		}
	}
	// Mostly the other side was first, and the modem is in command mode.
	err := m.hook(ctx, wakeTime)
	if !silent(err) {
		return err
	}
	if err := m.escape(ctx); err != nil || m.taken {
		return err
	}
	return m.hook(ctx, hangupTime)
}

func (m *Modem) hook(ctx context.Context, d time.Duration) error {
	if err := m.send(ctx, "ATH", "\r"); err != nil {
		return err
	}
	for end := time.Now().Add(d); ; {
		r, err := m.until(ctx, time.Until(end), OK, Failed, Connect)
		if err != nil || r.Code != Connect || m.taken {
			return err
		}
	}
}
