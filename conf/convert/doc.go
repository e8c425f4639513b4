// Package convert reads the configurations of other programs and writes entries
// of ppp.conf(5): options files of pppd with their chat(8) scripts and secrets,
// wvdial.conf, /etc/default/ppp of a gateway's service, the files of Taylor
// UUCP, and NetworkManager's keyfiles for cellular modems.
//
// Each setting stands beside what it was made from; what has no counterpart
// stands as a remark that says why. What comes out passes package conf: a value
// that it refuses becomes a remark and a Problem. Problems name file and line.
//
// The way of a file: a reader of its own syntax yields words with places; one
// table per format gives each word its counterpart; a draft collects the
// settings of an entry, replaces what a later word overrides, and writes them in
// an order of its own: the line and the call first.
//
// Only cmd/pppimport uses this package. It opens files by Options.ReadFile alone.
package convert
