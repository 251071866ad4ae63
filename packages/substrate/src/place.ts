/** Short id of a cluster (`clusterId(uid)` of contract), or `home`, or `evenkeel` for the installation's own programs. */
export type ClusterId = string

/** A failure domain, such as `a`. */
export type Zone = string

/** Where something stands: a zone, or `region` for what is in no zone (the endpoint, the service). */
export type Place = Zone | 'region'
