import { describe, expect, it } from 'vitest'
import { parseRoutes } from './routes.ts'

const TEXT = [
  'default via 192.0.2.1 dev eth0 ',
  '192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2 ',
  '100.64.3.7 dev tailscale0 table 52 ',
  '100.66.64.128/26 via 100.66.64.130 dev ek9-2 src 100.66.64.129 ',
  'local 100.66.64.129 dev ek9-2 table local proto kernel scope host src 100.66.64.129 ',
  'local 100.64.9.9 dev wg0 table local proto kernel scope host src 100.64.9.9 ',
].join('\n')

describe('parseRoutes', () => {
  it('when single addresses lead elsewhere, blocks with them are taken, and others are not', () => {
    const routes = parseRoutes(TEXT)
    const isTaken = (cidr: string) => routes.some(({ meets }) => meets(cidr))
    expect(['100.64.3.0/26', '100.64.9.0/26', '100.64.3.64/26', '100.66.64.128/26'].map(isTaken)).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(routes.some(({ covers }) => covers('100.64.0.0/10'))).toBe(false)
  })

  it('when the whole range leads elsewhere, that is known, with its words', () => {
    const [route] = parseRoutes('100.64.0.0/10 dev wg0 scope link \n')
    expect(route?.covers('100.64.0.0/10')).toBe(true)
    expect(route?.text).toBe('100.64.0.0/10 dev wg0 scope link')
  })

  it('when there is nothing but the default route, nothing is taken', () => {
    expect(parseRoutes('default via 192.0.2.1 dev eth0')).toEqual([])
  })
})
