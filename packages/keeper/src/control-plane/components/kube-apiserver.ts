import type { InstanceSpec, Zone } from '@evenkeel/substrate'
import { flagsText, kubeconfig, type RenderedFiles } from '../../rendering/index.ts'
import {
  authenticationConfiguration,
  authorizationConfiguration,
  egressConfiguration,
  encryptionConfiguration,
} from './api-server-files.ts'
import { REQUEST_HEADERS, versionFlags } from './controllers.ts'
import { addLeaf, filesOf } from './files.ts'
import { homeFlags } from './home.ts'
import type { ControlPlaneInput } from './input.ts'
import { authenticatorServerName, LEAF } from './leaf-plan.ts'
import { addressesOf, hasHops, httpsUrl } from './members.ts'
import { PORTS } from './ports.ts'
import { goEnvironment } from './tuning.ts'

/** Audience that workloads ask for when they speak to the API server. */
const API_AUDIENCE = 'https://kubernetes.default.svc'
/** Above it upstream keeps a success for 10 s more. Short, so that an access entry that is taken away ends access. */
const TOKEN_CACHE = '30s'
/** 5 s of delay, 60 s for the longest request, 10 s for watches, and 5 s to spare. */
const STOP_GRACE_SECONDS = 80
/**
 * It listens about half a second after its start and answers a second or two later (1.37): what comes in between waits, and
 * is cut when the balancer sees that nobody serves there. By this delay it sees the end of a killed one before the next
 * one listens, and sends nobody there.
 */
const RESTART_DELAY_MS = 600

export function renderApiServer(input: ControlPlaneInput, zone: Zone): InstanceSpec {
  const { name, files } = filesOf(input, 'kube-apiserver', zone)
  return {
    cluster: input.clusterId,
    name,
    component: 'kube-apiserver',
    place: zone,
    program: { name: 'kube-apiserver', version: input.versions.kubernetes },
    args: flagsText({
      ...servingFlags(input, files, { name, zone }),
      ...accessFlags(input, files, { name, zone }),
      ...storageFlags(input, files, { name, zone }),
      ...outwardFlags(input, files, { name, zone }),
      ...serviceAccountFlags(input, files),
      ...shutdownFlags(input),
      ...versionFlags(input),
      ...(input.kind === 'home' ? homeFlags() : { 'enable-admission-plugins': 'NodeRestriction' }),
      'allow-privileged': true,
      'event-ttl': '1h',
      profiling: false,
    }),
    env: goEnvironment(),
    files: files.all(),
    volumes: [],
    restartDelayMs: RESTART_DELAY_MS,
    stopGraceSeconds: STOP_GRACE_SECONDS,
  }
}

interface Self {
  readonly name: string
  readonly zone: Zone
}

function servingFlags(input: ControlPlaneInput, files: RenderedFiles, { name, zone }: Self) {
  const { host, advertise } = addressesOf(input.network, zone)
  const server = addLeaf(files, input, { name: LEAF.server(name), path: 'pki/server.pem', onChange: 'reload' })
  return {
    'advertise-address': advertise,
    'bind-address': host,
    'secure-port': PORTS.apiServer,
    'service-cluster-ip-range': input.serviceCidr,
    // Where there are nodes, all advertise the endpoint, which leads to whoever serves, and keepers say so once
    // (`clusterObjects`): with `lease` one that ends takes the common address away for some seconds.
    'endpoint-reconciler-type': input.network.nodes === undefined ? 'lease' : 'none',
    'tls-cert-file': server,
    'tls-private-key-file': server,
    'tls-min-version': 'VersionTLS12',
  }
}

/** Who comes in, and what they may do. Anonymous requests get no further than health. */
function accessFlags(input: ControlPlaneInput, files: RenderedFiles, self: Self) {
  const { authorities } = input.keys
  return {
    'client-ca-file': files.add('pki/cluster-ca.pem', authorities.cluster.certificate, 'reload'),
    'requestheader-client-ca-file': files.add('pki/front-proxy-ca.pem', authorities.frontProxy.certificate, 'reload'),
    ...REQUEST_HEADERS,
    'authentication-config': files.addJson('authentication.json', authenticationConfiguration(), 'reload'),
    'authorization-config': files.addJson('authorization.json', authorizationConfiguration(input.kind), 'reload'),
    ...tokenFlags(input, files, self),
  }
}

