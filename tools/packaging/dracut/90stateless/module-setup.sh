#!/bin/bash
# dracut module: carries the agent, all it needs, and its trust root (/etc/stateless/root.mp).
# Install as /usr/lib/dracut/modules.d/90stateless, then: dracut --no-hostonly --add stateless; needs busybox-static.

check() {
    # only when asked for
    return 255
}

depends() {
    echo base
}

installkernel() {
    instmods loop squashfs erofs overlay dm-verity ext4 af_packet virtio_pci virtio_net virtio_blk '=drivers/net/ethernet'
}

install() {
    local agent=${STATELESS_AGENT:-/usr/bin/stateless} config=${STATELESS_CONFIG:-/etc/stateless} file files
    [ -r "$config/root.mp" ] || { dfatal "stateless: $config/root.mp: no root metadata; this initramfs would trust nobody"; exit 1; }
    files=$("$agent" boot requirements --agent "$agent") || exit 1
    inst_simple "$agent" /usr/bin/stateless
    for file in $files; do [ "$file" = "$agent" ] || inst "$file"; done
    inst /bin/busybox
    inst_simple "$config/root.mp" /etc/stateless/root.mp
    # in closed swarms; the initramfs is then for root's eyes
    for secret in identity/authority.pem identity/identity.pem identity/identity.key enrol.token; do
        [ ! -r "$config/$secret" ] || inst_simple "$config/$secret" "/etc/stateless/$secret"
    done
    [ ! -r "$config/node.json" ] || inst_simple "$config/node.json" /etc/stateless/node.json
    inst_hook cmdline 90 "$moddir/parse-stateless.sh"
    inst_hook mount 90 "$moddir/mount-stateless.sh"
}
