package account

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mkpasswd makes a hash as Debian's passwd and chpasswd do, with libcrypt.
func mkpasswd(t testing.TB, method, password string, more ...string) string {
	t.Helper()
	c := exec.Command("mkpasswd", append([]string{"-s", "-m", method}, more...)...)
	c.Stdin = strings.NewReader(password + "\n")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	return strings.TrimSpace(string(out))
}

// TestVerify: what the system's libcrypt has made is understood.
func TestVerify(t *testing.T) {
	passwords := []string{"x", "guess@it", strings.Repeat("0123456789abcdef", 4), strings.Repeat("long-", 50), "blåbær $ : '"}
	for _, method := range [][]string{
		{"yescrypt", "-R", "1"}, {"yescrypt"},
		{"sha512crypt"}, {"sha512crypt", "-R", "1234"}, {"sha256crypt"}, {"sha256crypt", "-R", "12345"},
		{"bcrypt", "-R", "4"}, {"bcrypt-a", "-R", "4"},
	} {
		t.Run(strings.Join(method, " "), func(t *testing.T) {
			for _, p := range passwords {
				hash := mkpasswd(t, method[0], p, method[1:]...)
				if err := verify(hash, p); err != nil {
					t.Errorf("%q with %s: %v", p, hash, err)
				}
				// bcrypt looks at 72 octets, as its makers wanted.
				if err := verify(hash, "!"+p); !errors.Is(err, errWrong) {
					t.Errorf("%q with %s: %v", "!"+p, hash, err)
				}
			}
		})
	}
	for _, method := range []string{"md5crypt", "descrypt", "scrypt"} {
		if err := verify(mkpasswd(t, method, "x"), "x"); !errors.Is(err, errUnknown) {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// FuzzVerify: whatever stands in the file, nobody is let in who must not be, and
// nothing panics.
func FuzzVerify(f *testing.F) {
	for _, s := range []string{
		"$y$j9T$zh2fA64CUDNH8IclsUhAN/$Qd.w8ui", "$y$jD5.7$$", "$y$", "$5$rounds=1000$salt$x", "$6$$", "$6$rounds=$", "$5", "$2b$04$", "$2a$31$x", "",
	} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, hash, password string) {
		if costly(hash) {
			return
		}
		if verify(hash, password) == nil {
			t.Errorf("%q is the hash of %q", hash, password)
		}
	})
}

// costly tells hashes that take the test too long.
func costly(hash string) bool {
	switch {
	case strings.HasPrefix(hash, "$y$"):
		return len(hash) > 4 && hash[4] != '7' // log2 of the memory
	case strings.HasPrefix(hash, "$2"):
		return !strings.Contains(hash[:min(len(hash), 7)], "$04$")
	}
	return strings.Contains(hash, "rounds=") && !strings.Contains(hash, "rounds=1000$")
}

// A system is a shadow file and its checker.
type system struct {
	*Checker
	t    *testing.T
	name string
}

func newSystem(t *testing.T, lines ...string) *system {
	s := &system{t: t, name: filepath.Join(t.TempDir(), "shadow")}
	s.write(lines...)
	s.Checker = New(Config{Shadow: s.name, Workers: 1})
	return s
}

func (s *system) write(lines ...string) {
	s.t.Helper()
	tmp := s.name + "+" // as passwd(1) does
	if err := os.WriteFile(tmp, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(tmp, s.name); err != nil {
		s.t.Fatal(err)
	}
}

func (s *system) check(name, password string) error {
	answer := make(chan error, 1)
	s.Check(name, password, func(err error) { answer <- err })
	return <-answer
}

// quick is a cheap hash of password.
func quick(t testing.TB, password string) string {
	return mkpasswd(t, "sha256crypt", password, "-R", "1000")
}

// TestAccounts: who is let in, at once; and who is not, after the same time.
func TestAccounts(t *testing.T) {
	hash := quick(t, "secret")
	synctest.Test(t, func(t *testing.T) {
		day := today(time.Now())
		line := func(name, hash, rest string, days ...any) string {
			return name + ":" + hash + ":" + fmt.Sprintf(rest, days...)
		}
		s := newSystem(t,
			line("good", hash, "%d:0:99999:7:::", day-100),
			line("bare", hash, "::::::"),
			line("short", hash, ""),
			line("locked", "!"+hash, "%d:0:99999:7:::", day),
			line("never", "!", "%d:0:99999:7:::", day),
			line("system", "*", "%d:0:99999:7:::", day),
			line("empty", "", "%d:0:99999:7:::", day),
			line("expired", hash, "%d:0:99999:7::%d:", day, day),
			line("lastday", hash, "%d:0:99999:7::%d:", day, day+1),
			line("disabled", hash, "%d:0:99999:7::0:", day),
			line("change", hash, "0:0:99999:7:::"),
			line("old", hash, "%d:0:90:7:::", day-91),
			line("aging", hash, "%d:0:90:7:::", day-90),
			line("faulty", hash, "x:0:90:7:::"),
			line("des", "ab1hhqbKRE1Rk", "%d:0:99999:7:::", day),
			line("twice", hash, ""), line("twice", "", ""),
			"nonsense", ":"+hash+":::::::",
		)
		defer s.Close()
		for _, tc := range []struct{ name, password, want string }{
			{"good", "secret", ""},
			{"bare", "secret", ""},
			{"short", "secret", ""},
			{"good", "Secret", "account: good: wrong password"},
			{"good", "", "account: good: wrong password"},
			{"good", "secret\x00more", "account: good: wrong password"},
			{"locked", "secret", "account: locked: the account is locked"},
			{"never", "", "account: never: the account is locked"},
			{"system", "*", "account: system: the account is locked"},
			{"empty", "", "account: empty: the account has no password"},
			{"expired", "secret", "account: expired: the account has expired"},
			{"lastday", "secret", ""},
			{"disabled", "secret", "account: disabled: the account has expired"},
			{"change", "secret", "account: change: the password must be changed first: log in, or use passwd(1)"},
			{"old", "secret", "account: old: the password has expired: log in, or use passwd(1)"},
			{"aging", "secret", ""},
			{"faulty", "secret", "account: faulty: the line of the account in the shadow file is faulty"},
			{"des", "secret", "account: des: its password is kept in a form that is not known here: set it again with passwd(1)"},
			{"twice", "secret", ""},
			{"nobody", "secret", `account: there is no account "nobody"`},
			{"", "secret", `account: there is no account ""`},
			{"nonsense", "", `account: there is no account "nonsense"`},
		} {
			began := time.Now()
			err := s.check(tc.name, tc.password)
			if got := fmt.Sprint(err); got != tc.want && (err != nil || tc.want != "") {
				t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
			}
			took := time.Since(began)
			if err == nil && took != 0 || err != nil && took != RefusalTime {
				t.Errorf("%s: %v after %v", tc.name, err, took)
			}
			time.Sleep(time.Minute) // so that no limit is reached
		}
	})
}

// TestChanges: a changed file is read again, a missing one is told.
func TestChanges(t *testing.T) {
	hash, other := quick(t, "secret"), quick(t, "other")
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t, "joe:"+hash+":::::::")
		defer s.Close()
		if err := s.check("joe", "secret"); err != nil {
			t.Error(err)
		}
		s.write("joe:" + other + ":::::::")
		if err := s.check("joe", "secret"); !errors.Is(err, errWrong) {
			t.Errorf("the old password: %v", err)
		}
		if err := s.check("joe", "other"); err != nil {
			t.Error(err)
		}
		os.Remove(s.name)
		err := s.check("joe", "other")
		if want := "account: there is no " + s.name + ", and thus no account with a password on this system: set recv_passwd= in the entry"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	})
}

