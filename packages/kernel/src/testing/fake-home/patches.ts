import { isDeepStrictEqual } from 'node:util'
import type { JsonPatchOperation } from '../../kube-client/index.ts'

/** JSON merge patch (RFC 7386). */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) {
    return patch
  }
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[name]
    } else {
      merged[name] = applyMergePatch(merged[name], value)
    }
  }
  return merged
}

/** JSON patch (RFC 6902). Throws where an operation does not apply or a `test` fails. */
export function applyJsonPatch(target: unknown, operations: readonly JsonPatchOperation[]): unknown {
  const root = { document: structuredClone(target) }
  for (const operation of operations) {
    const place = find(root, operation.path)
    switch (operation.op) {
      case 'add':
        place.add(operation.value)
        break
      case 'replace':
        place.read()
        place.replace(operation.value)
        break
      case 'test':
        if (!isDeepStrictEqual(place.read(), operation.value)) {
          throw new Error(`testing value ${operation.path} failed`)
        }
        break
      case 'remove':
        place.read()
        place.remove()
        break
      case 'copy':
        place.add(structuredClone(find(root, operation.from).read()))
        break
      case 'move': {
        const from = find(root, operation.from)
        const value = from.read()
        from.remove()
        place.add(value)
        break
      }
    }
  }
  return root.document
}

/** The place that a JSON pointer names below `root.document`. */
function find(root: { document: unknown }, pointer: string) {
  const names = pointer.split('/').slice(1)
  const path = ['document', ...names.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))]
  const last = path.pop() ?? ''
  let parent: unknown = root
  for (const name of path) {
    parent = isRecord(parent) || Array.isArray(parent) ? (parent as Record<string, unknown>)[name] : undefined
  }
  if (!isRecord(parent) && !Array.isArray(parent)) {
    throw new Error(`there is nothing at ${pointer}`)
  }
  const members = parent as Record<string, unknown>
  return {
    read(): unknown {
      if (!(last in members)) {
        throw new Error(`there is nothing at ${pointer}`)
      }
      return members[last]
    },
    add(value: unknown): void {
      if (Array.isArray(parent)) {
        parent.splice(last === '-' ? parent.length : Number(last), 0, value)
      } else {
        members[last] = value
      }
    },
    replace(value: unknown): void {
      members[last] = value
    },
    remove(): void {
      if (Array.isArray(parent)) {
        parent.splice(Number(last), 1)
      } else {
        delete members[last]
      }
    },
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
