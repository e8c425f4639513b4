package run

import (
	"pppdial/cmd/internal/capture"
	"pppdial/cmd/internal/status"
	"pppdial/conf"
	"pppdial/mp"
)

// This file is how package capture sees everything: as the tap of links, and
// in front of the log of a unit.

// newRecorder makes the recorder of an entry. A capture file that can't be
// written is no reason not to call.
func (d *daemon) newRecorder(e *conf.Entry) *capture.Recorder {
	c, file := captureConfig(e, &d.opt, d.log.With("entry", e.Label))
	r := capture.New(c)
	if err := r.Capture(file, 0); err != nil {
		c.Log.Warn("no capture", "error", err)
	}
	return r
}

// tap is what a member's link is shown to.
func (m *member) tap() mp.Tap {
	if m.unit == nil {
		return nil
	}
	if m.origin == status.HandedOver && len(m.unit.members) == 0 {
		m.unit.record.Begin()
	}
	return m.unit.record.Line(m.Name())
}

// keep writes out what has been recorded of a call, if it has failed.
func (u *unit) keep(v Verdict) {
	if !v.failure() {
		return
	}
	u.record.Save(v.String(), func(file string, err error) {
		if err != nil {
			u.log.Debug(err.Error())
			return
		}
		u.log.Info("what was recorded of the call is kept", "file", file)
	})
}
