import { X509Certificate } from 'node:crypto'
import { ReconcileLoop } from '@evenkeel/kernel'
import { FakeClock } from '@evenkeel/kernel/testing'
import { SimulatedSubstrate } from '@evenkeel/substrate-simulated'
import { describe, expect, it } from 'vitest'
import { serviceCertificateReconciler } from './index.ts'
import { planServiceCertificate } from './plan.ts'

const DAY_MS = 86_400_000
const KEY = 'service-certificate'

class World {
  readonly clock = new FakeClock(Date.parse('2026-11-24T12:00:00Z'))
  readonly substrate = new SimulatedSubstrate({ clock: this.clock })
  readonly files = new Map<string, string>()
  ends: object | undefined

  loop(hosts: readonly string[]) {
    const { clock } = this
    const { records } = this.substrate
    return new ReconcileLoop({
      clock,
      reconciler: serviceCertificateReconciler({
        records,
        clock,
        hosts,
        files: {
          read: async (file) => this.files.get(file),
          write: async (file, content) => void this.files.set(file, content),
        },
        seen: (ends) => {
          this.ends = ends
        },
      }),
    })
  }

  /** Turns until nothing is left to do; answers the steps. */
  async settle(hosts: readonly string[]): Promise<string[]> {
    const loop = this.loop(hosts)
    const steps: string[] = []
    for (;;) {
      const { plan } = await loop.turn(KEY)
      if (plan === undefined || plan.steps.length === 0) return steps
      steps.push(...plan.steps.map(({ kind }) => kind))
    }
  }

  certificate(): X509Certificate {
    return new X509Certificate(this.files.get('service.pem') ?? '')
  }
}

describe('the certificate of the EKS API', () => {
  it('when other machines are served, there is one for their address, signed by an authority of its own', async () => {
    const world = new World()
    expect(await world.settle(['192.0.2.7'])).toEqual([
      'RecordServiceAuthority',
      'RecordServiceCertificate',
      'WriteServiceFiles',
    ])
    const certificate = world.certificate()
    expect(certificate.checkIP('192.0.2.7')).toBe('192.0.2.7')
    expect(certificate.checkIssued(new X509Certificate(world.files.get('service-ca.crt') ?? ''))).toBe(true)
    expect(world.files.get('service.pem')).toContain('PRIVATE KEY')
    expect(world.ends).toEqual({
      nextExpiry: '2027-11-24T12:00:00.000Z',
      authorityExpiry: '2036-11-24T12:00:00.000Z',
    })
    expect(await world.settle(['192.0.2.7'])).toEqual([])
  })

  it('when it ends in some months or its names have changed, it is renewed, and clients trust the new one as well', async () => {
    const world = new World()
    await world.settle(['192.0.2.7'])
    const [before, authority] = [world.certificate(), world.files.get('service-ca.crt') ?? '']
    await world.clock.advance(300 * DAY_MS)
    expect(await world.settle(['192.0.2.7'])).toEqual(['RecordServiceCertificate', 'WriteServiceFiles'])
    expect(world.certificate().serialNumber).not.toBe(before.serialNumber)
    expect(await world.settle(['192.0.2.8'])).toEqual(['RecordServiceCertificate', 'WriteServiceFiles'])
    expect(world.certificate().checkIP('192.0.2.8')).toBe('192.0.2.8')
    expect(world.files.get('service-ca.crt')).toBe(authority)
  })

  it('when a file is gone, it is written again from the records', async () => {
    const world = new World()
    await world.settle(['192.0.2.7'])
    const before = world.files.get('service.pem')
    world.files.clear()
    expect(await world.settle(['192.0.2.7'])).toEqual(['WriteServiceFiles'])
    expect(world.files.get('service.pem')).toBe(before)
  })

  it('when loopback alone is served, there is none', async () => {
    const world = new World()
    expect(await world.settle([])).toEqual([])
    expect(world.files.size).toBe(0)
    expect(
      planServiceCertificate({ isWanted: false, hasAuthority: true, certificate: undefined, filesWritten: false }),
    ).toEqual({ steps: [], notes: [] })
  })
})
