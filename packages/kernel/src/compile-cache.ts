import { flushCompileCache } from 'node:module'

/** A program that starts has run most of what it ever runs by then. */
const SETTLED_MS = 10_000

/**
 * Has Node write down what it has compiled (NODE_COMPILE_CACHE), once the program has settled, so that the next start
 * reads instead of stripping types and compiling. Node itself does so at the exit of a process, which one that is killed
 * does not come to. Without the variable it does nothing.
 */
export function keepCompiled(): void {
  setTimeout(() => flushCompileCache(), SETTLED_MS).unref()
}