// TestGuessing: five wrong passwords, then one each 20 s; others are not
// concerned, a right password needs no allowance.
func TestGuessing(t *testing.T) {
	hash := quick(t, "secret")
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t, "joe:"+hash+":::::::", "ann:"+hash+":::::::")
		defer s.Close()
		for _, name := range []string{"joe", "nobody"} {
			for i := range nameBurst {
				if err := s.check(name, "x"); err == nil || errors.Is(err, ErrOften) {
					t.Fatalf("attempt %d on %s: %v", i, name, err)
				}
			}
			if err := s.check(name, "secret"); !errors.Is(err, ErrOften) {
				t.Errorf("%s after %d wrong ones: %v", name, nameBurst, err)
			}
		}
		for range 50 {
			if err := s.check("ann", "secret"); err != nil {
				t.Errorf("ann: %v", err)
			}
		}
		time.Sleep(namePause)
		if err := s.check("joe", "secret"); err != nil {
			t.Errorf("joe after a pause: %v", err)
		}
	})
}

// TestManyNames: who tries many names is stopped too, and those who were right
// before are let in all the same.
func TestManyNames(t *testing.T) {
	hash := quick(t, "secret")
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t, "joe:"+hash+":::::::", "ann:"+hash+":::::::")
		defer s.Close()
		if err := s.check("joe", "secret"); err != nil {
			t.Fatal(err)
		}
		looked, answers := 0, make(chan error, 3*allBurst)
		for i, asked := 0, 0; asked < 3*allBurst; i++ {
			name := fmt.Sprint("user", i)
			if s.limit.slot(name) == s.limit.slot("joe") {
				continue // it would be joe's allowance
			}
			s.Check(name, "x", func(err error) { answers <- err })
			asked++
		}
		for range 3 * allBurst {
			if err := <-answers; err == nil {
				t.Fatal("let in")
			} else if !errors.Is(err, ErrOften) {
				looked++
			}
		}
		if looked != allBurst {
			t.Errorf("%d passwords were looked at", looked)
		}
		for range 20 { // use up what the time has given back
			s.Check("other", "x", func(error) {})
		}
		if err := s.check("joe", "secret"); err != nil {
			t.Errorf("joe, who was right before: %v", err)
		}
		time.Sleep(allBurst * allPause)
		if err := s.check("ann", "secret"); err != nil {
			t.Errorf("ann when it is over: %v", err)
		}
	})
}

