package tun

// OpenAt is Open with another driver.
var OpenAt = open
