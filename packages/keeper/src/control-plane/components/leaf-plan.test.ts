import { describe, expect, it } from 'vitest'
import { leafPlan } from './leaf-plan.ts'
import { homeInput, hostedInput, privateInput } from './testing/sample-input.ts'
import { leafPlanText } from './testing/spec-text.ts'

describe('leafPlan', () => {
  it.each([
    ['hosted', hostedInput()],
    ['private', privateInput()],
    ['home', homeInput()],
  ])('when a control plane is %s, it plans the same certificates as ever', async (name, input) => {
    await expect(leafPlanText(leafPlan(input))).toMatchFileSnapshot(`goldens/leaves-${name}.txt`)
  })

  it('when a certificate may sign in to etcd, only those of members carry the name of members', () => {
    const peers = Object.entries(leafPlan(hostedInput())).filter(([, request]) => request.commonName === 'etcd-peer')
    expect(peers.map(([name]) => name)).toEqual(['etcd-a/peer', 'etcd-b/peer', 'etcd-c/peer'])
  })

  it('when API servers serve, their names include no name of this machine alone', () => {
    const { hosts } = leafPlan(hostedInput())['kube-apiserver-a/server'] ?? { hosts: [] }
    expect(hosts).toContain('kubernetes.default.svc')
    expect(hosts).toContain('10.100.0.1')
    expect(hosts).not.toContain('localhost')
    expect(hosts).not.toContain('127.0.0.1')
  })

  it('when the endpoint is bound to every address, that is not a name', () => {
    const { network } = hostedInput()
    const open = { ...network, endpoint: { host: '192.0.2.7', bind: '0.0.0.0', port: 6443 } }
    const { hosts } = leafPlan(hostedInput({ network: open }))['kube-apiserver-a/server'] ?? { hosts: [] }
    expect(hosts).toContain('192.0.2.7')
    expect(hosts).not.toContain('0.0.0.0')
  })
})
