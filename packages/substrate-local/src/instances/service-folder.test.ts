import { type InstanceSpec, instanceDigest } from '@evenkeel/substrate'
import { describe, expect, it } from 'vitest'
import { localPaths } from '../installation/index.ts'
import { type Carrier, carrierOf, privateNetwork } from '../private-network/index.ts'
import { renderServiceFolder } from './service-folder.ts'

const spec: InstanceSpec = {
  cluster: 'k7pmw2x9qa',
  name: 'etcd-a',
  component: 'etcd',
  place: 'a',
  program: { name: 'etcd', version: 'v3.7.3' },
  args: ['--name=etcd-a', "--odd=it's"],
  env: { GOGC: '40' },
  files: [],
  volumes: ['etcd-a'],
  stopGraceSeconds: 15,
}

function render(changes: Partial<InstanceSpec> = {}, carrier?: Carrier) {
  const changed = { ...spec, ...changes }
  const { cluster, name, component, place, program, stopGraceSeconds } = changed
  const written = { cluster, name, component, place, program, digest: instanceDigest(spec), stopGraceSeconds }
  const command = { file: '/store/etcd', args: [] }
  const files = renderServiceFolder(localPaths('/state'), changed, { command, written, carrier })
  return Object.fromEntries(files.map((file) => [file.path, `${file.mode.toString(8)}\n${file.content}`]))
}

describe('renderServiceFolder', () => {
  it('when a start is to wait for a port, the wait comes before the look whether the program is wanted down', () => {
    const startsAfter = { host: '127.9.1.3', port: 2382, atMostSeconds: 3 }
    const lines = render({ startsAfter })['start']?.split('\n') ?? []
    const wait = lines.findIndex((line) => /^timeout 3 bash .* 127\.9\.1\.3 2382 &$/.test(line))
    expect(wait).toBe(2)
    expect(lines.findIndex((line) => line.includes('/down ]'))).toBeGreaterThan(wait)
  })

  it('when restarts are to be delayed, the wait comes after an end that nobody asked for, not before a start', () => {
    const { finish, ...others } = render({ restartDelayMs: 600 })
    expect(finish).toContain('\n[ "$count" -gt 3 ] || exec sleep 0.6\n')
    const { finish: plain, ...same } = render()
    expect(plain).toContain('\n[ "$count" -gt 3 ] || exit 0\n')
    expect(others).toEqual(same)
  })

  it('when its network is a private one, it enters its zone, and makes the network before where it is not there', () => {
    const network = privateNetwork(9, 2, ['a', 'b', 'c'])
    const plain = render()
    const walled = render({}, carrierOf(network, { place: 'a', lock: '/state/locks/network' }))
    expect(walled['start']?.split('\n').filter((line) => !plain['start']?.includes(`${line}\n`))).toEqual([
      '[ -n "$(ip -n ek-9-2-a -4 route show default 2>/dev/null)" ] || flock -o /state/locks/network /state/run/services/a/k7pmw2x9qa.etcd-a/network || exit 1',
      'export EVENKEEL_NETNS=ek-9-2-a',
      `exec nsenter --net=/run/netns/ek-9-2-a /store/etcd --name=etcd-a '--odd=it'\\''s'`,
    ])
    expect(walled['network']?.split('\n').slice(0, 4)).toEqual([
      '700',
      '#!/bin/sh',
      '[ -e /state/run/services/a/k7pmw2x9qa.etcd-a/start ] && [ ! -e /state/run/services/a/k7pmw2x9qa.etcd-a/down ] && [ -z "$(ip -n ek-9-2-a -4 route show default 2>/dev/null)" ] || exit 0',
      'set -eu',
    ])
  })

  it('when it stands in no zone of a private network, it stays where it is, and the network is made all the same', () => {
    const network = privateNetwork(9, 2, ['a', 'b', 'c'])
    const { start } = render({ place: 'region' }, carrierOf(network, { place: 'region', lock: '/lock' }))
    expect(start).toContain('[ -n "$(ip -4 route show 100.66.64.128/26 2>/dev/null)" ] || flock -o /lock ')
    expect(start).toContain('\nexec /store/etcd ')
    expect(start).not.toContain('EVENKEEL_NETNS')
  })

  it('when a spec is given, it renders what s6 runs', () => {
    expect(render()).toMatchInlineSnapshot(`
      {
        "finish": "700
      #!/bin/sh
      [ "$(s6-svstat -o wantedup .)" = true ] || exit 0
      now=$(date +%s)
      last=0 count=0
      [ ! -e ends ] || read -r last count <ends
      [ $((now - last)) -le 15 ] || count=0
      count=$((count + 1))
      echo "$now $count" >ends
      [ "$count" -gt 3 ] || exit 0
      [ "$count" -lt 8 ] || count=8
      exec sleep $((count - 3))
      ",
        "instance.json": "600
      {"cluster":"k7pmw2x9qa","name":"etcd-a","component":"etcd","place":"a","program":{"name":"etcd","version":"v3.7.3"},"digest":"72692fdea8f1e822","stopGraceSeconds":15}
      ",
        "log/run": "700
      #!/bin/sh
      umask 077
      export TZ=UTC
      [ -d /state/logs/k7pmw2x9qa/etcd-a ] || mkdir -p /state/logs/k7pmw2x9qa/etcd-a
      export EVENKEEL_LOCK=/state/locks/k7pmw2x9qa.etcd-a.log
      exec s6-setlock "$EVENKEEL_LOCK" s6-log n5 s2000000 T /state/logs/k7pmw2x9qa/etcd-a
      ",
        "run": "700
      #!/bin/sh
      umask 077
      exec 2>&1
      export EVENKEEL_LOCK=/state/locks/k7pmw2x9qa.etcd-a
      exec s6-setlock "$EVENKEEL_LOCK" /state/run/services/a/k7pmw2x9qa.etcd-a/start
      ",
        "start": "700
      #!/bin/sh
      [ ! -e /state/run/services/a/k7pmw2x9qa.etcd-a/down ] || exit 0
      cd /state/run/clusters/k7pmw2x9qa/etcd-a || exit 1
      export GOGC=40
      export EVENKEEL_INSTANCE='{"cluster":"k7pmw2x9qa","name":"etcd-a","component":"etcd","place":"a","program":{"name":"etcd","version":"v3.7.3"},"digest":"72692fdea8f1e822","stopGraceSeconds":15}'
      exec /store/etcd --name=etcd-a '--odd=it'\\''s'
      ",
        "timeout-finish": "600
      10000
      ",
        "timeout-kill": "600
      15000
      ",
      }
    `)
  })

  it('when there is no grace, s6 still gets a limit: 0 would mean none', () => {
    expect(render({ stopGraceSeconds: 0 })['timeout-kill']).toBe('600\n1\n')
  })

  it('when a variable could not be one, it refuses', () => {
    expect(() => render({ env: { 'A B': 'x' } })).toThrow(/variable/)
  })
})
