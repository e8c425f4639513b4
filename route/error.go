package route

// An Error is something that could not be brought into the kernel, in plain
// words.
type Error struct {
	Dev  string // the interface
	What string // "add route 10.0.0.0/8 via 192.168.1.1"
	Why  string // "gateway 192.168.1.1 is not reachable ..."
	Err  error  // the kernel's errno, a *CollisionError
}

func (e *Error) Error() string { return "route: " + e.Dev + ": " + e.What + ": " + e.Why }

func (e *Error) Unwrap() error { return e.Err }

// A CollisionError is a route that cannot be added since there is one to the
// same destination with the same metric.
type CollisionError struct {
	Want, There Entry
}

func (e *CollisionError) Error() string { return "" }
