set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
quietly() { "$@" >/dev/null 2>&1; }
inside() { inner=$1; shift; nsenter --net=/run/netns/"$inner" "$@"; }
missing() { echo "$1"; exit 1; }
has() { case "$1" in *"$2"*) ;; *) missing "$3" ;; esac; }
router=ek-200-2-router
addresses=$(ip -n "$router" -o -4 addr show up 2>&1) || missing "the namespace $router"
has "$addresses" 'br0    inet 100.114.0.130/26 ' 'the address of the router'
links=$(ip -n "$router" -o link show up)
has "$links" ' host0@' 'the link between router and host'
has "$(ip -o -4 addr show dev ek200-2 up 2>&1)" ' inet 100.114.0.129/32 ' 'the link ek200-2'
has "$(ip -4 route show 100.114.0.128/26)" 'via 100.114.0.130 dev ek200-2 ' 'the route of the host to 100.114.0.128/26'
has "$(ip -n "$router" -4 route show 100.114.0.129)" 'dev host0' 'the route of the router to the host'
quietly inside "$router" nft list chain inet evenkeel rules_6bd0fbca095f3660 || missing "the rules of ""$router"
has "$links" ' z-a@' 'the link to zone a'
has "$(ip -n ek-200-2-a -o -4 addr show dev eth0 up 2>&1)" ' inet 100.114.0.132/26 ' 'the address of zone a'
has "$(ip -n ek-200-2-a -4 route show)" 'default via 100.114.0.130 dev eth0' 'the way out of zone a'
quietly inside ek-200-2-a nft list chain inet evenkeel rules_0efe31bc7dbc2e58 || missing "the rules of "ek-200-2-a
has "$links" ' z-b@' 'the link to zone b'
has "$(ip -n ek-200-2-b -o -4 addr show dev eth0 up 2>&1)" ' inet 100.114.0.133/26 ' 'the address of zone b'
has "$(ip -n ek-200-2-b -4 route show)" 'default via 100.114.0.130 dev eth0' 'the way out of zone b'
quietly inside ek-200-2-b nft list chain inet evenkeel rules_0efe31bc7dbc2e58 || missing "the rules of "ek-200-2-b
has "$links" ' z-c@' 'the link to zone c'
has "$(ip -n ek-200-2-c -o -4 addr show dev eth0 up 2>&1)" ' inet 100.114.0.134/26 ' 'the address of zone c'
has "$(ip -n ek-200-2-c -4 route show)" 'default via 100.114.0.130 dev eth0' 'the way out of zone c'
quietly inside ek-200-2-c nft list chain inet evenkeel rules_0efe31bc7dbc2e58 || missing "the rules of "ek-200-2-c
