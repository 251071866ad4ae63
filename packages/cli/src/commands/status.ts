import { requireInstallation } from '../installation/index.ts'
import { isWell, observeStatus, renderStatus } from '../status/index.ts'
import { EXIT } from '../terminal/index.ts'
import { type OutputOptions, writeJson } from './cluster.ts'

/** The one screen; answers the exit status, which says whether all is well. */
export async function status(options: OutputOptions, write: (text: string) => void): Promise<number> {
  const snapshot = await observeStatus(await requireInstallation())
  if (options.output === 'json') writeJson(write, snapshot)
  else write(renderStatus(snapshot))
  return isWell(snapshot) ? 0 : EXIT.unwell
}