function tokenFlags(input: ControlPlaneInput, files: RenderedFiles, { name, zone }: Self) {
  if (input.authenticator === undefined) {
    return {}
  }
  const url = input.authenticator.urls[zone]
  if (url === undefined) {
    throw new Error(`zone ${zone} has an API server but no authenticator: give the authenticator's URL in that zone`)
  }
  const client = addLeaf(files, input, {
    name: LEAF.authenticatorClient(name),
    path: 'pki/authenticator-client.pem',
    onChange: 'reload',
  })
  const webhook = kubeconfig({
    server: url,
    serverName: authenticatorServerName(input.clusterId),
    authority: { pem: input.keys.authorities.cluster.certificate },
    client: { file: client },
  })
  return {
    'authentication-token-webhook-config-file': files.addJson('token-webhook.json', webhook, 'restart'),
    'authentication-token-webhook-version': 'v1',
    'authentication-token-webhook-cache-ttl': TOKEN_CACHE,
  }
}

function storageFlags(input: ControlPlaneInput, files: RenderedFiles, { name, zone }: Self) {
  const { host } = addressesOf(input.network, zone)
  const [first = zone] = input.topology.etcdZones
  const etcd = hasHops(input.topology)
    ? httpsUrl(host, PORTS.etcdHop)
    : httpsUrl(addressesOf(input.network, first).host, PORTS.etcdClient)
  const client = addLeaf(files, input, { name: LEAF.etcdClient(name), path: 'pki/etcd-client.pem', onChange: 'reload' })
  return {
    'etcd-servers': etcd,
    'etcd-cafile': files.add('pki/etcd-ca.pem', input.keys.authorities.etcd.certificate, 'restart'),
    'etcd-certfile': client,
    'etcd-keyfile': client,
    'encryption-provider-config': files.addJson('encryption.json', encryptionConfiguration(input.keys), 'reload'),
    'encryption-provider-config-automatic-reload': true,
  }
}

/** How it reaches kubelets, aggregated API servers and webhooks. */
function outwardFlags(input: ControlPlaneInput, files: RenderedFiles, { name }: Self) {
  const kubelet = addLeaf(files, input, {
    name: LEAF.kubeletClient(name),
    path: 'pki/kubelet-client.pem',
    onChange: 'reload',
  })
  const proxy = addLeaf(files, input, {
    name: LEAF.proxyClient(name),
    path: 'pki/proxy-client.pem',
    onChange: 'reload',
  })
  const kubeletAuthority = files.add('pki/kubelet-ca.pem', input.keys.authorities.cluster.certificate, 'restart')
  return {
    // No kube-proxy runs in zones: Services are called at the addresses of their pods.
    'enable-aggregator-routing': input.network.nodes === undefined ? undefined : true,
    'egress-selector-config-file': files.addJson('egress-selector.json', egressConfiguration(), 'restart'),
    'kubelet-certificate-authority': kubeletAuthority,
    'kubelet-client-certificate': kubelet,
    'kubelet-client-key': kubelet,
    'kubelet-preferred-address-types': ['InternalIP', 'Hostname'],
    'proxy-client-cert-file': proxy,
    'proxy-client-key-file': proxy,
  }
}

function serviceAccountFlags(input: ControlPlaneInput, files: RenderedFiles) {
  const { privateKey, publicKey } = input.keys.serviceAccount
  const { host, port } = input.network.endpoint
  return {
    'api-audiences': [API_AUDIENCE, input.oidcIssuer],
    'service-account-issuer': input.oidcIssuer,
    // Else upstream would tell the advertised address, which leads nowhere from outside.
    'service-account-jwks-uri': `${httpsUrl(host, port)}/openid/v1/jwks`,
    'service-account-key-file': files.add('pki/service-account.pub', publicKey, 'restart'),
    'service-account-signing-key-file': files.add('pki/service-account-key.pem', privateKey, 'restart'),
  }
}

/**
 * With another server to go to, clients are led away before the end: `/readyz` fails for 5 s while all is still served,
 * then watches get 10 s to end one by one. A server that is alone would only keep its clients waiting.
 */
function shutdownFlags(input: ControlPlaneInput) {
  return input.topology.apiServerZones.length > 1
    ? {
        'goaway-chance': 0.001,
        'shutdown-delay-duration': '5s',
        'shutdown-send-retry-after': true,
        'shutdown-watch-termination-grace-period': '10s',
      }
    : {
        'goaway-chance': 0,
        'shutdown-delay-duration': '0s',
        'shutdown-watch-termination-grace-period': '0s',
      }
}
