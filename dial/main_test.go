package dial

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// What the program that is killed in a call is to do.
const (
	killedDevice = "DIAL_TEST_DEVICE"
	killedLocks  = "DIAL_TEST_LOCKS"
)

func TestMain(m *testing.M) {
	if device := os.Getenv(killedDevice); device != "" {
		callAndStay(device, os.Getenv(killedLocks))
	}
	flag.Parse()
	flag.Set("test.parallel", "16") // the tests wait for modems, not for the processor
	goleak.VerifyTestMain(m)
}

// callAndStay makes a call, says so, and stays in it.
func callAndStay(device, locks string) {
	d, err := New(Config{Devices: []string{device}, Phones: []string{farNumber}, LockDir: locks})
	if err == nil {
		_, err = d.Call(context.Background())
	}
	fmt.Println("call:", err)
	select {}
}
