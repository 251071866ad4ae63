import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { type ClusterAddress, renderKubeconfig } from './kubeconfig.ts'

const command = { launcher: '/opt/evenkeel/evenkeel', stateFolder: '/home/ann/.evenkeel' }

function address(name: string): ClusterAddress {
  return { name, endpoint: `https://${name}.example:6443`, certificateAuthorityData: 'Q0E=' }
}

function shape(content: string) {
  const config = parse(content) as Record<'clusters' | 'users' | 'contexts', { name: string }[]> & {
    'current-context': string
  }
  const names = (list: 'clusters' | 'users' | 'contexts') => config[list].map((entry) => entry.name)
  return [names('clusters'), names('users'), names('contexts'), config['current-context']]
}

test('when there is no file yet, it gets a context for each cluster', () => {
  const content = renderKubeconfig('', [address('demo')], { command })
  expect(parse(content)).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'demo', cluster: { server: 'https://demo.example:6443', 'certificate-authority-data': 'Q0E=' } },
    ],
    users: [
      {
        name: 'demo',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: '/opt/evenkeel/evenkeel',
            args: ['token', '--cluster', 'demo'],
            env: [{ name: 'EVENKEEL_HOME', value: '/home/ann/.evenkeel' }],
            interactiveMode: 'Never',
            provideClusterInfo: false,
          },
        },
      },
    ],
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
    'current-context': 'demo',
  })
})

test('when nothing changed, the file stays the same', () => {
  const content = renderKubeconfig('', [address('demo'), address('web')], { command, preferred: 'web' })
  expect(renderKubeconfig(content, [address('demo'), address('web')], { command, preferred: 'demo' })).toBe(content)
})

test('when a cluster is gone, its context goes and another becomes the current one', () => {
  const content = renderKubeconfig('', [address('demo'), address('web')], { command })
  expect(shape(renderKubeconfig(content, [address('web')], { command }))).toEqual([['web'], ['web'], ['web'], 'web'])
  expect(shape(renderKubeconfig(content, [], { command }))).toEqual([[], [], [], ''])
})

test('when the AWS CLI has written contexts of its own, they and the choice of the current one stay', () => {
  const arn = 'arn:aws:eks:local-1:123456789012:cluster/api'
  const foreign = [
    'apiVersion: v1',
    'kind: Config',
    'preferences: {}',
    `clusters: [{ name: "${arn}", cluster: { server: "https://api.example:6443" } }]`,
    `users: [{ name: "${arn}", user: { exec: { command: aws, args: [eks, get-token] } } }]`,
    `contexts: [{ name: "${arn}", context: { cluster: "${arn}", user: "${arn}" } }]`,
    `current-context: "${arn}"`,
  ].join('\n')
  const content = renderKubeconfig(foreign, [address('demo')], { command, preferred: 'demo' })
  expect(shape(content)).toEqual([[arn, 'demo'], [arn, 'demo'], [arn, 'demo'], arn])
  expect(parse(content)).toMatchObject({ preferences: {} })
})
