/** The part of vitest's JSON report that we read. */
export interface Report {
  readonly success: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  /** Files, of which one can fail without any of its tests having run. */
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

export interface Counts {
  readonly passed: number
  readonly failed: number
}

/**
 * Counts tests; a file that failed to load counts as one failure, and so does a run that ended badly or without a
 * report although no test failed.
 */
export function count(report: Report | undefined, exitStatus: number): Counts {
  if (report === undefined) return { passed: 0, failed: 1 }
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  const failed = report.numFailedTests + brokenFiles
  const endedBadly = exitStatus !== 0 || !report.success || report.numPassedTests === 0
  return { passed: report.numPassedTests, failed: failed === 0 && endedBadly ? 1 : failed }
}

export function summaryLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed`
}
