import type { StoredObject } from './object-table.ts'

/** Whether an object is meant by `a=b,c!=d,e` over labels and `metadata.name=x,spec.y=z` over fields. */
export function isSelected(object: StoredObject, query: URLSearchParams): boolean {
  const labels = terms(query.get('labelSelector')).every(({ name, operator, value }) => {
    const label = object.metadata.labels?.[name]
    return operator === undefined ? label !== undefined : (label === value) === (operator === '=')
  })
  const fields = terms(query.get('fieldSelector')).every(({ name, operator, value }) => {
    return (fieldOf(object, name) === value) === (operator === '=')
  })
  return labels && fields
}

function terms(selector: string | null) {
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const [, name = term, operator, value = ''] = /^(.*?)(?:(!=|==?)(.*))?$/.exec(term) ?? []
      return { name, operator: operator === '==' ? '=' : operator, value }
    })
}

function fieldOf(object: StoredObject, path: string): string {
  let value: unknown = object
  for (const name of path.split('.')) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  }
  return value === undefined ? '' : String(value)
}
