import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A `go` that answers what our builds ask of it, without compiling anything: its programs are scripts that print the
 * version of FAKE_VERSION, or where that is empty the one that a build stamps. It writes how it was called to FAKE_LOG, and fails with FAKE_FAILURE where that is set.
 */
const SCRIPT = `#!/bin/sh
if [ "$1" = env ]; then echo "\${FAKE_GO_VERSION:-go1.26.8}"; exit 0; fi
echo "$GOFLAGS|$GOTOOLCHAIN|$CGO_ENABLED|$GOWORK|\${GOROOT-unset}|$*" >> "$FAKE_LOG"
if [ "$1" = list ]; then
  echo "go: downloading example.com/some v1.2.3" >&2
  printf 'example.com/some/one\\nexample.com/some/two\\nevenkeel.dev/main\\n'
  exit 0
fi
if [ -n "$FAKE_FAILURE" ]; then echo "# example.com/some" >&2; echo "$FAKE_FAILURE" >&2; exit 1; fi
printf 'example.com/some/one\\nexample.com/some/two\\nevenkeel.dev/main\\n' >&2
version=$FAKE_VERSION
[ -n "$version" ] || version=$(printf '%s' "$*" | sed -n 's/.*component-base.version.gitVersion=\\([^ ]*\\).*/\\1/p')
while [ "$1" != -o ]; do shift; done
folder=$2
shift 2
for package in "$@"; do
  name=\${package%/v3}
  name=\${name##*/}
  [ "$name" = . ] && name=kubernetes
  printf '#!/bin/sh\\necho "Version: %s"\\n' "$version" > "$folder$name"
  chmod 755 "$folder$name"
done
`

export interface FakeGo {
  readonly path: string
  /** For the process that runs it. */
  readonly environment: NodeJS.ProcessEnv
  /** Calls but for `go env`: settings, then arguments. */
  calls(): readonly string[]
}

export function installFakeGo(folder: string, version: string, settings: NodeJS.ProcessEnv = {}): FakeGo {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'go')
  const log = join(folder, 'log')
  writeFileSync(path, SCRIPT)
  chmodSync(path, 0o755)
  writeFileSync(log, '')
  const environment = { PATH: `${folder}:/usr/bin:/bin`, FAKE_LOG: log, FAKE_VERSION: version, ...settings }
  return { path, environment, calls: () => readFileSync(log, 'utf8').split('\n').filter(Boolean) }
}
