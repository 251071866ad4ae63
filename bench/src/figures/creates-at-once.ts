import type { Figure } from '../figure.ts'

const CLUSTERS = 8
const DEADLINE_MS = 8 * 60_000

/** Whether a burst of creates is survived: all of them are asked for before the first one is ACTIVE. */
export const createsAtOnceFigure: Figure = {
  name: 'creates-at-once',
  says: `${CLUSTERS} creates at once: all ACTIVE, none failed`,
  async run(bench) {
    const installation = await bench.installation()
    const names = Array.from({ length: CLUSTERS }, (_, index) => `at-once-${index + 1}`)
    const startedMs = performance.now()
    await Promise.all(names.map((name) => installation.create(name)))
    const ends = await Promise.allSettled(
      names.map(async (name) => {
        await installation.untilActive(name, DEADLINE_MS)
        const seconds = Math.round((performance.now() - startedMs) / 100) / 10
        bench.tell(`${name} is ACTIVE after ${seconds} s`)
        return seconds
      }),
    )
    await Promise.all(names.map((name) => installation.delete(name, DEADLINE_MS)))
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
    return [
      {
        name: 'creates-at-once',
        says: `creates that did not become ACTIVE, of ${CLUSTERS} at once`,
        value: failures.length,
        unit: 'errors',
        atMost: 0,
        detail: {
          activeAfterSeconds: ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])),
          failures,
        },
      },
    ]
  },
}
