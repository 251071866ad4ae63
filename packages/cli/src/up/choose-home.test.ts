import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeObject } from '@evenkeel/contract/kinds'
import { type KubeConnection, loadKubeconfig, NAMESPACES } from '@evenkeel/kernel'
import { FakeHome } from '@evenkeel/kernel/testing'
import { openLocalSubstrate, prepareInstallation } from '@evenkeel/substrate-local'
import { cutShort } from '@evenkeel/substrate-local/testing/cut-short'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeFromHome } from '../external-home/index.ts'
import { viewInstallation } from '../installation/index.ts'
import { chooseHome } from './choose-home.ts'
import { hasOwnHome } from './home-intent.ts'
import { isHomeExternal, readSetup } from './setup.ts'

const { signal } = new AbortController()

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-choose-'))
})
afterAll(async () => await rm(root, { recursive: true }))

async function startHome(): Promise<FakeHome> {
  const home = await FakeHome.start()
  const client = home.client()
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } })
  client.close()
  return home
}

function ownerOf(home: FakeHome): string | undefined {
  const namespaces = home.objects<KubeObject>(NAMESPACES)
  return namespaces.find(({ metadata }) => metadata.name === 'evenkeel-identity')?.metadata.annotations?.[
    'evenkeel.dev/installation'
  ]
}

/** An installation whose home is still to be chosen. */
async function newInstallation() {
  const folder = await mkdtemp(join(root, 'one-'))
  const claimFolders = [join(folder, 'claims')]
  const home = join(folder, 'home')
  const { installation } = await prepareInstallation({ home, claimFolders })
  const resolver = () => Promise.reject(new Error('nothing is started here'))
  const substrate = await openLocalSubstrate({ home, claimFolders, resolver })
  const opened = viewInstallation(installation, substrate.paths.home)
  return {
    id: installation.id,
    paths: substrate.paths,
    choose: (external?: KubeConnection) => chooseHome(opened, { substrate, external, signal }),
    hasOwn: () => hasOwnHome(substrate),
    isExternal: async () => isHomeExternal(await readSetup(substrate.paths.access)),
  }
}

describe('chooseHome', () => {
  test('when nothing is asked for, it is a home of our own, and an existing one is refused from then on', async () => {
    await using theirs = await startHome()
    const one = await newInstallation()
    await one.choose()
    expect([await one.hasOwn(), await one.isExternal()]).toEqual([true, false])
    await expect(one.choose(theirs.connection)).rejects.toThrow(/has a home of its own/)
    expect(ownerOf(theirs)).toBeUndefined()
  })

  test('when it is killed after any change of files, the next one finds the choice, with the option or without', async () => {
    const ends = { own: 0, claimed: 0 }
    for (let changes = 0; ; changes += 1) {
      await using theirs = await startHome()
      const [one, other] = [await newInstallation(), await newInstallation()]
      const end = await cutShort(changes, () => one.choose(theirs.connection))
      const wasClaimed = ownerOf(theirs) === one.id
      await one.choose()
      const isClaimed = ownerOf(theirs) === one.id
      const now = [await one.hasOwn(), await one.isExternal()]
      expect(now, `after ${changes} changes`).toEqual([!isClaimed, isClaimed])
      if (wasClaimed) expect(isClaimed, `after ${changes} changes`).toBe(true)
      ends[isClaimed ? 'claimed' : 'own'] += 1

      await using hers = await startHome()
      await cutShort(changes, () => other.choose(hers.connection))
      await other.choose(hers.connection)
      expect([ownerOf(hers), await other.hasOwn()], `after ${changes} changes`).toEqual([other.id, false])
      if (end === 'done') break
    }
    expect(ends.own).toBeGreaterThan(5)
    // Before its claim was on record, and after that.
    expect(ends.claimed).toBeGreaterThan(3)
  })

  test('when it is killed before the claim, the next one claims, and another Kubernetes is refused', async () => {
    await using theirs = await startHome()
    await using another = await startHome()
    const one = await newInstallation()
    theirs.refuseWrites({ status: 503, reason: 'ServiceUnavailable', message: 'not now' })
    await expect(one.choose(theirs.connection)).rejects.toThrow(/cannot be the home: .*not now/)
    theirs.refuseWrites(undefined)
    await expect(one.choose(another.connection)).rejects.toThrow(/another Kubernetes than the home that was chosen/)
    await one.choose()
    expect([ownerOf(theirs), ownerOf(another), await one.hasOwn()]).toEqual([one.id, undefined, false])
    expect(await loadKubeconfig(one.paths.adminKubeconfig)).toMatchObject(theirs.connection)
  })

  test('when the home is claimed, a kubeconfig of another one is refused, and the way there is kept', async () => {
    await using theirs = await startHome()
    await using another = await startHome()
    const one = await newInstallation()
    await one.choose(theirs.connection)
    await expect(one.choose(another.connection)).rejects.toThrow(/which holds its clusters/)
    expect(await loadKubeconfig(one.paths.adminKubeconfig)).toMatchObject(theirs.connection)
    await theirs.goAway()
    await one.choose()
  })

  test('when the home is that of another installation, nothing is chosen, and destroying this one leaves it alone', async () => {
    await using theirs = await startHome()
    const [one, other] = [await newInstallation(), await newInstallation()]
    await one.choose(theirs.connection)
    await expect(other.choose(theirs.connection)).rejects.toThrow(/is the home of the installation/)
    expect(await other.isExternal()).toBe(false)
    const { adminKubeconfig } = other.paths
    expect(await removeFromHome(adminKubeconfig, { id: other.id, signal })).toBe('not ours')
    expect(ownerOf(theirs)).toBe(one.id)
    await other.choose()
    expect(await other.hasOwn()).toBe(true)
  })
})
