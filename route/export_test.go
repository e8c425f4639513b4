package route

// Die makes r behave as if its process had been killed: it lets go of what the
// kernel would take from it, and undoes nothing.
func (r *Router) Die() {
	if r.journal.f != nil {
		r.journal.f.Close()
	}
}
