package line

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// A test that needs another process runs this program again, with the name of
// what it is to be in this variable.
const role = "LINE_TEST_ROLE"

var roles = map[string]func() error{"racer": race}

func TestMain(m *testing.M) {
	if play := roles[os.Getenv(role)]; play != nil {
		if err := play(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
