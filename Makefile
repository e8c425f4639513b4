# make build   bin/ppp and its companions, static
# make test    every check there is, lab included: under 15 minutes on two cores
# make dist    dist/: static binaries and Debian packages for the machines of DIST, checked
# make demo    a call over simulated modems, end to end
# make readme  the demo, and what pppstat says of it into README.md
# make fuzz    every fuzz target for FUZZTIME (60s); FUZZ=regexp for some of them
# make bench   the table of README.md (README=README.md puts it there), and goodput beside pppd's (half an hour);
#              BENCH=regexp for some of it
# make gobench every benchmark beside the code; BENCH=regexp for some of them
# make kills   kill -9 at KILLS (200) random moments of calls: what is left, does the next succeed
# make soak    SOAK (168h) in virtual time of bundles on bad lines: a quarter of an hour
# make noise   NOISE (10m) in real time of the program on terminals with noise
# make many    MANY (1000) callers at once on one daemon: time, memory, load

FUZZTIME = 60s
FUZZ = .
BENCH = .
MANY = 1000
KILLS = 200
SOAK = 168h
NOISE = 10m

# What make test needs beside Go: a C compiler and library for the race
# detector, other machines' processors, the lab's guest and its programs, RADIUS and ssh servers, mgetty, and the linters.
PACKAGES = gcc libc6-dev \
	qemu-user-static user-mode-linux ppp iproute2 iperf3 kmod busybox-static iputils-ping perl-base mount \
	dbus-daemon mandoc shellcheck tshark whois freeradius freeradius-utils ser2net openssh-client dropbear-bin mgetty

# The machines that people run this on besides amd64: routers above all. s390x
# stands for the big-endian ones.
ARCHS = arm64 arm mipsle riscv64 386 s390x

# What is released, and for which machines; arm7 is Debian's armhf.
VERSION = 0.1.0
DIST = amd64 arm64 arm7 mipsle riscv64
DISTPACKAGES = lintian systemd binutils busybox-static qemu-user-static

.NOTPARALLEL:
.PHONY: build test packages format vet staticcheck man shellcheck cross codecs race dist demo readme fuzz bench gobench many kills soak noise clean

# Functions begin at multiples of 8 octets, as in what is released: bin/ppp is about 110 KB smaller than by the default of 32.
build:
	CGO_ENABLED=0 go build -trimpath -ldflags=-funcalign=8 -o bin/ ./cmd/...

test: packages format vet staticcheck man shellcheck cross codecs race

packages:
	@missing=; for p in $(PACKAGES); do \
		[ "$$(dpkg-query -W -f '$${db:Status-Status}' $$p 2>&1)" = installed ] || missing="$$missing $$p"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	install="apt-get install -y --no-install-recommends$$missing"; \
	if [ "$$(id -u)" = 0 ]; then apt-get update && DEBIAN_FRONTEND=noninteractive $$install; \
	else echo "Packages are missing; as root: $$install"; exit 1; fi

format:
	@bad=$$(gofmt -l .); [ -z "$$bad" ] || { echo "gofmt would change:"; echo "$$bad"; exit 1; }

vet:
	go vet ./...

staticcheck:
	go tool staticcheck ./...

man:
	mandoc -T lint -W warning man/*.[1-8]

shellcheck:
	grep -rlE '^#!/bin/(ba)?sh' --exclude-dir=.git --exclude-dir=dist . | xargs shellcheck
	shellcheck -s bash examples/completion/ppp.bash

# vet: the tests must compile there too
cross:
	@set -e; export CGO_ENABLED=0; for a in $(ARCHS); do \
		echo "GOARCH=$$a go build, go vet"; \
		GOARCH=$$a go build ./...; GOARCH=$$a go vet ./...; \
	done

# What measures, and calls in real time, has the machine to itself.
TIMED = ./cmd/internal/run ./cmd/ppp

# What reads and writes octets must not care for the machine's own order of them
# or the size of its words. (What simulates hours of traffic is left out.)
codecs:
	@set -e; export CGO_ENABLED=0; for q in s390x/qemu-s390x-static mipsle/qemu-mipsel-static; do \
		for p in mp/hdlc/fcs mp/hdlc mp/wire mp/comp mp/frag; do \
			GOARCH=$${q%/*} go test -count=1 -skip Goodput -exec $${q#*/} ./$$p; \
		done; \
	done

# Calls wait for lines and timers most of the time: four of them keep two cores
# less than busy.
race:
	CGO_ENABLED=1 go test -race -count=1 $$(go list ./... | grep -vxF "$$(go list $(TIMED))")
	CGO_ENABLED=1 go test -race -count=1 -p 1 -parallel 4 -timeout 20m $(TIMED)

dist:
	@$(MAKE) --no-print-directory packages PACKAGES="$(DISTPACKAGES)"
	@set -e; for a in $(DIST); do examples/package/build $(VERSION) $$a dist; done
	examples/package/machines dist $(DIST)
	examples/package/check dist/pppdial_$(VERSION)-1_amd64.deb

demo: build
	go run ./examples/demo -ppp bin/ppp -pppstat bin/pppstat

readme: build
	go run ./examples/demo -ppp bin/ppp -pppstat bin/pppstat -readme README.md

fuzz:
	@grep -rEo '^func Fuzz\w+' --include='*_test.go' . | grep -E '$(FUZZ)' | sort | \
	while IFS=': ' read -r file _ target; do \
		echo "$$file: $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$${file%/*}" || exit 1; \
	done

bench: build
	go build -o bin/ ./examples/bench
	bin/bench -ppp bin/ppp -run '$(BENCH)' -readme '$(README)'
	@if echo goodput | grep -Eq '$(BENCH)'; then \
		go test -run '^$$' -bench '^BenchmarkBundleGoodput$$' -timeout 2h ./cmd/internal/run; \
	fi

gobench:
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 2h ./...

many:
	PPPTEST_MANY=$(MANY) go test -count=1 -run '^TestMany$$' -v ./cmd/ppp

kills:
	PPPTEST_KILLS=$(KILLS) go test -count=1 -timeout 2h -run '^TestKills$$' -v ./cmd/ppp

soak:
	PPPTEST_SOAK=$(SOAK) go test -count=1 -timeout 5h -run '^TestSoak$$' -v ./mp

noise:
	PPPTEST_NOISE=$(NOISE) go test -count=1 -timeout 2h -run '^TestNoise$$' -v ./cmd/ppp

clean:
	rm -rf bin dist
