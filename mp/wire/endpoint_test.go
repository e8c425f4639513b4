package wire

import "testing"

func TestEndpointOfHost(t *testing.T) {
	for _, tt := range []struct {
		e    Endpoint
		want string
	}{
		{MACEndpoint([6]byte{2, 0, 0, 0, 0, 1}), "MAC:02:00:00:00:00:01"},
		{LocalEndpoint("me"), "local:6d.65"},
		{LocalEndpoint("a-very-long-host-name.example.org"), "local:61.2d.76.65.72.79.2d.6c.6f.6e.67.2d.68.6f.73.74.2d.6e.61.6d"},
		{LocalEndpoint(""), "null"},
	} {
		if got := tt.e.String(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
		if got, err := ParseEndpoint(AppendEndpoint(nil, tt.e)[2:]); err != nil || got != tt.e {
			t.Errorf("%v comes back as %v, %v", tt.e, got, err)
		}
	}
}
