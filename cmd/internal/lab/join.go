package lab

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
)

// Join carries bytes between a and b, a line and whatever it shall end at,
// until one of them ends or the context does; then it closes both. Only an end
// that comes as neither end of file nor Close is an error.
func Join(ctx context.Context, a, b io.ReadWriteCloser) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var errs [2]error
	for i, p := range [][2]io.ReadWriteCloser{{a, b}, {b, a}} {
		wg.Go(func() {
			defer cancel()
			if _, err := io.Copy(p[0], p[1]); err != nil && !errors.Is(err, os.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
				errs[i] = err
			}
		})
	}
	<-ctx.Done()
	err := errors.Join(a.Close(), b.Close())
	wg.Wait()
	return errors.Join(append(errs[:], err)...)
}
