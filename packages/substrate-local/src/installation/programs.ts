import { join } from 'node:path'
import type { InstanceSpec, Place, Zone } from '@evenkeel/substrate'
import { type Installation, isLoopback } from './installation.ts'
import { octetAddress } from './octet.ts'
import { localPaths, OWN_CLUSTER } from './paths.ts'

/** What our own programs need to know besides their installation. */
export interface OwnProgramContext {
  /** State folder. */
  readonly home: string
  /** Binary store, shared by the user's installations. */
  readonly storeRoot: string
  /** Which state of the sources runs, such as a commit: another one restarts them. */
  readonly revision: string
  /** Handed on as it is, by `settingsToHandOn`. No secrets: it is for settings. */
  readonly env?: Readonly<Record<string, string>>
  /** Kubeconfig of a home that somebody else runs. */
  readonly homeKubeconfig?: string
}

/**
 * Settings that whoever runs `up` gives our own programs, and that a keeper which writes them down again gives on: what
 * is said in logs, how many clusters an account may have, and all that brings binaries of another minor.
 */
const HANDED_ON: readonly string[] = [
  'EVENKEEL_MIRROR',
  'EVENKEEL_LOG_LEVEL',
  'EVENKEEL_FLOOR_BYTES',
  'EVENKEEL_CLUSTER_QUOTA',
  'GOPROXY',
  'GOSUMDB',
  'GONOSUMDB',
  'GOFLAGS',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  // Starts read there what they would compile: half their time and a quarter of their memory.
  'NODE_COMPILE_CACHE',
]

/** Those of the environment that are set, for `OwnProgramContext.env`. */
export function settingsToHandOn(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const set = HANDED_ON.flatMap((name) => {
    const value = environment[name]
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  return Object.fromEntries(set)
}

/** Zones in which authenticators stand: those of the API servers. */
export const AUTHENTICATOR_ZONES: readonly Zone[] = ['a', 'b']

/** Ports at the own addresses of a zone, 127.O.<zone>.1. */
export const AUTHENTICATOR_PORT = 9443
export const AUTHENTICATOR_STATUS_PORT = 9444
export const KEEPER_STATUS_PORT = 9090

/** Certificate and key (one PEM file) with which the service serves other machines, and what these are to trust. */
export function serviceTlsFiles(home: string): { readonly certificate: string; readonly authority: string } {
  const { access } = localPaths(home)
  return { certificate: join(access, 'service.pem'), authority: join(access, 'service-ca.crt') }
}

const OWN_SLOT = 1

/**
 * Heaps that stay small: a young generation of 1 MB instead of 16 MB per half, and one helper thread instead of four,
 * since our programs wait far more than they compute.
 */
const nodeOptions = (heapMegabytes: number) =>
  `--max-semi-space-size=1 --max-old-space-size=${heapMegabytes} --v8-pool-size=1`

/** Our own programs as instances of the cluster `evenkeel`. Pure. */
export function ownPrograms(installation: Installation, context: OwnProgramContext): readonly InstanceSpec[] {
  const own = { installation, context }
  return [
    ...installation.zones.map((zone) => ownProgram('keeper', zone, { ...own, heapMegabytes: 384 })),
    ...AUTHENTICATOR_ZONES.map((zone) => ownProgram('authenticator', zone, { ...own, heapMegabytes: 128 })),
    ownProgram('service', 'region', { ...own, heapMegabytes: 512 }),
  ]
}

type OwnComponent = 'keeper' | 'authenticator' | 'service'

function ownProgram(
  component: OwnComponent,
  place: Place,
  own: { installation: Installation; context: OwnProgramContext; heapMegabytes: number },
): InstanceSpec {
  const { context } = own
  return {
    cluster: OWN_CLUSTER,
    name: place === 'region' ? component : `${component}-${place}`,
    component,
    place,
    program: { name: component, version: 'own' },
    args: [],
    env: {
      ...context.env,
      NODE_OPTIONS: nodeOptions(own.heapMegabytes),
      EVENKEEL_HOME: context.home,
      EVENKEEL_STORE: context.storeRoot,
      EVENKEEL_REVISION: context.revision,
      ...(context.homeKubeconfig === undefined ? {} : { EVENKEEL_HOME_KUBECONFIG: context.homeKubeconfig }),
      ...settingsOf(component, place, own),
    },
    files: [],
    volumes: [],
    stopGraceSeconds: 10,
  }
}

function settingsOf(
  component: OwnComponent,
  place: Place,
  { installation, context }: { installation: Installation; context: OwnProgramContext },
): Record<string, string> {
  const hostOf = (zone: Place) => octetAddress(installation.octet, installation.zones.indexOf(zone) + 1, OWN_SLOT)
  const host = hostOf(place)
  if (component === 'keeper') {
    return { EVENKEEL_ZONE: place, EVENKEEL_STATUS_HOST: host, EVENKEEL_STATUS_PORT: `${KEEPER_STATUS_PORT}` }
  }
  if (component === 'authenticator') {
    return {
      // Each answers at the addresses of both: an API server tries a webhook that refuses it only once.
      EVENKEEL_AUTHENTICATOR_HOSTS: [host, ...AUTHENTICATOR_ZONES.filter((zone) => zone !== place).map(hostOf)].join(
        ',',
      ),
      EVENKEEL_AUTHENTICATOR_PORT: `${AUTHENTICATOR_PORT}`,
      EVENKEEL_STATUS_PORT: `${AUTHENTICATOR_STATUS_PORT}`,
      EVENKEEL_AUTHENTICATOR_FOLDER: localPaths(context.home).authenticator,
    }
  }
  return {
    EVENKEEL_REGION: installation.region,
    EVENKEEL_ACCOUNT_ID: installation.accountId,
    EVENKEEL_ADDRESS: installation.address,
    EVENKEEL_PORT: `${installation.servicePort}`,
    ...(isLoopback(installation.address) ? {} : { EVENKEEL_TLS_FILE: serviceTlsFiles(context.home).certificate }),
  }
}
