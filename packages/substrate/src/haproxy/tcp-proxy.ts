/** A server behind a TCP proxy. */
export interface TcpProxyServer {
  /** Unique in the proxy: letters, digits, `-`, `_`, `.`. */
  readonly name: string
  readonly host: string
  readonly port: number
}

/** `GET path` over TLS, every `intervalMs`. Two failures take a server out, one success takes it in again. */
export interface TcpProxyCheck {
  readonly path: string
  /** Absolute path of PEM certificates that sign the servers' certificates. */
  readonly caFile: string
  /** Absolute path of one PEM file with certificate and key, where the servers ask for a client certificate. */
  readonly clientPemFile?: string
  /** Sent as SNI and `Host`, and the name that the servers' certificates are checked for. */
  readonly serverName: string
  readonly intervalMs: number
  /** Where the check is answered on another port than the traffic. */
  readonly port?: number
  /** How long an accepted check may take: 2,000 unless said. */
  readonly timeoutMs?: number
  /**
   * What an answer other than 200 means for the connections that a server has. `cut` (the default): they are closed.
   * `drain`: they stay, only new ones go elsewhere, as behind a server that is shutting down in good order. No answer at
   * all always cuts.
   */
  readonly onUnready?: 'cut' | 'drain'
}

/** Somewhere to listen. */
export interface TcpListener {
  readonly bind: string
  readonly port: number
}

/** Something else that the same process passes on, to whichever server takes connections. */
export interface TcpRelay extends TcpListener {
  /** Unique in the proxy: letters, digits, `-`, `_`, `.`. */
  readonly name: string
  readonly servers: readonly { readonly host: string; readonly port: number }[]
}

/** One HAProxy process that passes TCP to the healthy ones of its servers. */
export interface TcpProxy extends TcpListener {
  /** Where else it listens. */
  readonly alsoAt?: readonly TcpListener[]
  readonly relays?: readonly TcpRelay[]
  readonly servers: readonly TcpProxyServer[]
  readonly check: TcpProxyCheck
  /** Path of the unix socket of HAProxy's runtime API, made with mode 0600; relative to the working folder or absolute. */
  readonly statsSocket?: string
  readonly maxConnections: number
  /**
   * With no healthy server left, try the unhealthy ones rather than refuse: a check may be wrong, and an error that the
   * server itself words says more than a refused connection.
   */
  readonly failOpen?: boolean
  /**
   * Which healthy server gets a new connection. `least` (the default): the one that has the fewest. `first`: the first in
   * the order of `servers`, or the next one where that refuses; so connections stay together, and near where it is near.
   */
  readonly prefer?: 'least' | 'first'
  /** Readable at the runtime API as process variable `MARK_VARIABLE`: letters and digits. */
  readonly mark?: string
}

/** Name of HAProxy's one proxy in a rendered text, as the runtime API wants it (`set server tcp/<server> ...`). */
export const PROXY_NAME = 'tcp'
/** Process variable that carries `TcpProxy.mark`. */
export const MARK_VARIABLE = 'proc.evenkeel_mark'
/** Name suffix of the second, unchecked entry that `failOpen` gives to each server. */
export const UNCHECKED_SUFFIX = '-unchecked'

/** Text of an haproxy.cfg for HAProxy 2.6 or later, run with `-db`. Pure; throws on what would not parse. */
export function renderTcpProxy(proxy: TcpProxy): string {
  const relays = (proxy.relays ?? []).flatMap((relay) => renderRelay(relay, proxy.check.intervalMs))
  return `${[...renderGlobal(proxy), ...renderDefaults(proxy), ...renderListen(proxy), ...relays].join('\n')}\n`
}

function renderGlobal(proxy: TcpProxy): string[] {
  return [
    'global',
    `  maxconn ${proxy.maxConnections}`,
    '  nbthread 1',
    // Where the hard limit of open files is low, fewer connections are better than no start.
    '  no strict-limits',
    // Bounds how long a process that was told to finish (SIGUSR1) waits for connections that never end.
    '  hard-stop-after 15m',
    '  tune.bufsize 16384',
    // Nothing here uses HAProxy's own HTTP client, which otherwise loads all certificates of the system (1 MB).
    '  httpclient.ssl.verify none',
    '  log stdout format raw local0 notice',
    ...(proxy.statsSocket === undefined
      ? []
      : [`  stats socket ${quoted(`unix@${proxy.statsSocket}`)} mode 600 level admin`, '  stats timeout 10s']),
    ...(proxy.mark === undefined ? [] : [`  set-var ${MARK_VARIABLE} str(${word(proxy.mark)})`]),
    '',
  ]
}

