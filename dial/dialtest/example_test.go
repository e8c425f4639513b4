package dialtest_test

import (
	"fmt"
	"log"
	"os"
	"strings"

	"pppdial/dial/dialtest"
)

// Two modems, and a login behind one of them; a program at the other dials and logs in.
func Example() {
	dir, err := os.MkdirTemp("", "modems")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	bank := dialtest.NewBank(dir)
	defer bank.Close()

	near, err := bank.Add(dialtest.ModemConfig{Name: "modem0", Number: "5550000", Rate: 33600})
	if err != nil {
		log.Fatal(err)
	}
	far, err := bank.Add(dialtest.ModemConfig{Name: "modem1", Number: "5551234", Rate: 33600})
	if err != nil {
		log.Fatal(err)
	}
	far.Serve(dialtest.Login{
		Banner: "Welcome\r\n", User: "mynam", Password: "xxx",
		Command: dialtest.Command{Command: []string{"/bin/echo", "logged in"}},
	})

	tty, err := os.OpenFile(near.Path(), os.O_RDWR, 0)
	if err != nil {
		log.Fatal(err)
	}
	defer tty.Close()
	for _, step := range [][2]string{
		{"ATE0DT5551234\r", "login: "}, {"mynam\r", "Password: "}, {"xxx\r", "NO CARRIER\r\n"},
	} {
		fmt.Fprint(tty, step[0])
		for got, buf := "", make([]byte, 100); !strings.HasSuffix(got, step[1]); {
			n, err := tty.Read(buf)
			if err != nil {
				log.Fatal(err)
			}
			got += string(buf[:n])
			if strings.HasSuffix(got, step[1]) {
				fmt.Printf("%q\n", got)
			}
		}
	}
	// Output:
	// "ATE0DT5551234\r\r\nCONNECT 33600\r\n\r\nWelcome\r\nlogin: "
	// "mynam\r\nPassword: "
	// "\r\nlogged in\r\n\r\nNO CARRIER\r\n"
}
