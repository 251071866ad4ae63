set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
quietly() { "$@" >/dev/null 2>&1; }
inside() { inner=$1; shift; nsenter --net=/run/netns/"$inner" "$@"; }
for space in /run/netns/ek-200-2-*; do
  [ ! -e "$space" ] || ip netns del "${space##*/}"
done
quietly ip link del ek200-2 || :
left=50
until ! quietly ip link show dev ek200-2; do
  [ "$left" -gt 0 ] || { echo the link ek200-2 do not go; exit 1; }
  left=$((left - 1))
  sleep 0.1
done
