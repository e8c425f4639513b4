package dial

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"pppdial/dial/chat"
	"pppdial/dial/line"
	"pppdial/dial/modem"
	"pppdial/dial/usb"
)

// A Chat is an expect-send script of the entry. Where, if not nil, turns an
// offset in Text into a place for messages.
type Chat struct {
	Text  string
	Where func(off int) string
}

// A Config says how one entry makes its calls.
type Config struct {
	Label    string   // of the entry, for messages
	System   string   // its name in Systems
	UUCPDir  string   // where Systems, Devices and Dialers are; used without Devices
	Service  string   // in Sysfiles; "": ppp
	LockDir  string   // of lock files; "": line.DefaultLockDir
	DevDir   string   // "": /dev
	SysDir   string   // "": /sys
	StateDir string   // for notes that Recover reads; "": none are kept
	Devices  []string // path, pattern, auto, usb:VENDOR:PRODUCT[:IF], tcp:HOST:PORT or exec:COMMAND

	Speed int // bit/s; where a Systems or Devices line says one, that counts
	Flow  line.Flow
	Local bool // the carrier does not count

	// For Devices. Without any of these four such a line is direct.
	Phones     []string // tried in turn
	ModemInit  []string // AT commands, each answered OK; a line without Phones is direct for calls
	Chat       Chat     // in place of the AT dialogue
	ConnectCmd string   // a program that makes the call; its standard input and output are the line

	// A cellular modem is set up by this before it is dialed, and asked for the reason
	// when a call fails; without Phones the number is *99***CID#. nil: it is none, or
	// ModemInit does it all.
	Cellular *modem.Cellular

	ResetCmd  string        // what Reset runs in place of the ladder
	ResetWait time.Duration // for how long a modem is left alone after a reset
	ReturnIn  time.Duration // how long a device may be gone that comes back by itself; 0: 1 minute

	Events  usb.Events // nil: the kernel's
	Inhibit Inhibitor  // keeps other programs off the modems; nil: none are known

	LoginChat  Chat     // after CONNECT, and after the chat of a Systems line
	HangupChat Chat     // when the line is given up
	Env        []string // added to the environment of ConnectCmd and exec:
	Log        *slog.Logger

	// While Patient lasts, an attempt that was interrupted gives the modem, or the
	// program of exec:, the time that it needs to end; nil: always.
	Patient context.Context
}

// scripts are the scripts of a Config, ready to be run.
type scripts struct {
	chat, login, hangup *chat.Script // nil: none
}

func (c *Config) parse() (s scripts, err error) {
	for _, p := range []struct {
		from Chat
		to   **chat.Script
	}{{c.Chat, &s.chat}, {c.LoginChat, &s.login}, {c.HangupChat, &s.hangup}} {
		if strings.TrimSpace(p.from.Text) == "" {
			continue
		}
		script, err := chat.Parse(p.from.Text, p.from.Where)
		if err != nil {
			return s, err
		}
		*p.to = &script
	}
	return s, nil
}

// An Inhibitor makes a program that manages modems by itself, such as ModemManager,
// leave one alone.
type Inhibitor interface {
	// InUse is an error when the program has a connection over the USB device, which
	// Inhibit ends.
	InUse(ctx context.Context, device string) error

	// Inhibit is told the directory of the USB device in sysfs, before each use. When
	// the program does not leave it alone yet, it is asked again until Close. It is no
	// error when nobody is there who would use the device.
	Inhibit(ctx context.Context, device string) error

	// Close takes back all of that, as does the end of the process.
	Close()
}
