package main

import (
	"context"
	"errors"
	"net"
	"strings"

	"pppdial/cmd/internal/status"
)

// Names are those of addresses, from /etc/hosts alone: a question to the name
// servers could be what makes the link that is looked at call.
type names struct {
	numeric  bool
	resolver net.Resolver
	known    map[string]string
}

func newNames(numeric bool) *names {
	offline := errors.New("name servers are not asked")
	return &names{
		numeric: numeric,
		resolver: net.Resolver{
			PreferGo: true,
			Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, offline },
		},
		known: map[string]string{},
	}
}

// of returns the names of the addresses of a bundle.
func (n *names) of(ctx context.Context, b *status.Bundle) map[string]string {
	if n.numeric {
		return nil
	}
	for _, a := range append([]string{b.Local, b.Remote, b.Local6, b.Remote6}, b.DNS...) {
		if _, ok := n.known[a]; ok || a == "" {
			continue
		}
		n.known[a] = ""
		if found, err := n.resolver.LookupAddr(ctx, a); err == nil && len(found) > 0 {
			n.known[a] = strings.TrimSuffix(found[0], ".")
		}
	}
	return n.known
}
