set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
quietly() { "$@" >/dev/null 2>&1; }
inside() { inner=$1; shift; nsenter --net=/run/netns/"$inner" "$@"; }
quietly ip -n ek-200-2-router route del 198.18.3.0/24 || :
quietly ip -n ek-200-2-router link del n-3 || :
[ ! -e /run/netns/ek-200-2-n3 ] || ip netns del ek-200-2-n3
