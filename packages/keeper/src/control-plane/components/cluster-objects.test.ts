import { describe, expect, it } from 'vitest'
import { clusterObjects, isAsWanted } from './cluster-objects.ts'
import { homeInput, PRIVATE_NETWORK } from './testing/sample-input.ts'

describe('clusterObjects', () => {
  it('when a cluster can have nodes, the Service kubernetes leads to the endpoint, and API servers may ask kubelets', async () => {
    await expect(`${JSON.stringify(clusterObjects(PRIVATE_NETWORK), null, 2)}\n`).toMatchFileSnapshot(
      'goldens/private/objects.txt',
    )
  })

  it('when it can have none, nothing is kept in it', () => {
    expect(clusterObjects(homeInput().network)).toEqual([])
  })
})

describe('isAsWanted', () => {
  const wanted = { metadata: { labels: { a: '1' } }, ports: [{ name: 'https', port: 6443 }] }

  it('when the API adds defaults of its own, it is as wanted', () => {
    const found = {
      metadata: { uid: 'u', labels: { a: '1', b: '2' } },
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    }
    expect(isAsWanted(found, wanted)).toBe(true)
  })

  it.each([
    [{}],
    [undefined],
    [{ metadata: { labels: { a: '2' } }, ports: wanted.ports }],
    [{ metadata: wanted.metadata, ports: [] }],
    [{ metadata: wanted.metadata, ports: [...wanted.ports, { name: 'more', port: 1 }] }],
  ])('when it is %j, it is not', (found) => {
    expect(isAsWanted(found, wanted)).toBe(false)
  })
})
