import { PROFILE } from './shell-exports.ts'

/** The part of a profile that does not change with the key. */
export interface ProfileSettings {
  readonly region: string
  /** `http://127.0.0.1:8080`. */
  readonly serviceUrl: string
  /** PEM file with the certificate authority of the service, where it speaks TLS. */
  readonly trustFile?: string
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Settings by section, as they stand in an INI file of the AWS CLI; nested settings keep their indented lines. */
type Sections = Map<string, string[]>

function readSections(content: string): { head: string[]; sections: Sections } {
  const head: string[] = []
  const sections: Sections = new Map()
  let current = head
  for (const line of content.split('\n')) {
    const name = /^\[\s*(.+?)\s*\]\s*$/.exec(line)?.[1]
    if (name === undefined) {
      current.push(line)
      continue
    }
    current = sections.get(name) ?? []
    sections.set(name, current)
  }
  return { head, sections }
}

function renderSections(head: readonly string[], sections: Sections): string {
  const blocks = [head.join('\n').trim()]
  for (const [name, lines] of sections) blocks.push(`[${name}]\n${lines.join('\n').trim()}`)
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** `content` with one section brought to what it has to say; all others, the user's own, stay as they are. */
function withSection(content: string, name: string, settings: Readonly<Record<string, string>>): string {
  const { head, sections } = readSections(content)
  const kept = (sections.get(name) ?? []).filter((line) => {
    const key = /^([\w]+)\s*=/.exec(line)?.[1]
    return line.trim() !== '' && (key === undefined || !(key in settings))
  })
  sections.set(name, [...Object.entries(settings).map(([key, value]) => `${key} = ${value}`), ...kept])
  return renderSections(head, sections)
}

/** The AWS CLI's config file with our profile in it. Pure. */
export function renderAwsConfig(content: string, settings: ProfileSettings): string {
  return withSection(content, `profile ${PROFILE}`, {
    region: settings.region,
    endpoint_url: settings.serviceUrl,
    ...(settings.trustFile === undefined ? {} : { ca_bundle: settings.trustFile }),
  })
}

/** The AWS CLI's credentials file with our key in it. Pure. */
export function renderAwsCredentials(content: string, key: AccessKey): string {
  return withSection(content, PROFILE, {
    aws_access_key_id: key.accessKeyId,
    aws_secret_access_key: key.secretAccessKey,
  })
}

/** The key of our profile, or nothing where the file has none. */
export function readAccessKey(content: string): AccessKey | undefined {
  const lines = readSections(content).sections.get(PROFILE) ?? []
  const valueOf = (key: string) =>
    lines.map((line) => new RegExp(`^${key}\\s*=\\s*(\\S+)\\s*$`).exec(line)?.[1]).find(Boolean)
  const accessKeyId = valueOf('aws_access_key_id')
  const secretAccessKey = valueOf('aws_secret_access_key')
  return accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey }
}
