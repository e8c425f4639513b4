package run

import "runtime"

// processorsFor returns what gives the program a processor for each line, and
// most at most.
//
// A packet of one line passes through goroutines one after the other. Were
// there a second processor, the runtime would awaken it at each step, to find
// nothing left to do: packets take longer, and a third more of CPU time. Over
// two lines there is work for it.
func processorsFor(most int) func(lines int) {
	return func(lines int) {
		if n := min(max(lines, 1), most); n != runtime.GOMAXPROCS(0) {
			runtime.GOMAXPROCS(n)
		}
	}
}
