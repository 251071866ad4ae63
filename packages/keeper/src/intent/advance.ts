import type { HostedIntent } from './record.ts'

/**
 * What is to be on record after `asked` was seen while `recorded` is there; `recorded` itself when nothing changes.
 * Only forwards: a home that was set back shows older generations, and those are not obeyed; what is being deleted
 * stays so.
 */
export function advanceIntent(recorded: HostedIntent | undefined, asked: HostedIntent): HostedIntent {
  if (recorded === undefined) {
    return asked
  }
  if (asked.uid !== recorded.uid) {
    return recorded
  }
  return latest(recorded, asked)
}

/** The newer of two wishes of one object; one that was to be deleted stays so. */
export function latest<Wish extends { readonly generation: number; readonly deleting: boolean }>(
  recorded: Wish,
  asked: Wish,
): Wish {
  const newer = asked.generation > recorded.generation ? asked : recorded
  const deleting = recorded.deleting || asked.deleting
  return newer.deleting === deleting ? newer : { ...newer, deleting }
}

/** Whether the home shows something older than, or other than, what was accepted. */
export function isSetBack(recorded: HostedIntent, asked: HostedIntent): boolean {
  return (
    asked.generation < recorded.generation ||
    (asked.generation === recorded.generation && asked.digest !== recorded.digest)
  )
}
