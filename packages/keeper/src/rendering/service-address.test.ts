import { describe, expect, it } from 'vitest'
import { dnsServiceAddress, firstServiceAddress } from './service-address.ts'

describe('firstServiceAddress', () => {
  it.each([
    ['10.100.0.0/16', '10.100.0.1'],
    ['172.20.255.7/24', '172.20.255.1'],
    ['0.0.0.0/0', '0.0.0.1'],
    ['192.168.3.4/30', '192.168.3.5'],
    ['fd00:1::/108', 'fd00:1::1'],
    ['2001:db8:0:0:0:0:0:ff/120', '2001:db8::1'],
  ])('when the range is %s, it is %s', (cidr, address) => {
    expect(firstServiceAddress(cidr)).toBe(address)
  })

  it.each([
    '10.100.0.0',
    '10.100.0.0/31',
    '10.100.0.0/33',
    '10.100.0/16',
    '10.100.0.256/16',
    'fd00::1::/64',
    '/16',
    '',
  ])('when the range is "%s", it refuses and shows how to write one', (cidr) => {
    expect(() => firstServiceAddress(cidr)).toThrow(/10\.100\.0\.0\/16/)
  })
})

describe('dnsServiceAddress', () => {
  it('when a range is given, it is the tenth of it, as in EKS', () => {
    expect(dnsServiceAddress('10.100.0.0/16')).toBe('10.100.0.10')
    expect(dnsServiceAddress('fd00:10:96::/108')).toBe('fd00:10:96::a')
  })
})
