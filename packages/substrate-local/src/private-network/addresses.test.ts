import { describe, expect, it } from 'vitest'
import { privateNetwork, privateNode, privateNodeOf } from './addresses.ts'

const ZONES = ['a', 'b', 'c']

describe('privateNetwork', () => {
  it('when an octet and a slot are given, names and addresses follow', () => {
    expect(privateNetwork(200, 2, ZONES)).toEqual({
      octet: 200,
      slot: 2,
      cidr: '100.114.0.128/26',
      stem: '100.114.0.',
      first: 128,
      host: '100.114.0.129',
      router: '100.114.0.130',
      zones: [
        { zone: 'a', address: '100.114.0.132', namespace: 'ek-200-2-a' },
        { zone: 'b', address: '100.114.0.133', namespace: 'ek-200-2-b' },
        { zone: 'c', address: '100.114.0.134', namespace: 'ek-200-2-c' },
      ],
      routerNamespace: 'ek-200-2-router',
      namespacePrefix: 'ek-200-2-',
      hostLink: 'ek200-2',
    })
  })

  it('when octet and slot are the last ones, addresses stay in 100.64.0.0/10, and names short enough for the kernel', () => {
    const last = privateNetwork(254, 254, ZONES)
    expect(last.cidr).toBe('100.127.191.128/26')
    expect(last.hostLink.length).toBeLessThanOrEqual(15)
  })

  it('when two clusters of any installations differ, so do their blocks', () => {
    const blocks = [1, 2, 254].flatMap((octet) => [2, 3, 254].map((slot) => privateNetwork(octet, slot, ZONES).cidr))
    expect(new Set(blocks).size).toBe(blocks.length)
  })
})

describe('privateNodeOf', () => {
  it.each([
    [1, 2, 1],
    [200, 2, 52],
    [254, 254, 7],
  ])('when the address of a node is given (octet %i, slot %i, node %i), it is known again', (octet, slot, number) => {
    const node = privateNode(privateNetwork(octet, slot, []), number)
    expect(privateNodeOf(node.host)).toEqual(node)
    expect(node).toMatchObject({ namespace: `ek-${octet}-${slot}-n${number}`, podCidr: `198.18.${number}.0/24` })
  })

  it.each(['100.114.0.129', '100.114.0.134', '100.114.0.191', '127.0.0.1', '10.0.0.1', 'n1', '100.128.0.11'])(
    'when %s is given, which is no node, it is refused',
    (host) => {
      expect(() => privateNodeOf(host)).toThrow(/is no address of a node/)
    },
  )
})
