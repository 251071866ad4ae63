import { examineMachine, renderFindings } from '../doctor/index.ts'
import { EXIT } from '../terminal/index.ts'
import { type OutputOptions, writeJson } from './cluster.ts'

/** Checks the machine; answers the exit status, which says whether something has to be mended. */
export async function doctor(
  options: OutputOptions,
  signal: AbortSignal,
  write: (text: string) => void,
): Promise<number> {
  const findings = await examineMachine(signal)
  if (options.output === 'json') writeJson(write, { findings })
  else write(renderFindings(findings))
  return findings.some((finding) => finding.state === 'problem') ? EXIT.unwell : 0
}
