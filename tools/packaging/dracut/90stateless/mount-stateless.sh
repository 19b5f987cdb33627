#!/bin/sh
case "$root" in
    stateless*)
        for module in loop squashfs erofs overlay dm-verity ext4 af_packet virtio_net virtio_blk; do modprobe -q "$module"; done
        udevadm settle --timeout=10
        /usr/bin/stateless boot root --target "$NEWROOT" || die "stateless: no root"
        ;;
esac
