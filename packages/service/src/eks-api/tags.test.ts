import { describe, expect, it } from 'vitest'
import { ACCOUNT, EksRig, LEAST_WISH } from '../testing/eks-rig.ts'

const ARN = `arn:aws:eks:local-1:${ACCOUNT}:cluster/web`
const PATH = `/tags/${encodeURIComponent(ARN)}`

describe('tags', () => {
  it('when tags are put, changed and taken away, the rest stays', async () => {
    await using rig = await EksRig.start()
    await rig.create('web', { tags: { a: '1', b: '2' } })
    expect(await rig.post(PATH, { tags: { b: '3', 'c/d é': '' } })).toMatchObject({ status: 200, body: {} })
    expect((await rig.send({ path: PATH })).body).toEqual({ tags: { a: '1', b: '3', 'c/d é': '' } })
    const removed = await rig.send({
      method: 'DELETE',
      path: `${PATH}?tagKeys=a&tagKeys=${encodeURIComponent('c/d é')}&tagKeys=none`,
    })
    expect(removed).toMatchObject({ status: 200, body: {} })
    expect((await rig.send({ path: PATH })).body).toEqual({ tags: { b: '3' } })
    expect((await rig.send({ path: '/clusters/web' })).body).toMatchObject({ cluster: { tags: { b: '3' } } })
  })

  it('when it is a node group that is tagged, its ARN holds for it alone', async () => {
    await using rig = await EksRig.withCluster()
    const { body } = await rig.createNodeGroup('small', { tags: { a: '1' } })
    const { nodegroupArn } = body['nodegroup'] as { nodegroupArn: string }
    const path = `/tags/${encodeURIComponent(nodegroupArn)}`
    expect(await rig.post(path, { tags: { b: '2' } })).toMatchObject({ status: 200 })
    await rig.send({ method: 'DELETE', path: `${path}?tagKeys=a` })
    expect((await rig.send({ path })).body).toEqual({ tags: { b: '2' } })
    expect((await rig.send({ path: '/clusters/web' })).body).toMatchObject({ cluster: { tags: {} } })
    const earlier = `/tags/${encodeURIComponent(nodegroupArn.replace(/.{4}$/, '0000'))}`
    expect(await rig.post(earlier, { tags: { b: '3' } })).toMatchObject({ status: 404, fault: 'NotFoundException' })
  })

  it('when a tag has the name of what every object inherits, it is a tag like others', async () => {
    await using rig = await EksRig.start()
    const wish = JSON.stringify({ ...LEAST_WISH, name: 'web' })
    const text = `${wish.slice(0, -1)},"tags":{"__proto__":"x","constructor":"y"}}`
    expect((await rig.send({ method: 'POST', path: '/clusters', text })).status).toBe(200)
    expect(JSON.stringify((await rig.send({ path: PATH })).body)).toBe('{"tags":{"__proto__":"x","constructor":"y"}}')
  })

  it.each([
    ['no ARN', 'web', 400, 'BadRequestException'],
    ['an ARN of another service', `arn:aws:s3:::bucket`, 400, 'BadRequestException'],
    ['an unknown cluster', `arn:aws:eks:local-1:${ACCOUNT}:cluster/none`, 404, 'NotFoundException'],
    ['another region', `arn:aws:eks:us-east-1:${ACCOUNT}:cluster/web`, 404, 'NotFoundException'],
    ['another account', 'arn:aws:eks:local-1:000000000002:cluster/web', 404, 'NotFoundException'],
    ['an unknown node group', `arn:aws:eks:local-1:${ACCOUNT}:nodegroup/web/x/y`, 404, 'NotFoundException'],
    ['a node group without its id', `arn:aws:eks:local-1:${ACCOUNT}:nodegroup/web/x`, 404, 'NotFoundException'],
    ['an add-on', `arn:aws:eks:local-1:${ACCOUNT}:addon/web/x/y`, 404, 'NotFoundException'],
    ['more than a cluster', `${ARN}/more`, 404, 'NotFoundException'],
    ['a cluster without a name', `arn:aws:eks:local-1:${ACCOUNT}:cluster/`, 404, 'NotFoundException'],
  ])('when given %s, all three refuse', async (_what, arn, status, fault) => {
    await using rig = await EksRig.start()
    await rig.create('web')
    const path = `/tags/${encodeURIComponent(arn)}`
    for (const answer of [
      await rig.send({ path }),
      await rig.post(path, { tags: { a: 'b' } }),
      await rig.send({ method: 'DELETE', path: `${path}?tagKeys=a` }),
    ]) {
      expect(answer).toMatchObject({ status, fault })
    }
  })

  it.each<[string, unknown, RegExp]>([
    ['a reserved key', { tags: { 'AWS:x': 'y' } }, /begins with "aws:"/],
    ['no tags', {}, /tags is required/],
    ['an empty map', { tags: {} }, /tags must have at least 1 entries/],
    ['an empty key', { tags: { '': 'x' } }, /a key of tags must have at least 1 characters/],
    ['a key that is too long', { tags: { ['k'.repeat(129)]: '' } }, /at most 128 characters/],
    [
      'more than fit',
      { tags: Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, ''])) },
      /would have 51 tags/,
    ],
  ])('when tagged with %s, it is refused', async (_what, body, message) => {
    await using rig = await EksRig.start()
    await rig.create('web', { tags: { first: '' } })
    const answer = await rig.post(PATH, body)
    expect(answer).toMatchObject({ status: 400, fault: 'BadRequestException' })
    expect(answer.body['message']).toMatch(message)
    expect((await rig.send({ path: PATH })).body).toEqual({ tags: { first: '' } })
  })

  it('when no key to remove is given, it is refused', async () => {
    await using rig = await EksRig.start()
    await rig.create('web')
    const answer = await rig.send({ method: 'DELETE', path: PATH })
    expect(answer).toMatchObject({
      status: 400,
      fault: 'BadRequestException',
      body: { message: 'tagKeys is required.' },
    })
  })
})
