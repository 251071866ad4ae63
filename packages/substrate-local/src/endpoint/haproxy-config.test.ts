import type { EndpointSpec } from '@evenkeel/substrate'
import { describe, expect, it } from 'vitest'
import { endpointDigest, endpointMark, endpointShape, renderEndpoint } from './haproxy-config.ts'

const spec: EndpointSpec = {
  cluster: 'k7pmw2x9qa',
  bind: '127.9.0.2',
  port: 6443,
  backends: [
    { zone: 'a', host: '127.9.1.2', port: 6443 },
    { zone: 'b', host: '127.9.2.2', port: 6443 },
  ],
  caCertificate: 'PEM',
  serverName: 'kubernetes',
}

describe('the configuration of a balancer', () => {
  it('when a spec is given, it renders the whole of it', () => {
    expect(renderEndpoint(spec)).toMatchInlineSnapshot(`
      "global
        maxconn 4000
        nbthread 1
        no strict-limits
        hard-stop-after 15m
        tune.bufsize 16384
        httpclient.ssl.verify none
        log stdout format raw local0 notice
        stats socket 'unix@admin.sock' mode 600 level admin
        stats timeout 10s
        set-var proc.evenkeel_mark str(66d9da705983651b-501b3659fd316cde)

      defaults
        mode tcp
        log global
        maxconn 4000
        retries 3
        option redispatch 1
        timeout connect 1s
        timeout check 3000ms
        timeout client 24h
        timeout server 24h
        timeout client-fin 30s
        timeout server-fin 30s
        option clitcpka
        option srvtcpka

      listen tcp
        bind 127.9.0.2:6443
        balance leastconn
        option allbackups
        option httpchk
        http-check send meth GET uri '/readyz' ver HTTP/1.1 hdr Host kubernetes hdr Connection close
        http-check expect error-status L7OKC status 200
        default-server inter 500ms fastinter 50ms fall 2 rise 1 on-marked-down shutdown-sessions
        default-server observe layer4 error-limit 1 on-error fastinter
        server a 127.9.1.2:6443 check check-ssl verify required ca-file 'ca.pem' check-sni kubernetes verifyhost kubernetes
        server b 127.9.2.2:6443 check check-ssl verify required ca-file 'ca.pem' check-sni kubernetes verifyhost kubernetes
        server a-unchecked 127.9.1.2:6443 backup
        server b-unchecked 127.9.2.2:6443 backup
      "
    `)
  })

  it.each([
    ['a backend moves', { backends: [spec.backends[0]!, { zone: 'b', host: '127.9.2.3', port: 6444 }] }, true],
    ['the certificate changes', { caCertificate: 'other' }, true],
    ['a backend is added', { backends: [...spec.backends, { zone: 'c', host: '127.9.3.2', port: 6443 }] }, false],
    ['the name changes', { serverName: 'other' }, false],
    ['the port changes', { port: 16443 }, false],
  ])('when %s, the digest changes and the shape says whether a running process can follow', (_, change, canFollow) => {
    const changed = { ...spec, ...change }
    expect(endpointDigest(changed)).not.toBe(endpointDigest(spec))
    expect(endpointShape(changed) === endpointShape(spec)).toBe(canFollow)
    expect(endpointMark(changed)).toBe(`${endpointShape(changed)}-${endpointDigest(changed)}`)
  })

  it('when backends are named in another order, nothing changes', () => {
    expect(endpointMark({ ...spec, backends: spec.backends.toReversed() })).toBe(endpointMark(spec))
  })
})
