package capture

import "sync"

// Files are the capture files of a program: several Recorders may write one.
type Files struct {
	mu   sync.Mutex
	open map[string]*file
}

// take opens a file, unless it is open already.
func (s *Files) take(name string, limit int64, c Config) (*file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.open[name]
	if f == nil {
		var err error
		if f, err = openFile(name, limit, c); err != nil {
			return nil, err
		}
		if s.open == nil {
			s.open = map[string]*file{}
		}
		s.open[name] = f
	}
	f.users++
	return f, nil
}

// release closes a file that nobody writes any more.
func (s *Files) release(f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; f.users == 0 {
		delete(s.open, f.name)
		f.close()
	}
}
