package status

import (
	"cmp"
	"sort"
)

// Complete gives a document its final form: bundles in the order of their
// units, and no list that is null.
func (d *Document) Complete() {
	list(&d.Bundles)
	sort.Slice(d.Bundles, func(i, j int) bool {
		a, b := &d.Bundles[i], &d.Bundles[j]
		return cmp.Or(cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.PID, b.PID)) < 0
	})
	for i := range d.Bundles {
		b := &d.Bundles[i]
		list(&b.DNS)
		list(&b.Links)
		list(&b.Verdicts)
		if b.Drops == nil {
			b.Drops = map[string]uint64{}
		}
		for j := range b.Links {
			list(&b.Links[j].LCPLocal)
			list(&b.Links[j].LCPRemote)
		}
	}
}

func list[T any](l *[]T) {
	if *l == nil {
		*l = []T{}
	}
}

// Brief returns only what tells a bundle from others.
func (b *Bundle) Brief() Bundle {
	return Bundle{Entry: b.Entry, Interface: b.Interface, Unit: b.Unit, PID: b.PID, Mode: b.Mode, Phase: b.Phase, Since: b.Since}
}
