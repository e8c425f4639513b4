package mp

// An offloader is a Tun whose kernel can leave to it what is done for every
// packet: the cutting into segments, checksums. Packets are the same for us.
// Before a slow line the kernel shall do it, as its own queue then holds packets
// and not trains of them.
type offloader interface {
	SetOffload(on bool) error
}

// offload lets the kernel hand over trains of packets while a line is fast.
func (b *Bundle) offload() {
	on := b.fast()
	if b.offloader == nil || on == b.offloads {
		return
	}
	b.offloads = on
	if err := b.offloader.SetOffload(on); err != nil {
		b.log.Debug("no segmentation offload", "error", err)
		b.offloader = nil
	}
}
