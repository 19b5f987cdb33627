#!/bin/sh
# Called by busybox udhcpc with what a DHCP server said: sets the address, keeps the rest for the agent.
case $1 in bound|renew) ;; *) exit 0 ;; esac
ip addr flush dev "$interface"
ip addr add "$ip/${mask:-24}" dev "$interface"
for gateway in $router; do ip route add default via "$gateway" dev "$interface"; break; done
: > /etc/resolv.conf
for server in $dns; do echo "nameserver $server" >> /etc/resolv.conf; done
{ echo "interface=$interface"; echo "server=$siaddr"; echo "file=$boot_file"; } > /run/stateless/dhcp
