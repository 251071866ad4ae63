import {
  ACCOUNT_ADMIN_ROLE,
  API_VERSION,
  accountNamespace,
  IDENTITY_NAMESPACE,
  type KubeObject,
  objectName,
  type RoleBinding,
  roleBinding,
  type User,
} from '../kinds/index.ts'

/** Random bytes that an access key is made of: 10 for its id, 30 for its secret. */
export const ACCESS_KEY_BYTES = 40

export interface UserRequest {
  /** 12 digits. */
  readonly accountId: string
  /** IAM user name. */
  readonly userName: string
  /** Master of the account; else the user has no rights until somebody gives some. */
  readonly isAdmin?: boolean
  /** `ACCESS_KEY_BYTES` of them, from a cryptographic source. */
  readonly random: Uint8Array
}

/** A Secret that holds the secret half of an access key. Values in base64, as the home keeps them. */
export interface AccessKeySecret extends KubeObject {
  kind: 'Secret'
  type: string
  data: Readonly<Record<'accessKeyId' | 'secretAccessKey' | 'userArn' | 'userName', string>>
}

/**
 * A user with a first access key. To be made in this order: `namespace` and `adminBinding` by apply, `user` by create
 * (a conflict says that the name is taken), then `accessKey`, without which the user cannot sign.
 */
export interface UserObjects {
  readonly arn: string
  readonly accessKeyId: string
  /** To be shown once, and kept by nobody but the user. */
  readonly secretAccessKey: string
  /** Of the account. */
  readonly namespace: KubeObject
  readonly user: User
  readonly accessKey: AccessKeySecret
  readonly adminBinding?: RoleBinding
}

/** Everything that makes a user; pure. Throws where `accountId` or `userName` is not valid, or `random` too short. */
export function userObjects(request: UserRequest): UserObjects {
  const { accountId, userName, isAdmin = false, random } = request
  if (!/^[0-9]{12}$/.test(accountId)) throw new Error(`account id ${JSON.stringify(accountId)} must be 12 digits`)
  if (!/^[A-Za-z0-9+=,.@_-]{1,64}$/.test(userName)) {
    throw new Error(`user name ${JSON.stringify(userName)} must be 1 to 64 letters, digits or any of + = , . @ _ -`)
  }
  if (random.length < ACCESS_KEY_BYTES) throw new Error(`an access key needs ${ACCESS_KEY_BYTES} random bytes`)
  const arn = userArn(accountId, userName)
  const accessKeyId = `AKIA${base32(random.subarray(0, 10))}`
  const secretAccessKey = base64(random.subarray(10, ACCESS_KEY_BYTES))
  const namespace = accountNamespace(accountId)
  const name = objectName(userName)
  return {
    arn,
    accessKeyId,
    secretAccessKey,
    namespace: accountNamespaceObject(accountId),
    user: {
      apiVersion: API_VERSION,
      kind: 'User',
      metadata: { name, namespace },
      spec: { userName, accessKeyIds: [accessKeyId] },
    },
    accessKey: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: accessKeySecretName(accessKeyId), namespace: IDENTITY_NAMESPACE },
      type: 'evenkeel.dev/access-key',
      data: {
        accessKeyId: encode(accessKeyId),
        secretAccessKey: encode(secretAccessKey),
        userArn: encode(arn),
        userName: encode(userName),
      },
    },
    ...(isAdmin ? { adminBinding: adminBinding(namespace, { name, arn }) } : {}),
  }
}

export function userArn(accountId: string, userName: string): string {
  return `arn:aws:iam::${accountId}:user/${userName}`
}

/** Of the Secret in the namespace `evenkeel-identity`. */
export function accessKeySecretName(accessKeyId: string): string {
  return `accesskey-${accessKeyId.toLowerCase()}`
}

/** The namespace that is an account. */
export function accountNamespaceObject(accountId: string): KubeObject {
  const labels = { 'app.kubernetes.io/part-of': 'evenkeel', 'evenkeel.dev/account': accountId }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: accountNamespace(accountId), labels } }
}

function adminBinding(namespace: string, user: { readonly name: string; readonly arn: string }): RoleBinding {
  return roleBinding(
    { name: `admin-${user.name}`, namespace },
    { role: { name: ACCOUNT_ADMIN_ROLE, isOfCluster: true }, subjects: [{ kind: 'User', name: user.arn }] },
  )
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Of whole groups of five bytes: no padding. */
function base32(bytes: Uint8Array): string {
  let bits = 0n
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let at = (bytes.length * 8) / 5 - 1; at >= 0; at -= 1)
    text += BASE32.charAt(Number((bits >> BigInt(at * 5)) & 31n))
  return text
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function encode(ascii: string): string {
  return btoa(ascii)
}
