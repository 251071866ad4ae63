import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { requireOwnAddress } from './own-address.ts'

const info = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  netmask: '255.255.255.0',
  family: 'IPv4',
  mac: '02:00:00:00:00:01',
  internal,
  cidr: `${address}/24`,
})
const INTERFACES = { lo: [info('127.0.0.1', true)], eth0: [info('192.0.2.2'), info('198.51.100.2')] }

describe('requireOwnAddress', () => {
  it.each(['192.0.2.2', '198.51.100.2', '127.0.0.1', '127.0.0.5'])(
    'when it is %s, which is here, it agrees',
    (address) => {
      expect(() => requireOwnAddress({ address, isKept: false }, INTERFACES)).not.toThrow()
    },
  )

  it.each([
    ['a name', 'example.com', /give an IP address of this machine/],
    ['all addresses', '0.0.0.0', /certificates have to name one/],
    ['all IPv6 addresses', '::', /certificates have to name one/],
    ['elsewhere', '192.0.2.9', /is no address of this machine: it has 192\.0\.2\.2.* 198\.51\.100\.2/],
  ])('when it is %s, it refuses and says what to do', (_what, address, says) => {
    expect(() => requireOwnAddress({ address, isKept: false }, INTERFACES)).toThrow(says)
  })

  it('when the machine has lost the address of its installation, it says how to give it back', () => {
    const lost = () => requireOwnAddress({ address: '192.0.2.9', isKept: true }, INTERFACES)
    expect(lost).toThrow(/192\.0\.2\.9, which .* name, is no address of this machine any more: give it back/)
  })

  it('when it has loopback alone, it says so', () => {
    expect(() => requireOwnAddress({ address: '192.0.2.9', isKept: false }, {})).toThrow(/none but loopback/)
  })
})
