import { type ProgramRequest, wantedSets } from './program-request.ts'
import type { ProgramName, ProgramReference } from './programs.ts'
import type { Wanted } from './sources/index.ts'
import { isInstalled, storeRoot } from './store/index.ts'

/** What of a request the store has not. Asks the disk alone. Throws where a program or version cannot be. */
export async function missingPrograms(
  request: ProgramRequest,
  store: string = storeRoot(),
): Promise<readonly ProgramReference[]> {
  const missing = wantedSets(request).map(async (wanted) => {
    const names = await missingOf(wanted, store)
    return names.map((name) => ({ name, version: wanted.version }))
  })
  return (await Promise.all(missing)).flat()
}

/** What of a set the store has not. */
export async function missingOf({ programs, version }: Wanted, store: string): Promise<readonly ProgramName[]> {
  const missing: ProgramName[] = []
  for (const name of programs) {
    if (!(await isInstalled({ name, version }, store))) missing.push(name)
  }
  return missing
}
