// Package dial makes calls: it finds a line, dials a number, logs in, and hands
// over a line on which PPP can start. Where to call is said either by UUCP's
// files (package uucp) or by the lines and numbers of the entry itself.
//
// A [Dialer] makes one attempt over every way there is, in order, until one of
// them works; when to try again is for the caller to decide. A call is plain
// sequential code in the goroutine of its caller, which ends when the context
// does. Whatever happens, the modem is left idle and the line unlocked: after an
// error by the Dialer itself, after success by [Call.Hangup].
//
// The package stands beside mp and route and knows neither; the daemon joins
// them. Nothing it logs or reports holds a password.
package dial
