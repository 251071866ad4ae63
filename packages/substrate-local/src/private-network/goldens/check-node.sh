set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C
quietly() { "$@" >/dev/null 2>&1; }
inside() { inner=$1; shift; nsenter --net=/run/netns/"$inner" "$@"; }
missing() { echo "$1"; exit 1; }
has() { case "$1" in *"$2"*) ;; *) missing "$3" ;; esac; }
has "$(ip -n ek-200-2-router -o link show up 2>&1)" ' n-3@' 'the link to node 3'
has "$(ip -n ek-200-2-router -4 route show 198.18.3.0/24)" 'via 100.114.0.141 ' 'the route to the pods of node 3'
has "$(ip -n ek-200-2-n3 -o -4 addr show dev eth0 up 2>&1)" ' inet 100.114.0.141/26 ' 'the address of node 3'
has "$(ip -n ek-200-2-n3 -4 route show)" 'default via 100.114.0.130 dev eth0' 'the way out of node 3'
