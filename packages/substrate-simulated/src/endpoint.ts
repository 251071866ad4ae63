import { createHash } from 'node:crypto'
import { type ClusterId, type Endpoint, type EndpointSpec, filesDigest, type InstanceSpec } from '@evenkeel/substrate'
import type { SimulatedInstanceHost } from './instance-host.ts'
import type { Refusals } from './refusals.ts'

const BALANCERS = ['endpoint-1', 'endpoint-2']
const COMPONENT = 'endpoint'

/** Two balancers of a cluster, programs like any other: a change of their spec is in force as soon as they run. */
export class SimulatedEndpoint implements Endpoint {
  readonly #instances: SimulatedInstanceHost
  readonly #refusals: Refusals
  readonly #specs = new Map<ClusterId, EndpointSpec>()

  constructor(instances: SimulatedInstanceHost, refusals: Refusals) {
    this.#instances = instances
    this.#refusals = refusals
  }

  async ensure(spec: EndpointSpec): Promise<void> {
    this.#refusals.check('endpoint.ensure')
    this.#specs.set(spec.cluster, spec)
    for (const balancer of balancersOf(spec)) await this.#instances.ensure(balancer)
  }

  async observe(cluster: ClusterId) {
    const balancers = (await this.#instances.observe(cluster)).filter(({ component }) => component === COMPONENT)
    const spec = this.#specs.get(cluster)
    const wanted = spec === undefined ? [] : balancersOf(spec).map(filesDigest)
    const isInForce =
      wanted.length === balancers.length &&
      balancers.every(({ pid, filesDigest: found }, at) => pid !== undefined && found === wanted[at])
    return {
      cluster,
      balancers: balancers.map(({ name, state }) => ({ name, state: state === 'stopped' ? 'starting' : state })),
      ...(spec !== undefined && isInForce ? { digest: this.digest(spec) } : {}),
    }
  }

  digest(spec: EndpointSpec): string {
    return createHash('sha256').update(textOf(spec)).digest('hex').slice(0, 16)
  }

  async remove(cluster: ClusterId): Promise<'stopping' | 'gone'> {
    const answers = await Promise.all(BALANCERS.map((name) => this.#instances.remove({ cluster, name })))
    if (answers.includes('stopping')) return 'stopping'
    this.#specs.delete(cluster)
    return 'gone'
  }

  /** Balancers that have run with this spec for long. */
  settle(spec: EndpointSpec): void {
    this.#specs.set(spec.cluster, spec)
    for (const balancer of balancersOf(spec)) this.#instances.settle(balancer)
  }
}

/** Which backend is named first makes no difference. */
function textOf(spec: EndpointSpec): string {
  const backends = spec.backends.toSorted((one, other) => (one.zone < other.zone ? -1 : 1))
  return JSON.stringify({ ...spec, backends })
}

function balancersOf(spec: EndpointSpec): InstanceSpec[] {
  return BALANCERS.map((name) => ({
    cluster: spec.cluster,
    name,
    component: COMPONENT,
    place: 'region',
    program: { name: 'haproxy', version: 'system' },
    args: [],
    env: {},
    files: [{ path: 'endpoint.json', content: textOf(spec), onChange: 'reload' }],
    volumes: [],
    stopGraceSeconds: 5,
  }))
}
