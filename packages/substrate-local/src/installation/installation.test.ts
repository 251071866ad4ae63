import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@evenkeel/kernel/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  claimantOf,
  claimEndpointPort,
  claimServicePort,
  heldClaims,
  type Installation,
  type LocalPaths,
  loadInstallation,
  localPaths,
  ownPrograms,
  prepareInstallation,
  releaseClaims,
  settingsToHandOn,
  staleClaims,
  stateFolder,
} from './index.ts'
import { discardRunOfEarlierStart } from './machine-start.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-installation-'))
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

const wishes = (name: string) => ({ home: join(root, name), claimFolders: [join(root, 'claims')] })

describe('prepareInstallation', () => {
  it('when there is none, it makes one that is the same ever after', async () => {
    const first = await prepareInstallation(wishes('one'))
    expect(first.isNew).toBe(true)
    expect(await prepareInstallation(wishes('one'))).toEqual({ installation: first.installation, isNew: false })
    expect(await loadInstallation(join(root, 'one'))).toEqual(first.installation)
    expect((await stat(join(root, 'one'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(root, 'one', 'installation.json'))).mode & 0o777).toBe(0o600)
    expect((await readdir(join(root, 'one'))).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('when many make it at once, they agree, and exactly one made it', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => prepareInstallation(wishes('one'))))
    expect(new Set(all.map(({ installation }) => JSON.stringify(installation))).size).toBe(1)
    expect(all.filter(({ isNew }) => isNew)).toHaveLength(1)
    const { octet } = all[0]!.installation
    expect((await heldClaims(claimantOf(wishes('one')))).filter((name) => name.startsWith('octet'))).toEqual([
      `octet-${octet}`,
    ])
  })

  it('when clusters are to be simulated, that is so ever after; real ones are never simulated', async () => {
    const { installation } = await prepareInstallation({ ...wishes('one'), simulated: true })
    expect(installation.simulated).toBe(true)
    expect(await prepareInstallation(wishes('one'))).toEqual({ installation, isNew: false })
    await prepareInstallation(wishes('two'))
    await expect(prepareInstallation({ ...wishes('two'), simulated: true })).rejects.toThrow(/made for real clusters/)
    expect((await loadInstallation(join(root, 'two')))?.simulated).toBeUndefined()
  })

  it('when several live side by side, octets and ports differ', async () => {
    const all = await Promise.all(['one', 'two', 'three'].map((name) => prepareInstallation(wishes(name))))
    expect(new Set(all.map(({ installation }) => installation.octet)).size).toBe(3)
    expect(new Set(all.map(({ installation }) => installation.servicePort)).size).toBe(3)
    expect(new Set(all.map(({ installation }) => installation.lockSecret)).size).toBe(3)
  })

  it('when a state folder is gone, its octet is taken over, and not before', async () => {
    const { installation } = await prepareInstallation(wishes('one'))
    const second = await prepareInstallation(wishes('two'))
    expect(second.installation.octet).not.toBe(installation.octet)
    await rm(join(root, 'one'), { recursive: true })
    const third = await prepareInstallation(wishes('three'))
    expect(third.installation.octet).toBe(installation.octet)
  })

  it('when state folders are gone, the next up of another installation sweeps their claims, and no others', async () => {
    await Promise.all(['one', 'two', 'three'].map((name) => prepareInstallation(wishes(name))))
    const claimsBefore = await readdir(join(root, 'claims'))
    await rm(join(root, 'one'), { recursive: true })
    expect(await staleClaims(wishes('two').claimFolders)).toHaveLength(2)
    await Promise.all(['two', 'three'].map((name) => prepareInstallation(wishes(name))))
    expect(await readdir(join(root, 'claims'))).toHaveLength(claimsBefore.length - 2)
    for (const name of ['two', 'three']) expect(await heldClaims(claimantOf(wishes(name)))).toHaveLength(2)
  })

  it('when many take over what a gone one held, each octet has one owner', async () => {
    const gone = await Promise.all(['a', 'b', 'c'].map((name) => prepareInstallation(wishes(name))))
    for (const name of ['a', 'b', 'c']) await rm(join(root, name), { recursive: true })
    const names = ['one', 'two', 'three', 'four', 'five', 'six']
    const all = await Promise.all(names.map((name) => prepareInstallation(wishes(name))))
    const octets = all.map(({ installation }) => installation.octet)
    expect(new Set(octets).size).toBe(names.length)
    expect(octets).toEqual(expect.arrayContaining(gone.map(({ installation }) => installation.octet)))
  })

  it('when its claims are released, another gets them', async () => {
    const { installation } = await prepareInstallation(wishes('one'))
    await releaseClaims(claimantOf(wishes('one')))
    expect(await heldClaims(claimantOf(wishes('one')))).toEqual([])
    expect((await prepareInstallation(wishes('two'))).installation.octet).toBe(installation.octet)
    await expect(prepareInstallation(wishes('one'))).rejects.toMatchObject({ code: 'Conflict' })
  })

  it('when the state folder has two names, it is one installation', async () => {
    const { installation } = await prepareInstallation(wishes('one'))
    await symlink(join(root, 'one'), join(root, 'alias'))
    expect((await prepareInstallation(wishes('alias'))).installation).toEqual(installation)
    expect((await prepareInstallation(wishes('two'))).installation.octet).not.toBe(installation.octet)
  })

  it('when another wish is made for one that exists, it refuses and says why', async () => {
    await prepareInstallation(wishes('one'))
    await expect(prepareInstallation({ ...wishes('one'), address: '192.0.2.7' })).rejects.toThrow(
      /address 192\.0\.2\.7 .* was made with 127\.0\.0\.1/,
    )
  })

  it.each([
    ['is not JSON', '{'],
    ['lacks a field', '{"version":1}'],
    ['is of a later version', '{"version":2}'],
  ])('when installation.json %s, it refuses and leaves it alone', async (_, content) => {
    await mkdir(join(root, 'one'))
    const file = join(root, 'one', 'installation.json')
    await writeFile(file, content)
    await expect(prepareInstallation(wishes('one'))).rejects.toMatchObject({ code: 'Conflict' })
    expect(await readFile(file, 'utf8')).toBe(content)
  })
})

describe('what is rendered', () => {
  const rendered = async () => {
    const paths = localPaths(join(root, 'one'))
    await mkdir(join(paths.run, 'services'), { recursive: true })
    await writeFile(join(paths.run, 'services', 'run'), '')
    return paths
  }
  const isKept = async (paths: LocalPaths) => (await readdir(paths.run)).includes('services')

  it('when the machine was started anew, it is discarded, and kept from then on', async () => {
    const paths = await rendered()
    await discardRunOfEarlierStart(paths, 'first')
    expect(await isKept(paths)).toBe(true)
    await discardRunOfEarlierStart(paths, 'second')
    expect(await isKept(paths)).toBe(false)
    await rendered()
    await discardRunOfEarlierStart(paths, 'second')
    expect(await isKept(paths)).toBe(true)
  })

  it('when a power cut has emptied its mark, it is discarded', async () => {
    const paths = await rendered()
    await writeFile(join(paths.run, 'boot-id'), '')
    await discardRunOfEarlierStart(paths, 'first')
    expect(await isKept(paths)).toBe(false)
  })
})

describe('claims of ports', () => {
  it('when a port is in use or taken, it says so or finds another', async () => {
    const one = claimantOf(await makeHome('one'))
    const two = claimantOf(await makeHome('two'))
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    await expect(claimServicePort(one, '127.0.0.1', port)).rejects.toThrow(/in use/)
    server.close()
    await once(server, 'close')
    expect(await claimServicePort(one, '127.0.0.1', port)).toBe(port)
    await expect(claimServicePort(two, '127.0.0.1', port)).rejects.toThrow(/belongs to the installation/)
    const first = await claimEndpointPort(one, '127.0.0.1', [])
    const second = await claimEndpointPort(one, '127.0.0.1', [first])
    const third = await claimEndpointPort(two, '127.0.0.1', [])
    expect(new Set([first, second, third]).size).toBe(3)
  })

  async function makeHome(name: string) {
    await mkdir(join(root, name))
    return wishes(name)
  }
})

describe('stateFolder', () => {
  it.each([
    [{ EVENKEEL_HOME: '/state', HOME: '/me' }, '/state'],
    [{ HOME: '/me' }, '/me/.evenkeel'],
    [{ EVENKEEL_HOME: '', HOME: '/me' }, '/me/.evenkeel'],
  ])('when the environment is %j, it is %s', (environment, folder) => {
    expect(stateFolder(environment)).toBe(folder)
  })

  it('when EVENKEEL_HOME is relative, it refuses', () => {
    expect(() => stateFolder({ EVENKEEL_HOME: 'state' })).toThrow(/absolute/)
  })
})

describe('ownPrograms', () => {
  const installation: Installation = {
    version: 1,
    id: 'k7pmw2x9qa',
    octet: 9,
    region: 'local-1',
    accountId: '123456789012',
    zones: ['a', 'b', 'c'],
    address: '127.0.0.1',
    servicePort: 7443,
    lockSecret: '0'.repeat(64),
    createdAt: '2026-11-24T00:00:00.000Z',
  }
  const context = { home: '/state', storeRoot: '/store', revision: 'abc' }

  it('when a keeper writes down again what up has written, both come to the same', () => {
    const environment = { EVENKEEL_MIRROR: '/mirror', GOPROXY: 'off', EVENKEEL_LOG_LEVEL: '', HOME: '/me' }
    const external = { ...context, homeKubeconfig: '/state/access/admin.kubeconfig' }
    const written = ownPrograms(installation, { ...external, env: settingsToHandOn(environment) })
    const keeper = written.find(({ name }) => name === 'keeper-a')
    expect(keeper?.env).toMatchObject({ EVENKEEL_MIRROR: '/mirror', GOPROXY: 'off' })
    expect(keeper?.env).not.toHaveProperty('HOME')
    expect(ownPrograms(installation, { ...external, env: settingsToHandOn(keeper?.env ?? {}) })).toEqual(written)
  })

  it('when an installation is given, each program stands where it belongs with what it reads', () => {
    const programs = ownPrograms(installation, context)
    expect(programs.map(({ name, place, program, env }) => ({ name, place, program, env }))).toMatchInlineSnapshot(`
      [
        {
          "env": {
            "EVENKEEL_HOME": "/state",
            "EVENKEEL_REVISION": "abc",
            "EVENKEEL_STATUS_HOST": "127.9.1.1",
            "EVENKEEL_STATUS_PORT": "9090",
            "EVENKEEL_STORE": "/store",
            "EVENKEEL_ZONE": "a",
            "NODE_OPTIONS": "--max-semi-space-size=1 --max-old-space-size=384 --v8-pool-size=1",
          },
          "name": "keeper-a",
          "place": "a",
          "program": {
            "name": "keeper",
            "version": "own",
          },
        },
        {
          "env": {
            "EVENKEEL_HOME": "/state",
            "EVENKEEL_REVISION": "abc",
            "EVENKEEL_STATUS_HOST": "127.9.2.1",
            "EVENKEEL_STATUS_PORT": "9090",
            "EVENKEEL_STORE": "/store",
            "EVENKEEL_ZONE": "b",
            "NODE_OPTIONS": "--max-semi-space-size=1 --max-old-space-size=384 --v8-pool-size=1",
          },
          "name": "keeper-b",
          "place": "b",
          "program": {
            "name": "keeper",
            "version": "own",
          },
        },
        {
          "env": {
            "EVENKEEL_HOME": "/state",
            "EVENKEEL_REVISION": "abc",
            "EVENKEEL_STATUS_HOST": "127.9.3.1",
            "EVENKEEL_STATUS_PORT": "9090",
            "EVENKEEL_STORE": "/store",
            "EVENKEEL_ZONE": "c",
            "NODE_OPTIONS": "--max-semi-space-size=1 --max-old-space-size=384 --v8-pool-size=1",
          },
          "name": "keeper-c",
          "place": "c",
          "program": {
            "name": "keeper",
            "version": "own",
          },
        },
        {
          "env": {
            "EVENKEEL_AUTHENTICATOR_FOLDER": "/state/run/authenticator",
            "EVENKEEL_AUTHENTICATOR_HOSTS": "127.9.1.1,127.9.2.1",
            "EVENKEEL_AUTHENTICATOR_PORT": "9443",
            "EVENKEEL_HOME": "/state",
            "EVENKEEL_REVISION": "abc",
            "EVENKEEL_STATUS_PORT": "9444",
            "EVENKEEL_STORE": "/store",
            "NODE_OPTIONS": "--max-semi-space-size=1 --max-old-space-size=128 --v8-pool-size=1",
          },
          "name": "authenticator-a",
          "place": "a",
          "program": {
            "name": "authenticator",
            "version": "own",
          },
        },
        {
          "env": {
            "EVENKEEL_AUTHENTICATOR_FOLDER": "/state/run/authenticator",
            "EVENKEEL_AUTHENTICATOR_HOSTS": "127.9.2.1,127.9.1.1",
            "EVENKEEL_AUTHENTICATOR_PORT": "9443",
            "EVENKEEL_HOME": "/state",
            "EVENKEEL_REVISION": "abc",
            "EVENKEEL_STATUS_PORT": "9444",
            "EVENKEEL_STORE": "/store",
            "NODE_OPTIONS": "--max-semi-space-size=1 --max-old-space-size=128 --v8-pool-size=1",
          },
          "name": "authenticator-b",
          "place": "b",
          "program": {
            "name": "authenticator",
            "version": "own",
          },
        },
        {
          "env": {
            "EVENKEEL_ACCOUNT_ID": "123456789012",
            "EVENKEEL_ADDRESS": "127.0.0.1",
            "EVENKEEL_HOME": "/state",
            "EVENKEEL_PORT": "7443",
            "EVENKEEL_REGION": "local-1",
            "EVENKEEL_REVISION": "abc",
            "EVENKEEL_STORE": "/store",
            "NODE_OPTIONS": "--max-semi-space-size=1 --max-old-space-size=512 --v8-pool-size=1",
          },
          "name": "service",
          "place": "region",
          "program": {
            "name": "service",
            "version": "own",
          },
        },
      ]
    `)
    expect(ownPrograms(installation, context)).toEqual(programs)
  })

  it('when other machines are served, the service gets a certificate', () => {
    const service = ownPrograms({ ...installation, address: '192.0.2.7' }, context).at(-1)
    expect(service?.env).toMatchObject({
      EVENKEEL_ADDRESS: '192.0.2.7',
      EVENKEEL_TLS_FILE: join(localPaths('/state').access, 'service.pem'),
    })
  })
})
