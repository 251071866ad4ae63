set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
quietly() { "$@" >/dev/null 2>&1; }
inside() { inner=$1; shift; nsenter --net=/run/netns/"$inner" "$@"; }
for space in /run/netns/ek-200-*; do
  [ ! -e "$space" ] || ip netns del "${space##*/}"
done
links() { ip -o link show type veth | sed -n 's/^[0-9]*: \(ek200-[0-9]*\)@.*/\1/p'; }
for link in $(links); do quietly ip link del "$link" || :; done
left=50
until [ -z "$(links)" ]; do
  [ "$left" -gt 0 ] || { echo links named ek200- do not go; exit 1; }
  left=$((left - 1))
  sleep 0.1
done
