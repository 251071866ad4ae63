import { formatTable } from '../terminal/index.ts'

/** What was looked at and how it is. `mend` says what to do, as one line; a finding that is no problem has none. */
export interface Finding {
  readonly subject: string
  readonly state: 'ok' | 'warning' | 'problem'
  readonly detail: string
  readonly mend?: string
}

export function ok(subject: string, detail: string): Finding {
  return { subject, state: 'ok', detail }
}

export function warning(subject: string, detail: string, mend: string): Finding {
  return { subject, state: 'warning', detail, mend }
}

export function problem(subject: string, detail: string, mend: string): Finding {
  return { subject, state: 'problem', detail, mend }
}

/** A line for each finding, and under it how to mend it. Pure. */
export function renderFindings(findings: readonly Finding[]): string {
  const rows = formatTable(findings.map(({ subject, state, detail }) => [state, subject, detail]))
  const lines = findings.flatMap(({ mend }, at) => [
    rows[at] ?? '',
    ...(mend === undefined ? [] : [`         mend: ${mend}`]),
  ])
  const problems = findings.filter((finding) => finding.state === 'problem').length
  const warnings = findings.filter((finding) => finding.state === 'warning').length
  const sum = problems + warnings === 0 ? 'all is well' : `${problems} to mend, ${warnings} to know of`
  return `${[...lines, sum].join('\n')}\n`
}
