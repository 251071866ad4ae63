import { releases } from '@evenkeel/distribution/releases'
import type { MachineProgram } from '@evenkeel/substrate'
import { describe, expect, it } from 'vitest'
import { nodeLabels, registeredLabels } from './labels.ts'
import { renderNode } from './render.ts'
import { nodeInput } from './testing/sample-node.ts'

/** All that a program says, for reading and for comparing. */
function programText({ name, program, args, files, startsAfter, stopGraceSeconds }: MachineProgram): string {
  const lines = [
    `${name}: ${program.name} ${program.version}`,
    ...(startsAfter === undefined ? [] : [`start: after ${startsAfter.socket}, ${startsAfter.atMostSeconds} s`]),
    `stop: SIGTERM, SIGKILL after ${stopGraceSeconds} s`,
    ...args.map((arg) => `  ${arg}`),
    ...files.map((file) => `\n--- ${file.path} (change: ${file.onChange})\n${file.content}`),
  ]
  return `${lines.join('\n')}\n`
}

describe('renderNode', () => {
  const minors = releases().filter(({ minor }) => minor === '1.36' || minor === '1.37')
  describe.each(minors.map(({ minor, nodeBundles }) => ({ minor, versions: nodeBundles.at(-1) })))(
    '$minor',
    ({ minor, versions }) => {
      const spec = renderNode(nodeInput(versions === undefined ? {} : { versions }))

      it.each(spec.programs.map((program) => [program.name, program] as const))(
        'when it renders %s, it says the same as ever',
        async (name, program) => {
          await expect(programText(program)).toMatchFileSnapshot(`goldens/${minor}/${name}.txt`)
        },
      )

      it('when it names the programs that those call, they are of the bundle', () => {
        expect(spec.tools).toContainEqual({ name: 'runc', version: versions?.runc })
        expect(spec.tools).toContainEqual({ name: 'ptp', version: versions?.cniPlugins })
      })
    },
  )

  it('when files of several programs lie in one folder, no two have one path', () => {
    const paths = renderNode(nodeInput()).programs.flatMap(({ files }) => files.map(({ path }) => path))
    expect(new Set(paths).size).toBe(paths.length)
  })

  it('when its certificates were not issued, it says which', () => {
    const leaves = { version: 1 as const, leaves: {} }
    expect(() => renderNode(nodeInput({ leaves }))).toThrow(/ng-a1b2c3-00001\/kubelet was not issued/)
  })
})

describe('labels of a node', () => {
  it('when its group has a label that a kubelet may not give itself, the kubelet is not told it', () => {
    const labels = nodeLabels({ ...nodeInput(), releaseVersion: '1.37.2-20261125' })
    expect(labels).toMatchObject({ 'node-role.kubernetes.io/worker': 'yes', team: 'blue' })
    const registered = registeredLabels(labels)
    expect(registered).not.toHaveProperty('node-role.kubernetes.io/worker')
    expect(registered).toMatchObject({ team: 'blue', 'topology.kubernetes.io/zone': 'a' })
  })

  it('when its group names a label of ours, ours stands', () => {
    const { group } = nodeInput()
    const other = { ...group, labels: { 'eks.amazonaws.com/nodegroup': 'other' } }
    const labels = nodeLabels({ ...nodeInput(), group: other, releaseVersion: '1.37.2-20261125' })
    expect(labels['eks.amazonaws.com/nodegroup']).toBe('workers')
  })
})
