import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomic } from '@evenkeel/kernel'
import { waitFor } from '@evenkeel/kernel/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memberAddress } from './from-below.ts'
import { Installation } from './installation.ts'
import { OtherMachine } from './other-machine.ts'
import { addressed, Prober } from './prober.ts'
import { ProcessTable, ProcessWatch } from './processes.ts'
import { shownFingerprint, type TlsServer } from './served-certificates.ts'
import { unexcused } from './watched-cluster.ts'

interface Described {
  readonly status: string
  readonly endpoint: string
  readonly identity: { readonly oidc: { readonly issuer: string } }
  readonly certificateAuthority: { readonly data: string }
}

interface Status {
  readonly service: { readonly ready: boolean }
  readonly certificates: readonly { readonly of: string; readonly nextExpiry: string }[]
}

/** `up --address`: everything that a user on another machine does, from a network namespace of its own. */
describe('when other machines are served', () => {
  const evenkeel = new Installation()
  let other: OtherMachine
  let address = ''
  let upOutput = ''
  let serviceUrl = ''
  let cluster: Described

  beforeAll(async () => {
    other = await OtherMachine.make()
    address = other.hostAddress
    upOutput = await evenkeel.evenkeel(['up', '--no-demo', '--address', address], { deadlineMs: 600_000 })
    serviceUrl = /at (https:\S+)/.exec(upOutput)?.[1] ?? ''
    other.copyClientFiles(evenkeel.home)
  })
  afterAll(async () => {
    await evenkeel.destroy()
    await other?.remove()
  }, 180_000)

  const described = async () => {
    const answer = JSON.parse(await other.shell('aws eks describe-cluster --name far --output json'))
    return (answer as { cluster: Described }).cluster
  }
  const status = async () => JSON.parse((await evenkeel.tryEvenkeel(['status', '-o', 'json'])).stdout) as Status

  test('when up has ended, it has said the address, the ports to let through and whom to trust', async () => {
    expect(upOutput).toContain(`at https://${address}:`)
    expect(upOutput).toMatch(
      /Other machines: let them reach .* \(EKS API\) and 16443 to .*have them trust .*service-ca.crt/,
    )
    expect((await evenkeel.tryEvenkeel(['status'])).stdout).toContain(`EKS API https://${address}:`)
  })

  test('when the AWS CLI there makes a cluster, kubectl there reaches it at the same address with a token', async () => {
    const role = 'arn:aws:iam::000000000000:role/any'
    await other.shell(`aws eks create-cluster --name far --role-arn ${role} --resources-vpc-config subnetIds=subnet-1`)
    await waitFor(async () => (await described()).status === 'ACTIVE', {
      what: 'far to be ACTIVE',
      deadlineMs: 240_000,
      intervalMs: 1000,
    })
    cluster = await described()
    expect(cluster.endpoint).toMatch(new RegExp(`^https://${address.replaceAll('.', '\\.')}:\\d+$`))
    expect(cluster.identity.oidc.issuer).toContain(cluster.endpoint)
    await other.shell('aws eks update-kubeconfig --name far')
    await other.shell('kubectl create namespace there')
    expect(await evenkeel.evenkeel(['kubectl', 'far', 'get', 'namespace', 'there', '-o', 'name'])).toBe(
      'namespace/there\n',
    )
  })

  test('when a client there does not know the authority, it refuses; by plain http nobody is answered', async () => {
    const untrusted = await other.tryShell('AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt aws eks list-clusters')
    expect(untrusted.code).not.toBe(0)
    expect(untrusted.stderr).toContain('SSL validation failed')
    for (const url of [serviceUrl, cluster.endpoint]) {
      // 60: the peer's certificate cannot be verified.
      expect((await other.tryShell(`curl -sS ${url}/healthz`)).code).toBe(60)
      const plain = await other.tryShell(
        `curl -sS -o /dev/null -w '%{http_code}' ${url.replace('https:', 'http:')}/healthz`,
      )
      expect(plain.stdout, url).toMatch(/^(000|400)$/)
    }
    expect(
      await other.shell(`curl -sS --cacert ca.crt ${serviceUrl}/healthz`.replace('ca.crt', '$HOME/ca.crt')),
    ).not.toBe('')
  })

  test('when up names another address, it refuses and the cluster serves on where it was', async () => {
    for (const wanted of ['127.0.0.1', '198.51.100.254']) {
      const refused = await evenkeel.tryEvenkeel(['up', '--address', wanted])
      expect(refused.code).toBe(1)
      expect(refused.stderr).toMatch(
        new RegExp(`^evenkeel: address ${wanted} cannot be had: .* was made with ${address}`),
      )
    }
    expect(await described()).toEqual(cluster)
    expect(await other.shell('kubectl get namespace there -o name')).toBe('namespace/there\n')
  })

  test('when all certificates have grown old, they are renewed one zone at a time, and only what was in flight is lost', async () => {
    const id = cluster.identity.oidc.issuer.split('/').at(-1) ?? ''
    const servers = serversOf(evenkeel.home, { id, serviceUrl })
    const shown = () => Promise.all(servers.map(shownFingerprint))
    const before = await shown()
    const hopsBefore = hopsOf(evenkeel, id)
    const { endpoint, certificateAuthority } = cluster
    const prober = new Prober(
      addressed(evenkeel, { eksName: 'far', endpoint, certificateAuthority: certificateAuthority.data }),
    )
    await prober.start()
    const processes = new ProcessWatch(new ProcessTable(evenkeel.home))
    const mostAway: string[][] = []
    const watch = setInterval(() => {
      const running = hopsOf(evenkeel, id)
      mostAway.push(['a', 'b'].filter((zone) => running[zone] === undefined))
    }, 20)
    try {
      for (const record of [`${id}/leaves.json`, 'home/leaves.json', 'evenkeel/service-certificate.json']) {
        await growOld(join(evenkeel.home, 'records', record))
      }
      expect((await status()).certificates.length).toBe(3)
      await waitFor(
        async () => {
          const now = await shown()
          return now.every((fingerprint, at) => fingerprint !== before[at])
        },
        { what: 'every server to show a new certificate', deadlineMs: 120_000, intervalMs: 500 },
      )
      await waitFor(
        () => {
          const now = hopsOf(evenkeel, id)
          return ['a', 'b'].every((zone) => now[zone] !== undefined && now[zone] !== hopsBefore[zone])
        },
        { what: 'both hops to run with new certificates', deadlineMs: 120_000, intervalMs: 100 },
      )
      await waitFor(async () => (await evenkeel.tryEvenkeel(['status'])).code === 0, {
        what: 'all to be well',
        deadlineMs: 60_000,
        intervalMs: 500,
      })
      await prober.untilAnswered()
    } finally {
      clearInterval(watch)
      await prober.stop()
      processes.stop()
    }
    expect(mostAway.filter((zones) => zones.length > 1)).toEqual([])
    // API servers that leave in good order close idle connections on which a client may just be sending (decision 10).
    expect(unexcused(prober.errors, processes.ends, id)).toEqual([])
    expect(prober.errors.filter(({ status }) => status !== undefined)).toEqual([])
    for (const { of, nextExpiry } of (await status()).certificates) {
      expect(Date.parse(nextExpiry) - Date.now(), of).toBeGreaterThan(360 * 86_400_000)
    }
    // Whoever had access has it still, and new connections are trusted by what was copied before.
    expect(await other.shell('aws eks list-clusters --query clusters --output text')).toBe('far\n')
    expect(await other.shell('kubectl get namespace there -o name')).toBe('namespace/there\n')
    expect(await evenkeel.evenkeel(['kubectl', '--home', 'get', 'clusters', '-A'])).toContain('far')
  })
})

