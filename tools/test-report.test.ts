import { describe, expect, test } from 'vitest'
import { count, type Report, summaryLine } from './test-report.ts'

const green: Report = {
  success: true,
  numPassedTests: 3,
  numFailedTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{}, {}, {}] }],
}

describe('counting tests', () => {
  test.each<[string, Report | undefined, number, string]>([
    ['all passed', green, 0, '3 passed, 0 failed'],
    ['one failed', { ...green, success: false, numFailedTests: 1 }, 1, '3 passed, 1 failed'],
    [
      'a file could not be loaded',
      { ...green, success: false, testResults: [...green.testResults, { status: 'failed', assertionResults: [] }] },
      1,
      '3 passed, 1 failed',
    ],
    ['the run ended badly although each test passed', green, 1, '3 passed, 1 failed'],
    ['there was no test', { ...green, numPassedTests: 0, testResults: [] }, 0, '0 passed, 1 failed'],
    ['there is no report', undefined, 0, '0 passed, 1 failed'],
  ])('when %s, it says so', (_title, report, status, line) => {
    expect(summaryLine(count(report, status))).toBe(line)
  })
})
