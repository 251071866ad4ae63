import { dirname } from 'node:path'
import { ensureFolder, readFileIfThere, writeFileAtomic } from '@evenkeel/kernel'

/** Writes a file of ours and of the user anew, when that changes it. Mode 0600. */
export async function rewriteFile(path: string, render: (content: string) => string): Promise<void> {
  const before = await readFileIfThere(path)
  const after = render(before ?? '')
  if (after === before) return
  await ensureFolder(dirname(path))
  await writeFileAtomic(path, after)
}
