import { appendFileSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * A program of which there may be one copy: it listens where nobody else can at the same time, and leaves a line in a
 * file when somebody does. Answers each connection with its pid. Arguments: host, port, file, bytes to print at first.
 */
const [host = '', port = '', complaints = '', bytes = '0'] = process.argv.slice(2)
const server = createServer((socket) => socket.end(`${process.pid}`))
server.once('error', (error) => {
  appendFileSync(complaints, `${process.pid}: ${error.message}\n`)
  process.exit(1)
})
server.listen({ host, port: Number(port), exclusive: true }, () => {
  for (let printed = 0; printed < Number(bytes); printed += 100) process.stdout.write(`${'x'.repeat(99)}\n`)
})
process.once('SIGTERM', () => process.exit(0))
