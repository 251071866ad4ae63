import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterNetwork } from '@evenkeel/substrate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createClusterNetwork } from './cluster-network.ts'
import { claimantOf, heldClaims, type Installation, prepareInstallation, realPaths } from './installation/index.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-network-'))
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

/** `whyNot`: why the machine can have no private networks; null where it can. */
async function open(
  change: Partial<Installation> = {},
  whyNot: string | null = 'not in this test',
): Promise<ClusterNetwork> {
  const wishes = { home: join(root, 'home'), claimFolders: [join(root, 'claims')] }
  const { installation } = await prepareInstallation(wishes)
  const options = { whyNotPrivate: async () => whyNot ?? undefined }
  const changed = { ...installation, octet: 9, ...change }
  return createClusterNetwork(realPaths(wishes.home), changed, claimantOf(wishes), options)
}

describe('addresses of clusters', () => {
  it('when the first cluster claims, it gets slot 2', async () => {
    expect(await (await open()).claim('first')).toEqual({
      kind: 'loopback',
      endpoint: { host: '127.9.0.2', bind: '127.9.0.2', port: 6443 },
      zones: {
        a: { host: '127.9.1.2', advertise: '198.18.18.2' },
        b: { host: '127.9.2.2', advertise: '198.18.18.172' },
        c: { host: '127.9.3.2', advertise: '198.18.19.86' },
      },
    })
  })

  it('when the home claims, it has the addresses of the installation, and its API server is its endpoint', async () => {
    const network = await open()
    const plan = await network.claim('home')
    expect(plan.endpoint).toEqual({ host: '127.9.1.1', bind: '127.9.1.1', port: 6443 })
    expect(plan.zones['a']?.host).toBe('127.9.1.1')
    expect(await network.clusters()).toEqual([])
  })

  it('when a slot is released, the next cluster gets it', async () => {
    const network = await open()
    const first = await network.claim('first')
    await network.claim('second')
    await network.release('first')
    expect((await network.claim('third')).endpoint).toEqual(first.endpoint)
  })

  it('when all slots are taken, it says NoCapacity and what to do', async () => {
    const network = await open()
    const names = Array.from({ length: 253 }, (_, index) => `c${index}`)
    const plans = await Promise.all(names.map((name) => network.claim(name)))
    const hosts = plans.flatMap(({ zones }) => Object.values(zones).map(({ host }) => host))
    expect(new Set(hosts).size).toBe(hosts.length)
    const advertised = plans
      .slice(0, 169)
      .flatMap(({ zones }) => Object.values(zones).map(({ advertise }) => advertise))
    expect(new Set(advertised).size).toBe(advertised.length)
    await expect(network.claim('late')).rejects.toMatchObject({
      code: 'NoCapacity',
      message: expect.stringMatching(/delete a cluster/),
    })
  })

  it('when the last octet is used, advertised addresses stay in their range', async () => {
    const plan = await (await open({ octet: 254 })).claim('first')
    expect(plan.zones['c']?.advertise).toMatch(/^198\.19\.25[34]\.\d+$/)
  })

  it('when other machines are served, each endpoint has a port of its own there, also after release', async () => {
    // An address that this machine has, and that is not loopback to us.
    const network = await open({ address: '0.0.0.0' })
    const first = await network.claim('first')
    const second = await network.claim('second')
    expect(first.endpoint.host).toBe('0.0.0.0')
    expect(first.endpoint.port).not.toBe(second.endpoint.port)
    expect(await network.claim('first')).toEqual(first)
    const claimant = claimantOf({ home: join(root, 'home'), claimFolders: [join(root, 'claims')] })
    expect(await heldClaims(claimant)).toContain(`port-${first.endpoint.port}`)
    await network.release('first')
    expect(await heldClaims(claimant)).not.toContain(`port-${first.endpoint.port}`)
    expect(await network.clusters()).toEqual(['second'])
  })
})

describe('private networks of clusters', () => {
  it('when the machine lets it, a new cluster gets one, and its endpoint is where it was, and in the network', async () => {
    const plan = await (await open({}, null)).claim('first')
    expect(plan).toEqual({
      kind: 'private',
      endpoint: { host: '127.9.0.2', bind: '127.9.0.2', port: 6443 },
      zones: {
        a: { host: '100.66.64.132', advertise: '100.66.64.129' },
        b: { host: '100.66.64.133', advertise: '100.66.64.129' },
        c: { host: '100.66.64.134', advertise: '100.66.64.129' },
      },
      nodes: {
        endpoint: { host: '100.66.64.129', port: 6443 },
        relay: { host: '100.66.64.129', port: 9443 },
        cidr: '100.66.64.128/26',
        podCidr: '198.18.0.0/16',
      },
    })
  })

  it('when a cluster has claimed, its kind is for life, whatever the machine lets later', async () => {
    expect((await (await open()).claim('plain')).kind).toBe('loopback')
    const able = await open({}, null)
    expect((await able.claim('plain')).kind).toBe('loopback')
    expect((await able.claim('walled')).kind).toBe('private')
    const unable = await open()
    expect((await unable.claim('walled')).kind).toBe('private')
    await unable.release('walled')
    expect((await unable.claim('walled')).kind).toBe('loopback')
  })

  it('when the claim was cut short between kind and slot, the kind stays', async () => {
    await open()
    await symlink('cut', join(root, 'home/network/private-cut'))
    expect((await (await open()).claim('cut')).kind).toBe('private')
  })

  it('when the home claims, it has loopback', async () => {
    expect((await (await open({}, null)).claim('home')).kind).toBe('loopback')
  })

  it('when a cluster has loopback, it has no nodes and nothing to be made', async () => {
    const network = await open()
    await network.claim('plain')
    await network.ensure('plain')
    expect(await network.isPresent('plain')).toBe(true)
    await expect(network.claimNode('plain', 'n')).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('when all nodes that a network has room for have claimed, the next one is told so', async () => {
    const network = await open({}, null)
    await network.claim('full')
    const names = Array.from({ length: 52 }, (_, index) => `n${index}`)
    const claimed = await Promise.all(names.map((name) => network.claimNode('full', name)))
    expect(claimed[0]).toEqual({ host: '100.66.64.139', podCidr: '198.18.1.0/24' })
    expect(claimed[51]).toEqual({ host: '100.66.64.190', podCidr: '198.18.52.0/24' })
    await expect(network.claimNode('full', 'late')).rejects.toMatchObject({ code: 'NoCapacity' })
    expect(await network.clusters()).toEqual(['full'])
    await network.release('full')
    expect(await network.clusters()).toEqual([])
  })
})
