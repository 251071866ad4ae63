import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A gcc and a pkg-config that find everything, but for the files and packages that are named. */
export function installFakeC(folder: string, { without = [] as readonly string[] } = {}): void {
  mkdirSync(folder, { recursive: true })
  const lacks = `case " ${without.join(' ')} " in *" $name "*)`
  put(join(folder, 'gcc'), `name=\${1#-print-file-name=}; ${lacks} echo "$name" ;; *) echo "/usr/lib/$name" ;; esac`)
  put(join(folder, 'pkg-config'), `for name; do :; done; ${lacks} exit 1 ;; esac`)
}

function put(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}
