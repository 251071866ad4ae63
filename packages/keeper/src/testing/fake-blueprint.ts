import type { InstanceSpec, Place } from '@evenkeel/substrate'
import type { Blueprint, BlueprintInput, RenderInput } from '../control-plane/index.ts'

/** A month before the end, as far as the fake is concerned. */
const RENEW_BEFORE_MS = 30 * 86_400_000
const LEAF_LIFE_MS = 365 * 86_400_000

/**
 * A small control plane: the members of the real one with hardly any files. `revision` stands for whatever makes a new
 * rendering, and the number in the leaves for certificates: API servers are restarted for new ones, the rest reloads.
 */
export class FakeBlueprint implements Blueprint {
  revision = 1
  #serial = 0

  async makeKeys() {
    return 'keys'
  }

  caCertificate() {
    return 'CA'
  }

  async issueLeaves(_input: BlueprintInput, _recorded: string | undefined, nowMs: number) {
    this.#serial += 1
    return JSON.stringify({ serial: this.#serial, expiresMs: nowMs + LEAF_LIFE_MS })
  }

  examineLeaves(_input: BlueprintInput, leaves: string, nowMs: number) {
    const { expiresMs } = JSON.parse(leaves) as { expiresMs: number }
    return {
      due: expiresMs - nowMs < RENEW_BEFORE_MS,
      nextExpiry: new Date(expiresMs).toISOString(),
      authoritiesEnd: '2036-11-24T00:00:00Z',
    }
  }

  render(input: RenderInput) {
    const { id, topology, network, leaves, release } = input
    const args = [`--revision=${this.revision}`]
    const spec = (component: string, place: Place, more: Partial<InstanceSpec> = {}): InstanceSpec => ({
      cluster: id,
      name: `${component}-${place}`,
      component,
      place,
      program: { name: component, version: component === 'etcd' ? release.etcd : release.kubernetes },
      args,
      env: {},
      files: [{ path: 'tls.crt', content: leaves, onChange: component === 'kube-apiserver' ? 'restart' : 'reload' }],
      volumes: component === 'etcd' ? [`${component}-${place}`] : [],
      stopGraceSeconds: 10,
      ...more,
    })
    const hosted = input.intent.kind === 'hosted'
    const beside = hosted ? ['kube-controller-manager', 'kube-scheduler'] : []
    const instances = [
      ...topology.etcdZones.map((zone) => spec('etcd', zone)),
      ...topology.apiServerZones.flatMap((zone) =>
        [...(hosted ? ['etcd-hop'] : []), 'kube-apiserver', ...beside].map((component) => spec(component, zone)),
      ),
    ]
    const { bind, port } = network.endpoint
    const backends = topology.apiServerZones.map((zone) => ({ zone, host: network.zones[zone]?.host ?? '', port }))
    const endpoint = { cluster: id, bind, port, backends, caCertificate: 'CA', serverName: 'kubernetes' }
    return { instances, endpoint: hosted ? endpoint : undefined, objects: [] }
  }

  probeTargets(input: RenderInput) {
    const asked = { host: '', port: 0, serverName: '', caCertificate: 'CA' }
    const members = this.render(input).instances.map(({ name, component }) => ({ ...asked, name, component }))
    return { members, endpoint: { ...asked, name: 'endpoint', component: 'endpoint' } }
  }

  homeAccessFiles(input: RenderInput) {
    return new Map([['service.kubeconfig', input.leaves]])
  }
}
