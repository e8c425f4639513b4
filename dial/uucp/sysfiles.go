package uucp

import (
	"path/filepath"
	"slices"
	"strings"
)

// Files are the paths of one service's files, in the order in which they are
// searched.
type Files struct {
	Systems, Devices, Dialers []string
	Dialcodes                 string
}

// ParseSysfiles reads a Sysfiles file for one service, such as "ppp". Its lines
// say service=a:b systems=x:y devices=... dialers=..., and those for other
// services are only checked. Names are relative to dir; what no line says stays
// at Systems, Devices and Dialers there.
func ParseSysfiles(file string, src []byte, dir, service string) (Files, []Problem) {
	var r reader
	var files Files
	for _, l := range logicals(file, src) {
		var services []string
		lists := map[string][]string{}
		for _, f := range l.fields() {
			key, value, _ := strings.Cut(f.text, "=")
			names := strings.FieldsFunc(value, func(c rune) bool { return c == ':' })
			switch {
			case !slices.Contains([]string{"service", "systems", "devices", "dialers"}, key):
				r.errorf(f.pos(0), "write service=, systems=, devices= or dialers=", "%q is unknown here", key)
			case len(names) == 0:
				r.errorf(f.pos(0), "write names with colons between them, as in "+key+"=a:b", "%s= names nothing", key)
			case key == "service":
				services = append(services, names...)
			default:
				lists[key] = append(lists[key], names...)
			}
		}
		if services == nil {
			r.errorf(l.pos(0), "write service="+service, "this line says for no service what it says")
		}
		if slices.Contains(services, service) {
			files.Systems = append(files.Systems, within(dir, lists["systems"])...)
			files.Devices = append(files.Devices, within(dir, lists["devices"])...)
			files.Dialers = append(files.Dialers, within(dir, lists["dialers"])...)
		}
	}
	return files.completed(dir), r.problems
}

// completed fills what is not said with the usual files.
func (f Files) completed(dir string) Files {
	for _, l := range []struct {
		list *[]string
		name string
	}{{&f.Systems, "Systems"}, {&f.Devices, "Devices"}, {&f.Dialers, "Dialers"}} {
		if len(*l.list) == 0 {
			*l.list = []string{filepath.Join(dir, l.name)}
		}
	}
	f.Dialcodes = filepath.Join(dir, "Dialcodes")
	return f
}

// within gives the paths of files that are named in dir.
func within(dir string, names []string) []string {
	paths := make([]string, len(names))
	for i, n := range names {
		paths[i] = n
		if !filepath.IsAbs(n) {
			paths[i] = filepath.Join(dir, n)
		}
	}
	return paths
}
