// Package modem talks with a Hayes modem in the AT commands of ITU-T V.250: wake
// it, whatever state it is in, set it up, dial or answer, hang up. Modems differ
// in what they say beside the result codes, whether they echo, and how they end
// lines; only whole lines count here, and those that are no result code are
// passed over.
//
// The dialogue is plain sequential code. Between CONNECT and the next command
// the line belongs to whoever speaks PPP over it; what was read behind CONNECT
// is in [Modem.Unread].
//
// The package stands above chat and is used by dial. A Modem is for one
// goroutine at a time.
package modem
