mount -t tmpfs none /run
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
router=try-router
ways_out() {
  ip -n "$1" route replace 100.64.0.1/32 via 100.64.0.2 dev eth0
  ip -n "$1" route replace default via 100.64.0.2 dev eth0
}
node() {
  space=try-n$1 address=100.64.0.$((0 + 10 + $1))
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
rules "$router" rules_fdb446820a53954c <<'RULES'
table inet evenkeel
delete table inet evenkeel
table inet evenkeel {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
    iifname "host0" accept
    oifname "host0" ip daddr 100.64.0.1 tcp dport 6443 accept
    oifname "host0" ip saddr { 100.64.0.4, 100.64.0.5 } ip daddr 100.64.0.1 tcp dport 9443 accept
    oifname "host0" reject with icmpx admin-prohibited
  }
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "br0" icmp type echo-request accept
    iifname "br0" ct state new drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "host0" ip saddr != 100.64.0.0/26 snat ip to 100.64.0.2
  }
  chain rules_fdb446820a53954c {
  }
}
RULES
quietly ip -n "$router" link show dev br0 || ip -n "$router" link add br0 address "$(hardware 100.64.0.2)" type bridge
setting "$router" ipv4/conf/br0/send_redirects 0
ip -n "$router" link set lo up
ip -n "$router" link set br0 up
ip -n "$router" addr replace 100.64.0.2/26 dev br0
quietly ip link show dev ek-try && quietly ip -n "$router" link show dev host0 || {
  quietly ip link del ek-try || :
  quietly ip -n "$router" link del host0 || :
  ip link add ek-try type veth peer name host0 netns "$router"
}
ip -n "$router" link set host0 up
ip -n "$router" route replace 100.64.0.1/32 dev host0
[ ! -e /proc/sys/net/ipv6/conf/ek-try ] || echo 1 >/proc/sys/net/ipv6/conf/ek-try/disable_ipv6
ip addr replace 100.64.0.1/32 dev ek-try
ip link set ek-try up
ip route replace 100.64.0.2/32 dev ek-try src 100.64.0.1
ip route replace 100.64.0.0/26 via 100.64.0.2 dev ek-try src 100.64.0.1
namespace try-a
without_ipv6 try-a
rules try-a rules_4028495d2c31e352 <<'RULES'
table inet evenkeel
delete table inet evenkeel
table inet evenkeel {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    icmp type echo-request accept
    ip saddr { 100.64.0.1, 100.64.0.4, 100.64.0.5 } accept
    tcp dport 6443 accept
  }
  chain rules_4028495d2c31e352 {
  }
}
RULES
port "$router" z-a try-a 100.64.0.4
ways_out try-a
namespace try-b
without_ipv6 try-b
rules try-b rules_4028495d2c31e352 <<'RULES'
table inet evenkeel
delete table inet evenkeel
table inet evenkeel {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname "lo" accept
    ct state established,related accept
    icmp type echo-request accept
    ip saddr { 100.64.0.1, 100.64.0.4, 100.64.0.5 } accept
    tcp dport 6443 accept
  }
  chain rules_4028495d2c31e352 {
  }
}
RULES
port "$router" z-b try-b 100.64.0.5
ways_out try-b
for space in /run/netns/try-n[0-9]*; do
  [ ! -e "$space" ] || node "${space##*-n}"
done
missing() { echo "$1"; exit 1; }
has() { case "$1" in *"$2"*) ;; *) missing "$3" ;; esac; }
router=try-router
addresses=$(ip -n "$router" -o -4 addr show up 2>&1) || missing "the namespace $router"
has "$addresses" 'br0    inet 100.64.0.2/26 ' 'the address of the router'
links=$(ip -n "$router" -o link show up)
has "$links" ' host0@' 'the link between router and host'
has "$(ip -o -4 addr show dev ek-try up 2>&1)" ' inet 100.64.0.1/32 ' 'the link ek-try'
has "$(ip -4 route show 100.64.0.0/26)" 'via 100.64.0.2 dev ek-try ' 'the route of the host to 100.64.0.0/26'
has "$(ip -n "$router" -4 route show 100.64.0.1)" 'dev host0' 'the route of the router to the host'
quietly inside "$router" nft list chain inet evenkeel rules_fdb446820a53954c || missing "the rules of ""$router"
has "$links" ' z-a@' 'the link to zone a'
has "$(ip -n try-a -o -4 addr show dev eth0 up 2>&1)" ' inet 100.64.0.4/26 ' 'the address of zone a'
has "$(ip -n try-a -4 route show)" 'default via 100.64.0.2 dev eth0' 'the way out of zone a'
quietly inside try-a nft list chain inet evenkeel rules_4028495d2c31e352 || missing "the rules of "try-a
has "$links" ' z-b@' 'the link to zone b'
has "$(ip -n try-b -o -4 addr show dev eth0 up 2>&1)" ' inet 100.64.0.5/26 ' 'the address of zone b'
has "$(ip -n try-b -4 route show)" 'default via 100.64.0.2 dev eth0' 'the way out of zone b'
quietly inside try-b nft list chain inet evenkeel rules_4028495d2c31e352 || missing "the rules of "try-b
