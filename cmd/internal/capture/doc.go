// Package capture keeps what happened on the lines of an interface: the
// dialogue with modem and login, every PPP frame, and what the program says
// about it. It implements the capture= keyword and the flight recorder, and is
// for package run: a [Recorder] an interface, a [Line] for each link as its
// mp.Tap, and [Recorder.Handler] around the logger of dial and mp, which brings
// the dialogue.
//
// The flight recorder holds the last call in a bounded piece of memory: the
// dialogue, the control packets, and the headers of the last data packets.
// [Recorder.Save] writes it out after a call that failed.
//
// The capture file has whole frames. It is pcapng
// (draft-ietf-opsawg-pcapng): an interface block with the link type PPP for
// each line, frames with their direction, and a journal block for each message,
// which Wireshark shows as a row of its own; messages of importance are also a
// comment of the next frame. When the file has reached half of its limit it
// becomes FILE.1, in the place of the one before, and a new one begins. A file
// that is there already is continued.
//
// Passwords and responses are masked before they are kept anywhere: those of
// PAP, CHAP and EAP here, also in what a Protocol-Reject returns, and those of
// the dialogue by packages chat and modem. What IP packets carry is not looked
// at.
//
// Blocks never cross a page of the file and are written a page at a time,
// which the kernel does not leave half done when the program is killed: the
// file can be read at any time.
package capture
