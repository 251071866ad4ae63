import { delimiter, join } from 'node:path'

/** Name of the profile that `env` selects; other profiles may stand in the same files. */
export const PROFILE = 'evenkeel'

/** Would beat the profile, and sign with somebody else's key or ask somebody else. */
const BEATS_PROFILE = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_EKS',
  'AWS_ENDPOINT_URL_STS',
]

export interface ShellView {
  /** Absolute path of the installation's state. */
  readonly stateFolder: string
  /** PATH of the shell that will read this. */
  readonly searchPath: string
  /** PEM file with the service's certificate authority, where it speaks TLS. */
  readonly trustFile?: string | undefined
}

/** Where the files are that stock clients read. */
export function clientFiles(stateFolder: string) {
  return {
    awsConfig: join(stateFolder, 'aws', 'config'),
    awsCredentials: join(stateFolder, 'aws', 'credentials'),
    kubeconfig: join(stateFolder, 'kube', 'config'),
    /** Holds our `kubectl` and `evenkeel`. */
    programs: join(stateFolder, 'bin'),
  } as const
}

/** One word of a POSIX shell, whatever is in it. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Lines for `eval` in any POSIX shell: after them a stock AWS CLI and kubectl work with no flag. Pure. */
export function renderShellExports(view: ShellView): string {
  const files = clientFiles(view.stateFolder)
  const exports: [name: string, value: string][] = [
    ['EVENKEEL_HOME', view.stateFolder],
    ['AWS_CONFIG_FILE', files.awsConfig],
    ['AWS_SHARED_CREDENTIALS_FILE', files.awsCredentials],
    ['AWS_PROFILE', PROFILE],
    ['KUBECONFIG', files.kubeconfig],
  ]
  // The variable beats the profile's ca_bundle, and many machines set it.
  if (view.trustFile !== undefined) exports.push(['AWS_CA_BUNDLE', view.trustFile])
  const lines = exports.map(([name, value]) => `export ${name}=${quoteForShell(value)}`)
  if (view.searchPath.split(delimiter)[0] !== files.programs) {
    lines.push(`export PATH=${quoteForShell(files.programs)}${delimiter}"$PATH"`)
  }
  lines.push(`unset ${BEATS_PROFILE.join(' ')}`)
  return `${lines.join('\n')}\n`
}
