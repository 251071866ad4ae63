import { describe, expect, it } from 'vitest'
import { renderTcpProxy, type TcpProxy } from './tcp-proxy.ts'

const proxy: TcpProxy = {
  bind: '127.9.0.2',
  port: 6443,
  servers: [
    { name: 'a', host: '127.9.1.2', port: 6443 },
    { name: 'b', host: '127.9.2.2', port: 6443 },
  ],
  check: { path: '/readyz', caFile: '/state/ca.pem', serverName: 'kubernetes', intervalMs: 500 },
  maxConnections: 4000,
}

describe('renderTcpProxy', () => {
  it('when everything is asked for, it renders every line', () => {
    expect(
      renderTcpProxy({
        ...proxy,
        check: {
          ...proxy.check,
          clientPemFile: '/state/client.pem',
          port: 2381,
          timeoutMs: 1500,
          onUnready: 'drain',
        },
        statsSocket: '/run/s.sock',
        failOpen: true,
        mark: 'abc123',
      }),
    ).toMatchInlineSnapshot(`
      "global
        maxconn 4000
        nbthread 1
        no strict-limits
        hard-stop-after 15m
        tune.bufsize 16384
        httpclient.ssl.verify none
        log stdout format raw local0 notice
        stats socket 'unix@/run/s.sock' mode 600 level admin
        stats timeout 10s
        set-var proc.evenkeel_mark str(abc123)

      defaults
        mode tcp
        log global
        maxconn 4000
        retries 3
        option redispatch 1
        timeout connect 1s
        timeout check 1500ms
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
        server a 127.9.1.2:6443 check check-ssl verify required ca-file '/state/ca.pem' check-sni kubernetes verifyhost kubernetes crt '/state/client.pem' port 2381
        server b 127.9.2.2:6443 check check-ssl verify required ca-file '/state/ca.pem' check-sni kubernetes verifyhost kubernetes crt '/state/client.pem' port 2381
        server a-unchecked 127.9.1.2:6443 backup
        server b-unchecked 127.9.2.2:6443 backup
      "
    `)
  })

  it('when answers that are not 200 cut and nothing else is asked for, it renders just that', () => {
    const text = renderTcpProxy(proxy)
    expect(text).toContain('  http-check expect status 200\n')
    expect(text).not.toContain('stats socket')
    expect(text).not.toContain('-unchecked')
  })

  it('when the first server is preferred, connections are not spread', () => {
    expect(renderTcpProxy({ ...proxy, prefer: 'first' })).toContain('  balance first\n')
    expect(renderTcpProxy(proxy)).toContain('  balance leastconn\n')
  })

  it.each([
    ['a path with a quote', { ...proxy, statsSocket: "/run/it's.sock" }],
    ['a path with a line break', { ...proxy, check: { ...proxy.check, caFile: '/ca\n  stats socket x' } }],
    ['a server name with a space', { ...proxy, check: { ...proxy.check, serverName: 'a b' } }],
    ['a mark with a bracket', { ...proxy, mark: 'a)' }],
  ])('when it is given %s, it refuses', (_, spec) => {
    expect(() => renderTcpProxy(spec)).toThrow(/cannot be/)
  })
})
