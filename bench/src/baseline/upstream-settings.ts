import type { InstanceSpec } from '@evenkeel/substrate'

/** Flags of ours that trade time, memory and processor time against each other: upstream has its own answers. */
const TUNED_FLAGS = ['kube-api-qps', 'kube-api-burst', 'leader-elect-retry-period']

/** A rendered spec as it would be without our tuning of the programs: environment of the Go runtime, and some flags. */
export function withUpstreamSettings(spec: InstanceSpec): InstanceSpec {
  const isTuned = (arg: string) => TUNED_FLAGS.some((name) => arg.startsWith(`--${name}=`))
  return { ...spec, env: {}, args: spec.args.filter((arg) => !isTuned(arg)) }
}
