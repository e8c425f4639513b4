package fsm

import "strings"

// A cell says what an event does in a state.
type cell struct {
	next     State
	actions  []action
	possible bool
	passive  bool // p: with Config.Passive without tlf
	crossed  bool // x: an answer to a request that had its answer
}

// rfcTable is RFC 1661, section 4.1, in the RFC's words: actions, then the
// next state. "-" cannot happen. Of the options marked there, r (restart on
// Open) is not used, p is Config.Passive, x is counted.
const rfcTable = `
        0       1          2          3               4       5       6          7          8          9
        Initial Starting   Closed     Stopped         Closing Stopping Req-Sent  Ack-Rcvd   Ack-Sent   Opened
 Up     2       irc,scr/6  -          -               -       -       -          -          -          -
 Down   -       -          0          tls/1           0       1       1          1          1          tld/1
 Open   tls/1   1          irc,scr/6  3r              5r      5r      6          7          8          9r
 Close  0       tlf/0      2          2               4       4       irc,str/4  irc,str/4  irc,str/4  tld,irc,str/4

 TO+    -       -          -          -               str/4   str/5   scr/6      scr/6      scr/8      -
 TO-    -       -          -          -               tlf/2   tlf/3   tlf/3p     tlf/3p     tlf/3p     -

 RCR+   -       -          sta/2      irc,scr,sca/8   4       5       sca/8      sca,tlu/9  sca/8      tld,scr,sca/8
 RCR-   -       -          sta/2      irc,scr,scn/6   4       5       scn/6      scn/7      scn/6      tld,scr,scn/6
 RCA    -       -          sta/2      sta/3           4       5       irc/7      scr/6x     irc,tlu/9  tld,scr/6x
 RCN    -       -          sta/2      sta/3           4       5       irc,scr/6  scr/6x     irc,scr/8  tld,scr/6x

 RTR    -       -          sta/2      sta/3           sta/4   sta/5   sta/6      sta/6      sta/6      tld,zrc,sta/5
 RTA    -       -          2          3               tlf/2   tlf/3   6          6          8          tld,scr/6

 RUC    -       -          scj/2      scj/3           scj/4   scj/5   scj/6      scj/7      scj/8      scj/9
 RXJ+   -       -          2          3               4       5       6          6          8          9
 RXJ-   -       -          tlf/2      tlf/3           tlf/2   tlf/3   tlf/3      tlf/3      tlf/3      tld,irc,str/5

 RXR    -       -          2          3               4       5       6          7          8          ser/9
`

var table = readTable(rfcTable)

// readTable reads the table above. Its only argument is that constant; the
// test looks at every cell.
func readTable(text string) (t [events][states]cell) {
	byName := make(map[string]action)
	for a, name := range actionNames {
		byName[name] = action(a)
	}
	e := -2 // two lines of heading
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if e++; e <= 0 {
			continue
		}
		for s, word := range words[1:] {
			if word == "-" {
				continue
			}
			c := &t[e-1][s]
			c.possible = true
			c.passive = strings.HasSuffix(word, "p")
			c.crossed = strings.HasSuffix(word, "x")
			names, next, found := strings.Cut(word, "/")
			if !found {
				names, next = "", word
			}
			c.next = State(next[0] - '0')
			for name := range strings.SplitSeq(names, ",") {
				if a, ok := byName[name]; ok {
					c.actions = append(c.actions, a)
				}
			}
		}
	}
	return t
}
