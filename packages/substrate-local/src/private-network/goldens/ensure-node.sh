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
quietly ip -n "$router" link show dev br0 || { echo "the network of the cluster is not there ($router)"; exit 1; }
node 3
