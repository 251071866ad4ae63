import type * as Eks from '@aws-sdk/client-eks'
import {
  isLabelKey,
  isLabelValue,
  isReservedLabelKey,
  LABEL_RULE,
  type NodeTaint,
  RESERVED_LABEL_RULE,
} from '@evenkeel/contract/kinds'
import type { Reading } from './node-group-settings.ts'

/** As many as the kind holds. */
const MOST_LABELS = 50
const MOST_TAINTS = 50

type Labels = Record<string, string>

export function labelComplaints(path: string, labels: Labels): readonly string[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const complaints: string[] = []
    if (!isLabelKey(key)) complaints.push(`${path} must have keys that are ${LABEL_RULE}, not ${JSON.stringify(key)}`)
    if (isReservedLabelKey(key)) {
      complaints.push(`${path} must not have the key ${JSON.stringify(key)}: ${RESERVED_LABEL_RULE}`)
    }
    if (!isLabelValue(value)) {
      complaints.push(`${path} must have values that are ${LABEL_RULE}, not ${JSON.stringify(value)}`)
    }
    return complaints
  })
}

/** The labels after an update; what is to be removed and is not there is passed over. */
export function readLabels(before: Labels, given: Eks.UpdateLabelsPayload | undefined): Reading<Labels> {
  const { addOrUpdateLabels = {}, removeLabels = [] } = given ?? {}
  const both = removeLabels.find((key) => Object.hasOwn(addOrUpdateLabels, key))
  const kept = Object.entries(before).filter(([key]) => !removeLabels.includes(key))
  const value = { ...Object.fromEntries(kept), ...addOrUpdateLabels }
  return {
    value,
    complaints: [
      ...labelComplaints('labels.addOrUpdateLabels', addOrUpdateLabels),
      ...(both === undefined ? [] : [`labels must not both add and remove ${JSON.stringify(both)}`]),
      ...tooMany('labels', Object.keys(value).length, MOST_LABELS),
    ],
  }
}

/** The taints that a node group is made with. */
export function readFirstTaints(given: readonly Eks.Taint[]): Reading<NodeTaint[]> {
  const { value, complaints } = readTaintList('taints', given)
  return { value, complaints: [...complaints, ...tooMany('taints', given.length, MOST_TAINTS)] }
}

/** The taints after an update. They are told apart by key and effect, and their order stays. */
export function readTaints(
  before: readonly NodeTaint[],
  given: Eks.UpdateTaintsPayload | undefined,
): Reading<NodeTaint[]> {
  const added = readTaintList('taints.addOrUpdateTaints', given?.addOrUpdateTaints ?? [])
  const removed = readTaintList('taints.removeTaints', given?.removeTaints ?? [])
  const both = removed.value.find((taint) => added.value.some((other) => isSameTaint(taint, other)))
  const kept = before
    .filter((taint) => !removed.value.some((other) => isSameTaint(taint, other)))
    .map((taint) => added.value.find((other) => isSameTaint(taint, other)) ?? taint)
  const news = added.value.filter((taint) => !kept.some((other) => isSameTaint(taint, other)))
  const value = [...kept, ...news]
  return {
    value,
    complaints: [
      ...added.complaints,
      ...removed.complaints,
      ...(both === undefined ? [] : [`taints must not both add and remove ${taintText(both)}`]),
      ...tooMany('taints', value.length, MOST_TAINTS),
    ],
  }
}

function readTaintList(path: string, given: readonly Eks.Taint[]): Reading<NodeTaint[]> {
  const complaints: string[] = []
  const value: NodeTaint[] = []
  for (const [at, taint] of given.entries()) {
    const { key, value: text, effect } = taint
    if (key === undefined || effect === undefined) {
      complaints.push(`${path}[${at}] must have key and effect`)
      continue
    }
    if (!isLabelKey(key)) complaints.push(`${path}[${at}].key must be ${LABEL_RULE}, not ${JSON.stringify(key)}`)
    if (text && !isLabelValue(text)) {
      complaints.push(`${path}[${at}].value must be ${LABEL_RULE}, not ${JSON.stringify(text)}`)
    }
    const read: NodeTaint = { key, ...(text === undefined ? {} : { value: text }), effect }
    if (value.some((other) => isSameTaint(read, other)))
      complaints.push(`${path} must not have ${taintText(read)} twice`)
    else value.push(read)
  }
  return { value, complaints }
}

function isSameTaint(one: NodeTaint, other: NodeTaint): boolean {
  return one.key === other.key && one.effect === other.effect
}

function taintText({ key, effect }: NodeTaint): string {
  return `${key} with ${effect}`
}

function tooMany(path: string, count: number, most: number): readonly string[] {
  return count > most ? [`${path} must be at most ${most}, not ${count}`] : []
}
