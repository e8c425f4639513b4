package routetest

import (
	"fmt"
	"slices"
	"strings"

	"pppdial/route"
)

// Lines prints what a kernel, this one or the real one, knows of some
// interfaces, as sorted lines in the words of ip(8).
func Lines(k route.Kernel, devs ...string) (string, error) {
	var lines []string
	add := func(kind string, what fmt.Stringer) { lines = append(lines, kind+" "+what.String()+"\n") }
	for _, dev := range devs {
		l, err := k.Link(dev)
		if err != nil {
			return "", err
		}
		add("link", l)
		addrs, err := k.Addrs(dev)
		if err != nil {
			return "", err
		}
		for _, a := range addrs {
			add("address", a)
		}
		routes, err := k.Routes(dev)
		if err != nil {
			return "", err
		}
		for _, e := range routes {
			add("route", e)
		}
	}
	proxies, err := k.Proxies()
	if err != nil {
		return "", err
	}
	for _, p := range proxies {
		if slices.Contains(devs, p.Dev) {
			add("proxy", p)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, ""), nil
}

// String prints all that the namespace has.
func (k *Kernel) String() string {
	var devs []string
	for _, l := range k.links {
		devs = append(devs, l.Name)
	}
	s, err := Lines(k, devs...)
	if err != nil {
		return err.Error() + "\n"
	}
	return s
}
