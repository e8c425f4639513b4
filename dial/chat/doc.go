// Package chat holds the conversations that come before PPP: expect a text,
// send a text, until the far end is ready. It knows the scripts of UUCP's
// Systems and Dialers files and those of chat(8), in one grammar.
//
// A script is words between blanks, by turns one to expect and one to send.
//
//	"" AT OK ATDT\T CONNECT \c ogin:--ogin: me ssword: \qguess PPP
//
// A word that begins with ' or " reaches to the same mark, blanks included; a
// mark behind a backslash does not end it. Such a word without content stands
// for nothing to expect, or for a bare CR to send.
//
// Expect: a text that may come anywhere in what the line says. Eight-bit
// characters match their seven-bit twins and NUL is passed over, so parity and
// padding do no harm. Within one word expect-send-expect sends the middle part
// when the first has not come in time, and then waits for the last; an empty
// middle part is a bare CR, a literal minus sign is \055 or \-. A word that
// ends in a part to send goes on with the script after sending it.
//
// The result codes of modems (OK, CONNECT, ERROR, BUSY, NO CARRIER ...) match
// at the beginning of a line only, so that neither the echo of a command nor a
// modem's chatter is taken for one; ERROR also behind +CME and +CMS. That rule
// holds for ABORT throughout, and for expected words as long as the script
// speaks with a modem: before anything was sent, after a command that begins
// with AT or +++, and not beyond CONNECT.
//
// Send: a CR follows unless the word has \c. BREAK and EOT as whole words send
// a break and ^D. A word after an expect that asks for a password, one with
// \q, and AT commands that carry a PIN or password are secret: neither logs nor
// errors show them, nor their echo.
//
// Escapes, in both: \r \n \t \b \s (space) \\ \ddd (octal) ^C (control
// character); in a send also
//
//	\N     NUL              \D     telephone number
//	\c     no CR at the end \T     the same through Dialcodes
//	\d     pause 1 s        \E \e  check the echo of each character, or not
//	\p     pause 0.25 s     \M \m  ignore the carrier, need it
//	\K     break            \q     secret
//
// A backslash before any other sign is that sign, before any other letter or
// digit an error. The word AT^ before a name (Huawei's commands) keeps its ^.
//
// Directives of chat(8) stand in place of an expect and take the word behind
// them: ABORT and CLR_ABORT text, REPORT and CLR_REPORT text, TIMEOUT seconds
// (0: the default again), SAY text, ECHO ON or OFF, HANGUP ON or OFF (a lost
// carrier ends the script or does not). What chat(8) writes to standard error
// goes to the log.
//
// The package stands on the lowest floor: dial and dial/modem run scripts with
// it, and whoever checks a control file parses with it. A Runner may be used by
// one goroutine at a time; scripts may be shared.
package chat