/** What every TLS server of the installation and of the cluster is reached by. */
function serversOf(home: string, { id, serviceUrl }: { id: string; serviceUrl: string }): TlsServer[] {
  const { octet } = JSON.parse(readFileSync(join(home, 'installation.json'), 'utf8')) as { octet: number }
  const service = new URL(serviceUrl)
  const at = (name: string, port: number) => ({ name, host: memberAddress(home, id, name.slice(-1)), port })
  return [
    ...['a', 'b', 'c'].map((zone) => at(`etcd-${zone}`, 2379)),
    ...['a', 'b', 'c'].map((zone) => ({ ...at(`etcd-${zone}`, 2380), name: `peer of etcd-${zone}` })),
    ...['a', 'b'].map((zone) => ({ ...at(`kube-controller-manager-${zone}`, 10257) })),
    ...['a', 'b'].map((zone) => ({ ...at(`kube-scheduler-${zone}`, 10259) })),
    ...['a', 'b'].map((zone) => at(`kube-apiserver-${zone}`, 6443)),
    ...[1, 2].map((zone) => ({
      name: `authenticator ${zone}`,
      host: `127.${octet}.${zone}.1`,
      port: 9443,
      serverName: `${id}.authenticator.evenkeel.internal`,
    })),
    { name: 'home', host: `127.${octet}.1.1`, port: 6443 },
    { name: 'service', host: service.hostname, port: Number(service.port) },
  ]
}

/** What time does to certificates: of their year, a month is left. Whole certificates stay as they are. */
async function growOld(record: string): Promise<void> {
  const set = JSON.parse(readFileSync(record, 'utf8')) as {
    leaves: Record<string, { notBefore: string; notAfter: string }>
  }
  const day = 86_400_000
  for (const leaf of Object.values(set.leaves)) {
    leaf.notBefore = new Date(Date.now() - 335 * day).toISOString()
    leaf.notAfter = new Date(Date.now() + 30 * day).toISOString()
  }
  await writeFileAtomic(record, JSON.stringify(set))
}

/** Pids of the cluster's etcd hops, by zone. */
function hopsOf(evenkeel: Installation, id: string): Partial<Record<string, number>> {
  const found = evenkeel.processes().flatMap(({ pid, command }) => {
    const zone = new RegExp(`haproxy .*/${id}/etcd-hop-([a-z])/`).exec(command)?.[1]
    return zone === undefined ? [] : [[zone, pid] as const]
  })
  return Object.fromEntries(found)
}