// TestCallerNeverWaits: thousands come at once; the hashes are computed by one
// goroutine, in order, those beyond the queue are refused, and Close ends it.
func TestCallerNeverWaits(t *testing.T) {
	hash := quick(t, "secret")
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t, "joe:"+hash+":::::::")
		good, busy, closed := 0, 0, 0
		answers := make(chan error)
		for range queueLimit + 500 {
			s.Check("joe", "secret", func(err error) { answers <- err })
		}
		s.mu.Lock()
		if s.working != 1 {
			t.Errorf("%d goroutines", s.working)
		}
		s.mu.Unlock()
		for i := range queueLimit + 500 {
			switch err := <-answers; {
			case err == nil:
				good++
			case errors.Is(err, ErrBusy):
				busy++
			case errors.Is(err, ErrClosed):
				closed++
			default:
				t.Fatal(err)
			}
			if i == 500 {
				go s.Close()
			}
		}
		if busy == 0 || busy > 500 || good < 500 || closed == 0 {
			t.Errorf("%d good, %d too many, %d at the end", good, busy, closed)
		}
		if err := s.check("joe", "secret"); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func BenchmarkYescrypt(b *testing.B) {
	hash := mkpasswd(b, "yescrypt", "secret")
	b.ReportAllocs()
	for b.Loop() {
		if err := verify(hash, "secret"); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzShadow: of each name the first line counts, whatever stands around it.
func FuzzShadow(f *testing.F) {
	f.Add("root:*:19000:0:99999:7:::\njoe:$6$salt$hash:19000::90:7:14:20000:\n", "joe")
	f.Add("a:b\r\n::\n:x\na", "a")
	f.Add("joe:$y$x:x:y:z:::z:", "joe")
	f.Fuzz(func(t *testing.T, text, name string) {
		before := parse([]byte(text))
		for _, h := range before.hashes {
			if !strings.HasPrefix(h, "$") {
				t.Errorf("%q is taken for a hash", h)
			}
		}
		if strings.ContainsAny(name, ":\r\n") || name == "" {
			return
		}
		after := parse([]byte(text + "\n" + name + ":$6$x$y:1::2:::3:\n"))
		r, was := after.byName[name], before.byName[name]
		switch {
		case r == nil:
			t.Errorf("%q is not found", name)
		case was != nil && *r != *was:
			t.Errorf("%+v became %+v", was, r)
		case was == nil && *r != record{hash: "$6$x$y", changed: 1, maxAge: 2, expires: 3}:
			t.Errorf("%+v", r)
		}
	})
}
