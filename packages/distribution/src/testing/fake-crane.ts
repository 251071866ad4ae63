import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { independentVersions } from '../releases/index.ts'
import { programPath } from '../store/index.ts'

/**
 * A crane that keeps no registry: what it is told to append is the one layer of the image that it pulls, and `.failure`,
 * a file beside it, makes its next command fail with what stands there. It writes how it was called to `calls`.
 */
const SCRIPT = `#!/bin/sh
here=$(dirname "$0")
[ "$1" = version ] && echo VERSION && exit 0
echo "$*" >> "$here/.calls"
if [ "$1" = registry ]; then echo "2026/11/25 18:00:00 serving on port 1" >&2; exec sleep 600; fi
if [ -e "$here/.failure" ]; then cat "$here/.failure" >&2; exit 1; fi
case $1 in
append)
  while [ "$1" != -f ]; do shift; done
  cp "$2" "$here/.layer"
  echo "127.0.0.1:1/image@sha256:$(sha256sum "$2" | cut -d' ' -f1)" ;;
mutate)
  echo "127.0.0.1:1/image@sha256:$(sha256sum "$here/.layer" | cut -d' ' -f1)" ;;
pull)
  while [ $# -gt 1 ]; do shift; done
  mkdir -p "$1/blobs/sha256"
  put() { cp "$2" "$1/blobs/sha256/$(sha256sum "$2" | cut -d' ' -f1)"; }
  put "$1" "$here/.layer"
  echo '{"manifests":[]}' > "$1/index.json" ;;
esac
`

export interface FakeCrane {
  /** Calls but for those that ask for its version. */
  calls(): readonly string[]
  /** Makes every command but the registry fail with this complaint. */
  fail(complaint: string): void
}

/** Puts a fake crane of the version that we use into a store. */
export function installFakeCrane(store: string): FakeCrane {
  const { crane: version } = independentVersions()
  const path = programPath({ name: 'crane', version }, store)
  const folder = dirname(path)
  putProgram(path, SCRIPT.replace('VERSION', version.slice(1)))
  return {
    calls: () => readFileSync(join(folder, '.calls'), 'utf8').split('\n').filter(Boolean),
    fail: (complaint) => writeFileSync(join(folder, '.failure'), complaint),
  }
}

/** Puts a program into a store, as if it had been installed. */
export function putProgram(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, 0o755)
}
