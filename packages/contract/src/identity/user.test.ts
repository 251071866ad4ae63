import { describe, expect, it } from 'vitest'
import { objectName } from '../kinds/index.ts'
import { ACCESS_KEY_BYTES, userObjects } from './index.ts'

const random = Uint8Array.from({ length: ACCESS_KEY_BYTES }, (_, at) => 255 - at)
const request = { accountId: '000000000001', userName: 'Alice', random }

function decode(data: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
  )
}

describe('userObjects', () => {
  it('when a user is asked for, their key has the forms of AWS, and its secret is in the Secret alone', () => {
    const { accessKeyId, secretAccessKey, arn, user, accessKey, namespace, adminBinding } = userObjects(request)
    expect(accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/)
    expect(secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/)
    expect(arn).toBe('arn:aws:iam::000000000001:user/Alice')
    expect(namespace.metadata.name).toBe('account-000000000001')
    expect(user).toMatchObject({
      metadata: { name: objectName('Alice'), namespace: 'account-000000000001' },
      spec: { userName: 'Alice', accessKeyIds: [accessKeyId] },
    })
    expect(accessKey.metadata).toEqual({
      name: `accesskey-${accessKeyId.toLowerCase()}`,
      namespace: 'evenkeel-identity',
    })
    expect(decode(accessKey.data)).toEqual({ accessKeyId, secretAccessKey, userArn: arn, userName: 'Alice' })
    expect(JSON.stringify(user)).not.toContain(secretAccessKey)
    expect(adminBinding).toBeUndefined()
  })

  it('when the user is to be master of the account, they are bound there and nowhere else', () => {
    expect(userObjects({ ...request, isAdmin: true }).adminBinding).toMatchObject({
      kind: 'RoleBinding',
      metadata: { namespace: 'account-000000000001' },
      roleRef: { kind: 'ClusterRole', name: 'evenkeel-account-admin' },
      subjects: [{ kind: 'User', name: 'arn:aws:iam::000000000001:user/Alice' }],
    })
  })

  it('when one random bit differs, so does the key', () => {
    const keys = [0, 1, 9, 10, 39].map((at) => {
      const other = Uint8Array.from(random)
      other[at] = (other[at] ?? 0) ^ 1
      const { accessKeyId, secretAccessKey } = userObjects({ ...request, random: other })
      return `${accessKeyId}${secretAccessKey}`
    })
    expect(new Set(keys).size).toBe(5)
  })

  it.each([
    [{ accountId: '1' }, /12 digits/],
    [{ userName: '' }, /1 to 64/],
    [{ userName: 'a/b' }, /1 to 64/],
    [{ userName: 'x'.repeat(65) }, /1 to 64/],
    [{ random: new Uint8Array(39) }, /40 random bytes/],
  ])('when it is given %j, it says what is wrong', (wrong, problem) => {
    expect(() => userObjects({ ...request, ...wrong })).toThrow(problem)
  })
})
