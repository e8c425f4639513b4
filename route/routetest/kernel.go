// Package routetest is the kernel's network state in memory: a route.Kernel
// that refuses what Linux refuses, drops what Linux drops, and prints itself.
// Tests of route and of what is built on it use it; so that it stays true, the
// same walk over many states is made on it and on the real kernel.
package routetest

import "pppdial/route"

var _ = route.State{}
