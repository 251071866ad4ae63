import {
  type ClusterId,
  type Endpoint,
  type EndpointSpec,
  type InstanceHost,
  type InstanceSpec,
  MARK_VARIABLE,
  type ObservedInstance,
  PROXY_NAME,
  SubstrateFault,
  UNCHECKED_SUFFIX,
} from '@evenkeel/substrate'
import { CA_FILE, CONFIG_FILE, endpointDigest, endpointMark, renderEndpoint, SOCKET_FILE } from './haproxy-config.ts'
import { askHaproxy } from './runtime-api.ts'

const BALANCERS = ['endpoint-1', 'endpoint-2']
const COMPONENT = 'endpoint'

/**
 * The address of a cluster: two HAProxy processes in no zone that listen on the same address and port (SO_REUSEPORT), so
 * that the kernel deals new connections out between them and one of them is enough.
 *
 * Room for later: an activator that answers for a hibernated cluster takes the address over in the same way. It listens
 * there first, then the balancers are removed; on the way back the balancers come first. For the keeper that is another
 * program of this cluster in `region`, behind this same port.
 */
export function createEndpoint(instances: InstanceHost): Endpoint {
  const folderOf = (cluster: ClusterId, name: string) => instances.layout({ cluster, name }).filesRoot

  async function observeBalancers(cluster: ClusterId): Promise<ObservedInstance[]> {
    return (await instances.observe(cluster)).filter(({ component }) => component === COMPONENT)
  }

  async function markOf(balancer: ObservedInstance): Promise<string | undefined> {
    if (balancer.pid === undefined) return undefined
    const answer = await askHaproxy(folderOf(balancer.cluster, balancer.name), SOCKET_FILE, `get var ${MARK_VARIABLE}`)
    return /value=<([^>]*)>/.exec(answer ?? '')?.[1]
  }

  /** Brings a running balancer to `spec`, by the runtime API where that can, else by telling it to finish. */
  async function change(spec: EndpointSpec, balancer: ObservedInstance, isOtherServing: boolean): Promise<boolean> {
    const mark = await markOf(balancer)
    const wanted = endpointMark(spec)
    if (mark === wanted) return true
    if (mark !== undefined && mark.split('-')[0] === wanted.split('-')[0]) {
      await steer(spec, folderOf(spec.cluster, balancer.name), wanted)
      return true
    }
    // SIGUSR1: it stops listening, serves its connections to their end (15 minutes at most), and is started anew.
    if (isOtherServing && balancer.pid !== undefined && mark !== undefined) process.kill(balancer.pid, 'SIGUSR1')
    return false
  }

  return {
    digest: endpointDigest,
    async ensure(spec) {
      await Promise.all(BALANCERS.map((name) => instances.ensure(balancerSpec(spec, name))))
      const balancers = await observeBalancers(spec.cluster)
      for (const [index, balancer] of balancers.entries()) {
        const other = balancers[1 - index]
        const isOtherServing = other !== undefined && (await markOf(other)) !== undefined
        // One at a time: the second only once the first runs with this spec.
        if (!(await change(spec, balancer, isOtherServing))) return
      }
    },
    async observe(cluster) {
      const balancers = await observeBalancers(cluster)
      const marks = await Promise.all(balancers.map(markOf))
      const digests = new Set(marks.map((mark) => mark?.split('-')[1]))
      const [digest] = digests
      return {
        cluster,
        balancers: balancers.map(({ name, state }) => ({ name, state: state === 'stopped' ? 'starting' : state })),
        ...(balancers.length === BALANCERS.length && digests.size === 1 && digest !== undefined ? { digest } : {}),
      }
    },
    async remove(cluster) {
      const answers = await Promise.all(BALANCERS.map((name) => instances.remove({ cluster, name })))
      return answers.every((answer) => answer === 'gone') ? 'gone' : 'stopping'
    },
  }
}

function balancerSpec(spec: EndpointSpec, name: string): InstanceSpec {
  return {
    cluster: spec.cluster,
    name,
    component: COMPONENT,
    place: 'region',
    program: { name: 'haproxy', version: 'system' },
    args: ['-db', '-f', CONFIG_FILE],
    env: {},
    // None restarts it: a change reaches the running process by the runtime API, or by a handover.
    files: [
      { path: CONFIG_FILE, content: renderEndpoint(spec), onChange: 'reload' },
      { path: CA_FILE, content: spec.caCertificate, onChange: 'reload' },
    ],
    volumes: [],
    stopGraceSeconds: 5,
  }
}

/** Tells a running balancer of new addresses and certificates, and last of the mark that goes with them. */
async function steer(spec: EndpointSpec, folder: string, mark: string): Promise<void> {
  const tell = async (command: string, isRight: (answer: string) => boolean) => {
    const answer = await askHaproxy(folder, SOCKET_FILE, command)
    if (answer !== undefined && isRight(answer)) return
    throw new SubstrateFault(
      'NotReady',
      `a balancer of ${spec.cluster} did not take ${JSON.stringify(command.split('\n')[0])}: ${answer ?? 'it does not listen'}; it is asked again`,
    )
  }
  for (const { zone, host, port } of spec.backends) {
    for (const server of [zone, `${zone}${UNCHECKED_SUFFIX}`]) {
      const command = `set server ${PROXY_NAME}/${server} addr ${host} port ${port}`
      await tell(command, (answer) => /changed from|no need to change|nothing changed/i.test(answer))
    }
  }
  const pem = spec.caCertificate.trim().replaceAll(/\n\s*\n/g, '\n')
  await tell(`set ssl ca-file ${CA_FILE} <<\n${pem}\n`, (answer) => /transaction (created|updated)/i.test(answer))
  await tell(`commit ssl ca-file ${CA_FILE}`, (answer) => /success/i.test(answer))
  // HAProxy 2.6 has `set var` behind this switch.
  await tell(`experimental-mode on; set var ${MARK_VARIABLE} str(${mark})`, (answer) => answer === '')
}
