// Package account checks names and passwords against the accounts of this
// system, for peers that prove themselves by PAP and for which the control file
// has no password. Package run calls it, from any goroutine.
//
// It reads the shadow file, by default /etc/shadow, whenever that has changed,
// and knows the hashes that Linux systems make: yescrypt, SHA-512, SHA-256 and
// bcrypt of crypt(5). Accounts that are locked, expired, without a password, or
// whose password has to be changed are refused, as login(1) would refuse them or
// ask. Name services other than this file (nsswitch.conf(5), LDAP, PAM) are not
// asked; radius= is for those.
//
// Who guesses learns nothing but that it was wrong: for a name without an
// account as much is computed as for others, and every refusal comes after the
// same time. Only a few attempts in a row may fail for a name, and some more for
// all names together; then passwords are no longer looked at for some time,
// except those of names that were right before. Hashes are computed by few
// goroutines, in the order in which callers came, and never by the caller.
package account
