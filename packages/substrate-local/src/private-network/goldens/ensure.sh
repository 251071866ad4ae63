set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
quietly() { "$@" >/dev/null 2>&1; }
inside() { inner=$1; shift; nsenter --net=/run/netns/"$inner" "$@"; }
namespace() {
  quietly ip -n "$1" link show dev lo && return
  quietly ip netns del "$1" || :
  for environment in $(grep -lzxF "EVENKEEL_NETNS=$1" /proc/[0-9]*/environ 2>/dev/null); do
    process=${environment%/environ}
    [ "$(readlink "$process/ns/net")" != "$(readlink /proc/self/ns/net)" ] || continue
    quietly ip netns attach "$1" "${process#/proc/}" && return
  done
  ip netns add "$1"
}
setting() { inside "$1" sh -c '[ ! -e "$1" ] || echo "$2" >"$1"' setting "/proc/sys/net/$2" "$3"; }
without_ipv6() {
  setting "$1" ipv6/conf/all/disable_ipv6 1
  setting "$1" ipv6/conf/default/disable_ipv6 1
}
rules() {
  quietly inside "$1" nft list chain inet evenkeel "$2" || inside "$1" nft -f -
}
hardware() (IFS=.; printf '02:e4:%02x:%02x:%02x:%02x' $1)
port() {
  quietly ip -n "$1" link show dev "$2" && quietly ip -n "$3" link show dev eth0 || {
    quietly ip -n "$1" link del "$2" || :
    quietly ip -n "$3" link del eth0 || :
    ip -n "$1" link add "$2" type veth peer name eth0 address "$(hardware "$4")" netns "$3"
  }
  ip -n "$1" link set "$2" master br0 up
  ip -n "$3" link set lo up
  ip -n "$3" addr replace "$4/26" dev eth0
  ip -n "$3" link set eth0 up
}
router=ek-200-2-router
ways_out() {
  ip -n "$1" route replace 100.114.0.129/32 via 100.114.0.130 dev eth0
  ip -n "$1" route replace default via 100.114.0.130 dev eth0
}
node() {
  space=ek-200-2-n$1 address=100.114.0.$((128 + 10 + $1))
  namespace "$space"
  without_ipv6 "$space"
  setting "$space" ipv4/ip_forward 1
  port "$router" "n-$1" "$space" "$address"
  ip -n "$router" route replace "198.18.$1.0/24" via "$address" dev br0
  ways_out "$space"
}
namespace "$router"
without_ipv6 "$router"
setting "$router" ipv4/ip_forward 1
for which in all default; do setting "$router" ipv4/conf/$which/send_redirects 0; done
rules "$router" rules_6bd0fbca095f3660 <<'RULES'
table inet evenkeel
delete table inet evenkeel
table inet evenkeel {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
    iifname "host0" accept
    oifname "host0" ip daddr 100.114.0.129 tcp dport 6443 accept
    oifname "host0" ip saddr { 100.114.0.132, 100.114.0.133, 100.114.0.134 } ip daddr 100.114.0.129 tcp dport 9443 accept
    oifname "host0" reject with icmpx admin-prohibited
  }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "br0" icmp type echo-request accept
    iifname "br0" ct state new drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "host0" ip saddr != 100.114.0.128/26 snat ip to 100.114.0.130
  }
  chain rules_6bd0fbca095f3660 {
  }
}
RULES
quietly ip -n "$router" link show dev br0 || ip -n "$router" link add br0 address "$(hardware 100.114.0.130)" type bridge
setting "$router" ipv4/conf/br0/send_redirects 0
ip -n "$router" link set lo up
ip -n "$router" link set br0 up
ip -n "$router" addr replace 100.114.0.130/26 dev br0
quietly ip link show dev ek200-2 && quietly ip -n "$router" link show dev host0 || {
  quietly ip link del ek200-2 || :
  quietly ip -n "$router" link del host0 || :
  ip link add ek200-2 type veth peer name host0 netns "$router"
}
ip -n "$router" link set host0 up
ip -n "$router" route replace 100.114.0.129/32 dev host0
[ ! -e /proc/sys/net/ipv6/conf/ek200-2 ] || echo 1 >/proc/sys/net/ipv6/conf/ek200-2/disable_ipv6
ip addr replace 100.114.0.129/32 dev ek200-2
ip link set ek200-2 up
ip route replace 100.114.0.130/32 dev ek200-2 src 100.114.0.129
ip route replace 100.114.0.128/26 via 100.114.0.130 dev ek200-2 src 100.114.0.129
namespace ek-200-2-a
without_ipv6 ek-200-2-a
rules ek-200-2-a rules_0efe31bc7dbc2e58 <<'RULES'
table inet evenkeel
delete table inet evenkeel
table inet evenkeel {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    icmp type echo-request accept
    ip saddr { 100.114.0.129, 100.114.0.132, 100.114.0.133, 100.114.0.134 } accept
    tcp dport 6443 accept
  }
  chain rules_0efe31bc7dbc2e58 {
  }
}
RULES
port "$router" z-a ek-200-2-a 100.114.0.132
ways_out ek-200-2-a
namespace ek-200-2-b
without_ipv6 ek-200-2-b
rules ek-200-2-b rules_0efe31bc7dbc2e58 <<'RULES'
table inet evenkeel
delete table inet evenkeel
table inet evenkeel {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    icmp type echo-request accept
    ip saddr { 100.114.0.129, 100.114.0.132, 100.114.0.133, 100.114.0.134 } accept
    tcp dport 6443 accept
  }
  chain rules_0efe31bc7dbc2e58 {
  }
}
RULES
port "$router" z-b ek-200-2-b 100.114.0.133
ways_out ek-200-2-b
namespace ek-200-2-c
without_ipv6 ek-200-2-c
rules ek-200-2-c rules_0efe31bc7dbc2e58 <<'RULES'
table inet evenkeel
delete table inet evenkeel
table inet evenkeel {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    icmp type echo-request accept
    ip saddr { 100.114.0.129, 100.114.0.132, 100.114.0.133, 100.114.0.134 } accept
    tcp dport 6443 accept
  }
  chain rules_0efe31bc7dbc2e58 {
  }
}
RULES
port "$router" z-c ek-200-2-c 100.114.0.134
ways_out ek-200-2-c
for space in /run/netns/ek-200-2-n[0-9]*; do
  [ ! -e "$space" ] || node "${space##*-n}"
done
