// Package keep decides whether a link is still good: monitor, monitor_secs,
// monitor_fails, reset_at, reset_on_fail and reset_always of ppp.conf(5). A
// Watch probes a link with ICMP Echo-Requests, a Clock knows times of day,
// Resets say when the modem is to be reset.
//
// Everything here takes the time as an argument and does nothing by itself:
// the owner sends the probes that a Watch makes, passes the answers on, and
// breaks the link when told to. Only cmd/internal/run imports this package.
package keep
