import type { Note } from '@evenkeel/kernel'
import { filesDigest } from '@evenkeel/substrate'
import { type Member, membersOf, strayInstances } from './members.ts'
import { REASON } from './reasons.ts'
import { planReplacement } from './replace.ts'
import type { ControlPlaneSnapshot } from './snapshot.ts'
import type { Step } from './steps.ts'

export interface Presence {
  readonly steps: readonly Step[]
  readonly notes: readonly Note[]
  /** Every member is there, ready, and runs what is written down; the balancers, too. */
  readonly settled: boolean
  /** Some member still runs something else, or without its supervisor. */
  readonly replacing: boolean
}

interface PresenceOptions {
  /** Only a create makes volumes: an empty one under a member that has lived would be a member that has forgotten. */
  readonly mayMakeVolumes: boolean
}

/** What is missing of the facts, and of everything that they ask for. */
export function planPresence(snapshot: ControlPlaneSnapshot, options: PresenceOptions): Presence {
  const facts = planFacts(snapshot)
  if (facts.length > 0 || snapshot.desired === undefined) {
    return { steps: facts, notes: factNotes(snapshot), settled: false, replacing: false }
  }
  const programs = planPrograms(snapshot)
  const members = membersOf(snapshot)
  const volumes = planVolumes(snapshot, options)
  const instances = planInstances(snapshot, members, { ...options, missingVolumes: volumes.missing })
  const endpoint = planEndpoint(snapshot)
  const replacement = planReplacement(snapshot, members)
  const network: readonly Step[] = snapshot.networkPresent ? [] : [{ kind: 'EnsureNetwork', cluster: snapshot.id }]
  const steps = [
    ...leafSteps(snapshot),
    ...programs.steps,
    // A create waits for it. Later, whoever starts has it made as well, and nothing else is to wait behind its refusal.
    ...(options.mayMakeVolumes ? network : []),
    ...volumes.steps,
    ...instances,
    ...endpoint.steps,
    ...homeSteps(snapshot),
    ...objectSteps(snapshot),
    ...replacement.steps,
    ...(options.mayMakeVolumes ? [] : network),
  ]
  return {
    steps,
    notes: [...programs.notes, ...volumes.notes, ...replacement.notes],
    settled:
      !replacement.pending &&
      snapshot.networkPresent &&
      endpoint.isInForce &&
      members.every((member) => member.ready) &&
      snapshot.probes?.endpoint.ready === true,
    replacing: replacement.pending,
  }
}

/** Chosen, made and claimed once, then on record. Leaves need the addresses, so they come a turn later. */
function planFacts(snapshot: ControlPlaneSnapshot): readonly Step[] {
  const cluster = snapshot.id
  const steps: Step[] = []
  if (snapshot.release === undefined && snapshot.offered !== undefined) {
    steps.push({ kind: 'RecordRelease', cluster, release: snapshot.offered })
  }
  if (snapshot.caCertificate === undefined) {
    steps.push({ kind: 'AddKeys', cluster })
  }
  if (snapshot.network === undefined) {
    steps.push({ kind: 'ClaimNetwork', cluster })
  }
  if (steps.length === 0 && snapshot.leaves === undefined) {
    steps.push({ kind: 'RecordLeaves', cluster })
  }
  return steps
}

function factNotes(snapshot: ControlPlaneSnapshot): readonly Note[] {
  if (snapshot.release !== undefined || snapshot.offered !== undefined) {
    return []
  }
  const detail = 'the version is not offered by this release of Evenkeel, and none was recorded for the cluster'
  return [{ kind: 'blocked', reason: REASON.versionNotOffered, detail }]
}

/** New leaves become new files, and those a reload or a replacement in turn, by the ordinary rules. */
function leafSteps(snapshot: ControlPlaneSnapshot): readonly Step[] {
  return snapshot.leaves?.due === true ? [{ kind: 'RecordLeaves', cluster: snapshot.id }] : []
}

function planPrograms(snapshot: ControlPlaneSnapshot): { steps: readonly Step[]; notes: readonly Note[] } {
  const { programs, release, id } = snapshot
  if (release === undefined || programs.state === 'present') {
    return { steps: [], notes: [] }
  }
  const what = `Kubernetes ${release.kubernetes} and etcd ${release.etcd}`
  switch (programs.state) {
    case 'absent':
      return {
        steps: [{ kind: 'RequestPrograms', cluster: id, release }],
        notes: [{ kind: 'waiting', reason: REASON.programsArriving, detail: `${what} are being brought here` }],
      }
    case 'arriving':
      return {
        steps: [],
        notes: [{ kind: 'waiting', reason: REASON.programsArriving, detail: `${what} are being brought here` }],
      }
    case 'failed':
      // Who brings them waits a while, then says `absent` again.
      return {
        steps: [],
        notes: [
          { kind: 'blocked', reason: REASON.programsFailed, detail: `${what} did not arrive: ${programs.detail}` },
        ],
      }
  }
}

interface VolumePlan {
  readonly steps: readonly Step[]
  readonly notes: readonly Note[]
  /** Names of volumes without which nothing may be started. */
  readonly missing: ReadonlySet<string>
}

