package run

import (
	"log/slog"

	"pppdial/cmd/internal/capture"
	"pppdial/cmd/internal/status"
	"pppdial/conf"
)

// This file is how package capture sees everything: as the tap of links, and
// in front of the log of a unit.

// newRecorder makes the recorder of an entry. A capture file that can't be
// written is no reason not to call.
func (d *daemon) newRecorder(e *conf.Entry) *capture.Recorder {
	c, file := captureConfig(e, &d.opt, d.log.With("entry", e.Label))
	c.Files = d.files
	r := capture.New(c)
	if err := r.Capture(file, 0); err != nil {
		c.Log.Warn("no capture", "error", err)
	}
	return r
}

// record gives a member its recorder, that of its unit if it has one, and the
// log that goes there. A line that has been called or answered belongs to what
// was recorded then.
func (d *daemon) record(m *member) {
	switch {
	case m.unit == nil:
		m.record = d.newRecorder(m.entry)
	case m.origin == status.HandedOver && len(m.unit.members) == 0:
		m.record = m.unit.record
		m.record.Begin()
	default:
		m.record = m.unit.record
	}
	m.log = d.recorded(m.record, m.entry)
}

// recorded is the log of an entry, with everything recorded.
func (d *daemon) recorded(r *capture.Recorder, e *conf.Entry) *slog.Logger {
	return slog.New(r.Handler(d.log.Handler())).With("entry", e.Label)
}

// hand gives what was recorded of a caller to its unit: all, if it has just been
// made for the caller, or else what is still to come.
func (m *member) hand(u *unit, made bool) {
	defer func() { m.log = u.log }()
	if !made {
		m.record.Join(u.record)
		m.record = u.record
		return
	}
	old := u.record
	u.record = m.record
	u.record.Rename(u.entry.Label)
	if u.entry != m.entry && u.entry.Capture != m.entry.Capture {
		if err := u.record.Capture(u.entry.Capture, 0); err != nil {
			u.log.Warn("no capture", "error", err)
		}
	}
	u.log = u.d.recorded(u.record, u.entry)
	old.Close()
}

// keep writes out what has been recorded of a call, if it has failed.
func (u *unit) keep(v Verdict) { u.d.keep(u.record, u.log, v) }

func (d *daemon) keep(r *capture.Recorder, log *slog.Logger, v Verdict) {
	if !v.failure() {
		return
	}
	r.Save(v.String(), func(file string, err error) {
		if err != nil {
			log.Debug(err.Error())
			return
		}
		log.Info("what was recorded of the call is kept", "file", file)
	})
}
