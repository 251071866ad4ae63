import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Counts, count, type Report, summaryLine } from './test-report.ts'

/**
 * Runs every test: those of the packages, then those on whole installations, and ends with one line that counts them.
 * Exit status 1 when any failed, when a run broke off, or when there was none.
 */
const root = dirname(import.meta.dirname)
const results = `${root}/.test-results`

async function runSuite(name: string, args: readonly string[]): Promise<{ counts: Counts; seconds: number }> {
  const began = Date.now()
  const report = `${results}/${name}.json`
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const child = spawn('vitest', ['run', ...args, ...reporters], { cwd: root, stdio: 'inherit' })
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  let parsed: Report | undefined
  try {
    parsed = JSON.parse(readFileSync(report, 'utf8')) as Report
  } catch {
    // It ended before it could report: counted as one failure below.
  }
  return { counts: count(parsed, status), seconds: Math.round((Date.now() - began) / 1000) }
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })
const packages = await runSuite('packages', [])
console.log(`packages: ${summaryLine(packages.counts)} in ${packages.seconds} s`)
const endToEnd = await runSuite('e2e', ['--config', 'e2e/vitest.config.ts'])
console.log(`e2e: ${summaryLine(endToEnd.counts)} in ${endToEnd.seconds} s`)
const total: Counts = {
  passed: packages.counts.passed + endToEnd.counts.passed,
  failed: packages.counts.failed + endToEnd.counts.failed,
}
console.log(summaryLine(total))
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
