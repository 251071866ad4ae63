import { describe, expect, it } from 'vitest'
import { probeTargets } from './probe-targets.ts'
import { renderControlPlane } from './render.ts'
import { homeInput, hostedInput } from './testing/sample-input.ts'

describe('probeTargets', () => {
  it.each([
    ['hosted', hostedInput()],
    ['home', homeInput()],
  ])('when a control plane is %s, every one of its instances is asked', (_, input) => {
    const asked = probeTargets(input).members.map((member) => member.name)
    expect(asked.sort()).toEqual(
      renderControlPlane(input)
        .map((spec) => spec.name)
        .sort(),
    )
  })

  it('when a member is asked, its certificate carries the name that it is checked for', () => {
    const input = hostedInput()
    for (const { name, component, serverName } of probeTargets(input).members) {
      const answering = component === 'etcd-hop' ? 'etcd-a' : name
      expect(input.leaves.leaves[`${answering}/server`]?.request.hosts, name).toContain(serverName)
    }
  })

  it('when a client asks, a hosted cluster answers at its endpoint and the home at its API server', () => {
    expect(probeTargets(hostedInput()).endpoint).toMatchObject({ host: '127.9.0.2', port: 6443 })
    expect(probeTargets(homeInput()).endpoint).toMatchObject({ host: '127.9.1.2', port: 6443 })
  })
})
