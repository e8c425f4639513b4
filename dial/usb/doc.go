// Package usb knows which tty belongs to which USB device, by sysfs, and hears
// from the kernel when devices come and go (netlink uevents). Names such as
// ttyUSB2 change whenever a modem is reset; vendor, product, interface and the
// port of the hub do not.
//
// The root of sysfs and the source of events are arguments: tests bring their
// own. The package stands on the lowest floor and is used by dial.
package usb
