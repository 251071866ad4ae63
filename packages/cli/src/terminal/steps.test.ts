import { expect, test } from 'vitest'
import { runInLines, type Step } from './steps.ts'

const never = new AbortController().signal

test('when the output is no terminal, each step ends with a line and only its notes come before', async () => {
  const lines: string[] = []
  const steps: Step[] = [
    {
      title: 'Kubernetes v1.37.2',
      run: async (report) => {
        report.live('12 %')
        report.event('looking')
        report.note('dl.k8s.io gave no answer, building from Go modules')
        return 'built'
      },
    },
    { title: 'state folder', run: async () => undefined },
  ]
  await runInLines(steps, never, (line) => lines.push(line))
  expect(lines.map((line) => line.replace(/\(\d+\.\d/, '(N'))).toEqual([
    '  looking',
    '  dl.k8s.io gave no answer, building from Go modules',
    'Kubernetes v1.37.2: built (N s)',
    'state folder (N s)',
  ])
})

test('when a step fails, the steps after it do not run', async () => {
  const ran: string[] = []
  const step = (title: string, fails: boolean): Step => ({
    title,
    run: async () => {
      ran.push(title)
      if (fails) throw new Error('no space')
      return undefined
    },
  })
  const steps = [step('one', false), step('two', true), step('three', false)]
  await expect(runInLines(steps, never, () => {})).rejects.toThrow('no space')
  expect(ran).toEqual(['one', 'two'])
})

test('when it is interrupted between two steps, the second does not begin', async () => {
  const interrupt = new AbortController()
  const steps: Step[] = [
    { title: 'one', run: async () => void interrupt.abort(new Error('interrupted')) },
    { title: 'two', run: async () => Promise.reject(new Error('two has run')) },
  ]
  await expect(runInLines(steps, interrupt.signal, () => {})).rejects.toThrow('interrupted')
})
