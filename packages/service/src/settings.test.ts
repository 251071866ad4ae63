import { describe, expect, it } from 'vitest'
import { readSettings } from './settings.ts'

const GIVEN = {
  EVENKEEL_HOME: '/var/lib/evenkeel',
  EVENKEEL_REGION: 'local-1',
  EVENKEEL_ACCOUNT_ID: '000000000001',
  EVENKEEL_PORT: '8080',
}

describe('settings of the service', () => {
  it('when the least is given, the rest follows from the state folder', () => {
    expect(readSettings(GIVEN)).toEqual({
      kubeconfig: '/var/lib/evenkeel/access/service.kubeconfig',
      homeFolders: ['/var/lib/evenkeel/volumes', '/var/lib/evenkeel'],
      mirrorFolder: '/var/lib/evenkeel/mirror/service',
      region: 'local-1',
      accountId: '000000000001',
      address: '127.0.0.1',
      port: 8080,
      clusterQuota: 100,
    })
  })

  it.each([
    [{ EVENKEEL_PORT: undefined }, /EVENKEEL_PORT must be a port, not ""/],
    [{ EVENKEEL_PORT: '65536' }, /at most 65535/],
    [{ EVENKEEL_HOME: 'state' }, /EVENKEEL_HOME must be the absolute path/],
    [{ EVENKEEL_ACCOUNT_ID: '1' }, /12 digits/],
    [{ EVENKEEL_ADDRESS: 'localhost' }, /must be an IP address/],
    [{ EVENKEEL_ADDRESS: '192.0.2.1' }, /plain http is for loopback alone/],
    [{ EVENKEEL_CLUSTER_QUOTA: 'many' }, /EVENKEEL_CLUSTER_QUOTA/],
  ])('when given %j, it names the variable', (change, message) => {
    expect(() => readSettings({ ...GIVEN, ...change })).toThrow(message)
  })

  it('when other machines are to reach it, it takes a certificate', () => {
    const tls = { EVENKEEL_ADDRESS: '192.0.2.1', EVENKEEL_TLS_FILE: '/c.pem' }
    expect(readSettings({ ...GIVEN, ...tls })).toMatchObject({ tlsFile: '/c.pem' })
  })
})
