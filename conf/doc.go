// Package conf reads the control file of ppp, by default /etc/ppp.conf, as
// ppp(1M) of IRIX and the project's own ppp.conf(5) describe it, and knows
// nothing of what its settings do.
//
// The way of a keyword: the grammar (participle; loose, every sequence of
// bytes is read) yields lines of words with positions; one row of the keyword
// table gives each word its sense and says what is wrong with it; Entry puts
// continue= in its place, applies the settings from left to right, fills in
// the defaults and asks the cross-field rules. What comes out is an Entry
// with one typed field per keyword.
//
// All problems of a file are found in one run and come back as Diagnostics;
// nothing here logs. Passwords appear in no diagnostic and in no dump.
//
// Only the commands import this package. It imports no other package of the
// project: the syntax of route commands and expect-send scripts is judged by
// the functions in Options.
package conf
