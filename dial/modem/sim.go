package modem

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// unlock waits for the card and enters the PIN, once.
func (m *Modem) unlock(ctx context.Context, c Cellular) error {
	end := time.Now().Add(simTime)
	entered := false
	for {
		sim, err := m.sim(ctx)
		if err != nil {
			return err
		}
		switch sim {
		case SIMReady, SIMUnknown: // some modems without a lock do not know +CPIN?
			if c.PIN != "" && !entered {
				card, err := m.card(ctx)
				if err != nil {
					return err
				}
				m.noted(c.PINs.settle(card))
			}
			return nil
		case SIMNeedsPIN:
			if entered {
				break // accepted; the card starts
			}
			if entered, err = m.enter(ctx, c); err != nil {
				return err
			}
			if entered {
				end = time.Now().Add(simTime)
			}
		case SIMNeedsPUK:
			return m.because(ErrPUKNeeded)
		case SIMLocked:
			return m.because(ErrSIMLocked)
		}
		if !time.Now().Before(end) {
			return m.because(map[SIM]error{SIMAbsent: ErrNoSIM}[sim], ErrSIM)
		}
		if sim == SIMAbsent && time.Until(end) > absentTime { // a card that starts is not seen at first
			end = time.Now().Add(absentTime)
		}
		if err := m.listenFor(ctx, pollTime); err != nil {
			return err
		}
	}
}

// absentTime is how long a card may go unnoticed after power-on.
const absentTime = 5 * time.Second

// sim asks for the state of the card.
func (m *Modem) sim(ctx context.Context) (SIM, error) {
	lines, err := m.do(ctx, "AT+CPIN?", queryTime)
	sim := SIMUnknown
	e := new(Error)
	switch {
	case refusal(err):
		errors.As(err, &e)
		sim = parseSIM(e.Result.Text)
	case err != nil:
		return SIMUnknown, err
	}
	for _, l := range lines {
		if s := parseSIM(l); s != SIMUnknown {
			sim = s
		}
	}
	m.status.SIM = sim
	return sim, nil
}

// enter enters the PIN, if it has not been refused by this card before, and if that
// can't be the card's last try. The card may be too busy to look at it; then it was
// not entered.
func (m *Modem) enter(ctx context.Context, c Cellular) (entered bool, err error) {
	if c.PIN == "" {
		return false, m.because(ErrPINNeeded)
	}
	card, err := m.card(ctx)
	if err != nil {
		return false, err
	}
	if c.PINs.refused(card, c.PIN) {
		return false, m.because(fmt.Errorf("%w before; it is not entered again", ErrPINRefused))
	}
	left, known, err := m.retries(ctx)
	if err != nil {
		return false, err
	}
	if known && left <= 1 {
		return false, m.because(fmt.Errorf("%w before, it seems: one try is left, which is not ours to take", ErrPINRefused))
	}
	if err := c.PINs.trying(card, c.PIN); err != nil {
		return false, m.because(fmt.Errorf("%w: %w", ErrPINNotNoted, err))
	}
	_, err = m.do(ctx, `AT+CPIN="`+c.PIN+`"`, radioTime)
	e := new(Error)
	switch {
	case errors.As(err, &e) && e.Unsent:
		m.noted(c.PINs.settle(card))
	case err == nil:
		m.log.Info("the SIM card has taken the PIN")
		m.noted(c.PINs.settle(card))
		return true, nil
	case refusal(err):
		if code, ok := cmeCode(e.Result.Text); ok && code == 14 { // SIM busy
			m.noted(c.PINs.settle(card))
			return false, nil
		}
		m.noted(c.PINs.refuse(card, c.PIN))
		return false, m.because(fmt.Errorf("%w (%s)", ErrPINRefused, e.Result.Text))
	}
	return false, err
}

// noted takes what became of noting what became of a PIN. A note that stays as it was
// keeps the PIN from being entered, and that harms no card.
func (m *Modem) noted(err error) {
	if err != nil {
		m.log.Warn("what became of the PIN can't be noted", "error", err)
	}
}

// retries asks how many PINs the card still bears.
func (m *Modem) retries(ctx context.Context) (left int, known bool, err error) {
	for _, q := range m.vendor.retries {
		lines, err := m.try(ctx, "AT"+q.command, queryTime)
		if err != nil {
			return 0, false, err
		}
		if v, ok := q.in(lines); ok {
			if left, err := strconv.Atoi(v); err == nil {
				return left, true, nil
			}
		}
	}
	return 0, false, nil
}

// card asks which card it is.
func (m *Modem) card(ctx context.Context) (c cardID, err error) {
	for _, q := range m.vendor.card {
		lines, err := m.try(ctx, "AT"+q.command, queryTime)
		if err != nil {
			return c, err
		}
		if v, ok := q.in(lines); ok && v != "" {
			c.number = v
			break
		}
	}
	lines, err := m.try(ctx, "AT+CGSN", queryTime)
	c.modem = firstText(lines)
	return c, err
}
