import { parse, stringify } from 'yaml'

interface Contexts {
  readonly 'current-context'?: string
  readonly contexts?: readonly { readonly name: string; readonly context: Readonly<Record<string, unknown>> }[]
}

/**
 * A kubeconfig to be named before `kubeconfig`: the same current context with `namespace` as its default, so that
 * `get clusters` shows the account's. Without secrets. Undefined where a namespace was chosen already. Pure.
 */
export function renderHomeContext(kubeconfig: string, namespace: string): string | undefined {
  const { 'current-context': current, contexts = [] } = (parse(kubeconfig) ?? {}) as Contexts
  const found = contexts.find(({ name }) => name === current)
  if (current === undefined || found === undefined || found.context['namespace'] !== undefined) return undefined
  const context = { ...found.context, namespace }
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': current,
    contexts: [{ name: current, context }],
  })
}