function planVolumes(snapshot: ControlPlaneSnapshot, options: PresenceOptions): VolumePlan {
  const steps: Step[] = []
  const notes: Note[] = []
  const missing = new Set<string>()
  for (const { name, zone } of snapshot.desired?.volumes ?? []) {
    const observed = snapshot.observedVolumes.find((volume) => volume.name === name)
    if (observed?.state === 'present') {
      continue
    }
    const user = snapshot.observedInstances.find((instance) => instance.name === name)
    if (observed === undefined && options.mayMakeVolumes && user === undefined) {
      const volume = { cluster: snapshot.id, name, zone }
      steps.push({ kind: 'EnsureVolume', cluster: snapshot.id, volume })
      continue
    }
    missing.add(name)
    const lost = observed?.state === 'lost'
    notes.push({
      kind: 'blocked',
      reason: lost ? REASON.volumeLost : REASON.volumeMissing,
      detail: `volume ${name} is ${lost ? 'lost' : 'not there'}: its member is not started on an empty disk; put the volume back`,
    })
  }
  return { steps, notes, missing }
}

function planInstances(
  snapshot: ControlPlaneSnapshot,
  members: readonly Member[],
  { mayMakeVolumes, missingVolumes }: PresenceOptions & { readonly missingVolumes: ReadonlySet<string> },
): readonly Step[] {
  const cluster = snapshot.id
  // A program that is not here yet cannot be started; one that runs needs no file of its own to go on.
  const wanted = snapshot.programs.state === 'present' ? members : []
  const ensure = wanted
    .filter((member) => !(mayMakeVolumes && awaitsApiServer(member, members)))
    .filter((member) => !member.spec.volumes.some((volume) => missingVolumes.has(volume)))
    .filter((member) => !isWrittenDown(member) || isStuck(snapshot, member))
    .map((member): Step => ({ kind: 'EnsureInstance', cluster, instance: member.spec }))
  const strays = strayInstances(snapshot).map(
    ({ name }): Step => ({ kind: 'RemoveInstance', cluster, instance: { cluster, name }, graceSeconds: 30 }),
  )
  return [...ensure, ...strays]
}

const CONTROLLERS = ['kube-controller-manager', 'kube-scheduler']

/**
 * In a new cluster controllers start when the API server of their zone is ready. One that is early is refused, and tries
 * again later than it would start: its lease after 2 to 4.4 s, its informers after 0.8 s, doubled each time (client-go
 * 0.37). Until then the processor is the API servers'. One that is lost later is put back at once, whoever is ready.
 */
function awaitsApiServer({ spec, observed }: Member, members: readonly Member[]): boolean {
  if (observed !== undefined || !CONTROLLERS.includes(spec.component)) {
    return false
  }
  const own = members.find((other) => other.spec.component === 'kube-apiserver' && other.spec.place === spec.place)
  return own?.ready !== true
}

function isWrittenDown({ spec, observed, desiredDigest }: Member): boolean {
  return (
    observed !== undefined &&
    observed.state !== 'stopped' &&
    observed.writtenDigest === desiredDigest &&
    observed.filesDigest === filesDigest(spec)
  )
}

/** What was asked for has a process within a second or two; after that something ate the request: it is asked for again. */
const START_PATIENCE_MS = 5000

function isStuck({ nowMs, instancesEnsuredMs }: ControlPlaneSnapshot, { spec, observed }: Member): boolean {
  return observed?.state === 'starting' && nowMs - (instancesEnsuredMs.get(spec.name) ?? 0) >= START_PATIENCE_MS
}

/** A balancer that was asked for needs a moment, and a change is brought to one after the other: no need to press. */
const ENDPOINT_INTERVAL_MS = 1000

function planEndpoint(snapshot: ControlPlaneSnapshot): {
  readonly steps: readonly Step[]
  readonly isInForce: boolean
} {
  const { id, nowMs, observedEndpoint, endpointEnsuredMs } = snapshot
  const desired = snapshot.desired?.endpoint
  if (desired === undefined || observedEndpoint?.digest === desired.digest) {
    return { steps: [], isInForce: true }
  }
  const isPatient = endpointEnsuredMs !== undefined && nowMs - endpointEnsuredMs < ENDPOINT_INTERVAL_MS
  const step: Step = { kind: 'EnsureEndpoint', cluster: id, endpoint: desired.spec }
  return { steps: isPatient ? [] : [step], isInForce: false }
}

/** The cluster has to answer to take them. */
function objectSteps({ id, desired, probes }: ControlPlaneSnapshot): readonly Step[] {
  if (desired === undefined || desired.objects.length === 0 || probes?.endpoint.ready !== true || probes.objects) {
    return []
  }
  return [{ kind: 'WriteObjects', cluster: id, objects: desired.objects }]
}

function homeSteps(snapshot: ControlPlaneSnapshot): readonly Step[] {
  const access = snapshot.homeAccess
  if (access === undefined) {
    return []
  }
  const cluster = snapshot.id
  const steps: Step[] = access.filesWritten ? [] : [{ kind: 'WriteHomeAccess', cluster }]
  if (!access.rightsGranted && snapshot.probes?.endpoint.ready === true) {
    steps.push({ kind: 'GrantHomeRights', cluster })
  }
  return steps
}
