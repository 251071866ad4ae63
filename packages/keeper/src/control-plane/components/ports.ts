/** Ports of members at their zone's address. The endpoint's own is in the NetworkPlan. */
export const PORTS = {
  /** gRPC of etcd alone. */
  etcdClient: 2379,
  etcdPeer: 2380,
  /** HTTP of etcd: health, metrics, and its API as JSON. */
  etcdHealth: 2381,
  /** The same again, opened later than all others, when etcd serves its peers, and closed when its last client is gone. */
  etcdMetrics: 2382,
  /** What API servers of the zone take for etcd. */
  etcdHop: 2378,
  apiServer: 6443,
  controllerManager: 10257,
  scheduler: 10259,
} as const