function renderDefaults(proxy: TcpProxy): string[] {
  return [
    'defaults',
    '  mode tcp',
    '  log global',
    `  maxconn ${proxy.maxConnections}`,
    // A refused connection is tried with another server at once, before the client hears of it (HAProxy waits a second
    // first where only one server is healthy).
    '  retries 3',
    '  option redispatch 1',
    '  timeout connect 1s',
    `  timeout check ${proxy.check.timeoutMs ?? 2000}ms`,
    // Watches and execs are silent for long; keep-alive finds the peers that are gone.
    '  timeout client 24h',
    '  timeout server 24h',
    '  timeout client-fin 30s',
    '  timeout server-fin 30s',
    '  option clitcpka',
    '  option srvtcpka',
    '',
  ]
}

/** How soon a server that has just failed is asked again. */
const CONFIRM_INTERVAL_MS = 50

function renderListen(proxy: TcpProxy): string[] {
  const { check } = proxy
  const sni = word(check.serverName)
  const tls = [
    `check-ssl verify required ca-file ${quoted(check.caFile)} check-sni ${sni} verifyhost ${sni}`,
    ...(check.clientPemFile === undefined ? [] : [`crt ${quoted(check.clientPemFile)}`]),
    ...(check.port === undefined ? [] : [`port ${check.port}`]),
  ].join(' ')
  return [
    `listen ${PROXY_NAME}`,
    ...[proxy, ...(proxy.alsoAt ?? [])].map(({ bind, port }) => `  bind ${bind}:${port}`),
    `  balance ${proxy.prefer === 'first' ? 'first' : 'leastconn'}`,
    '  option allbackups',
    '  option httpchk',
    `  http-check send meth GET uri ${quoted(check.path)} ver HTTP/1.1 hdr Host ${sni} hdr Connection close`,
    // HAProxy calls a "conditional pass" what we call draining: up for the connections it has, not for new ones.
    `  http-check expect ${check.onUnready === 'drain' ? 'error-status L7OKC ' : ''}status 200`,
    `  default-server inter ${check.intervalMs}ms fastinter ${CONFIRM_INTERVAL_MS}ms fall 2 rise 1 on-marked-down shutdown-sessions`,
    // A refused connection makes the next checks come at once, and they decide. Were it counted as a failure itself
    // (HAProxy 2.6), a second one would be cut instead of being tried with another server; and a server that takes no new
    // connection, since it leaves in good order, would lose those that it has.
    '  default-server observe layer4 error-limit 1 on-error fastinter',
    ...proxy.servers.map((server) => `  ${serverLine(server)} check ${tls}`),
    ...(proxy.failOpen ? proxy.servers : []).map(
      (server) => `  ${serverLine({ ...server, name: `${server.name}${UNCHECKED_SUFFIX}` })} backup`,
    ),
  ]
}

function renderRelay(relay: TcpRelay, intervalMs: number): string[] {
  return [
    '',
    `listen ${word(relay.name)}`,
    `  bind ${relay.bind}:${relay.port}`,
    '  balance leastconn',
    `  default-server inter ${intervalMs}ms fastinter ${CONFIRM_INTERVAL_MS}ms fall 2 rise 1 on-marked-down shutdown-sessions`,
    '  default-server observe layer4 error-limit 1 on-error fastinter',
    ...relay.servers.map(({ host, port }, at) => `  server ${at + 1} ${host}:${port} check`),
  ]
}

function serverLine(server: TcpProxyServer): string {
  return `server ${word(server.name)} ${server.host}:${server.port}`
}

function word(text: string): string {
  if (!/^[A-Za-z0-9._-]+$/.test(text)) throw new Error(`"${text}" cannot be a word of an HAProxy configuration`)
  return text
}

/** Strong quotes: HAProxy takes everything between them as it is. */
function quoted(text: string): string {
  if (/['\n\r\0]/.test(text)) throw new Error(`"${text}" cannot be quoted in an HAProxy configuration`)
  return `'${text}'`
}
