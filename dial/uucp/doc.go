// Package uucp reads the dialing files of HoneyDanBer UUCP, by which the
// manual page's ppp finds its way to a remote machine: Systems (whom to call,
// when, over which kind of line, by which number, and how to log in), Devices
// (which lines there are and how they are dialed), Dialers (how to talk to each
// kind of modem), Dialcodes (abbreviations in numbers) and Sysfiles (where the
// others are). It follows the manuals of SGI and of Taylor UUCP.
//
// In all of them a line that is empty or begins with # or a blank is a remark,
// a backslash at the end of a line continues it, and blanks separate fields.
// Nothing is taken on trust: every fault of every file is reported in one go,
// with its place and with what to write instead, and the lines without fault
// can be used.
//
// The package stands on the lowest floor and is used by dial, which joins the
// chat scripts found here to dial/chat. A DB does not change once it is read
// and may be shared.
package uucp
