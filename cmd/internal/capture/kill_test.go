package capture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"pppdial/mp"
)

// writerEnv names the file that the test program writes, in place of testing.
const writerEnv = "CAPTURE_TEST_FILE"

func writeForever() {
	r := New(Config{Entry: "rmt", Application: "ppp"})
	if err := r.Capture(os.Getenv(writerEnv), leastLimit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	l := r.Line("ttyA")
	fmt.Println("ready")
	for i := 0; ; i++ {
		l.Frame(mp.Sent, append([]byte{0x21, 0x45}, make([]byte, i*31%1500)...))
		if i%64 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// TestKill: the file and the one before can be read after a kill -9, at any
// moment, and the next run goes on.
func TestKill(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pcapng")
	for range 25 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), writerEnv+"="+name)
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
		c.Process.Kill()
		c.Wait()
		for _, n := range []string{name, name + ".1"} {
			if _, err := os.Stat(n); err == nil {
				read(t, n)
			}
		}
	}
}
