import { createElector } from '../elector.ts'

/** Campaigns for a key until it is killed; says so when it leads. */
const leadership = await createElector(process.env['LOCK_SECRET'] ?? '').campaign(
  process.argv[2] ?? '',
  new AbortController().signal,
)
process.stdout.write(`leads ${leadership.key}\n`)
setInterval(() => undefined, 60_000)
