/**
 * How much garbage the Go runtime of a hosted program lets pile up before it collects, in percent of what is in use: upstream's
 * 100 doubles what an idle control plane holds. Less memory for a little more processor time (bench/README.md has both).
 * The one place where it is chosen. Changing a value restarts the programs, in turn.
 */
const GARBAGE_PERCENT = 30

export function goEnvironment(): Readonly<Record<string, string>> {
  return { GOGC: `${GARBAGE_PERCENT}` }
}
