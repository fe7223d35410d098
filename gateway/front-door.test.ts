import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { type RequestOptions, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { definitions, menuRef } from '#actors'
import { Machine } from '#kernel'
import { type CertificateFiles, makeCertificates, tlsOf } from '../bin/certificates.ts'
import { type Gateway, type GatewayOptions, startGateway } from './index.ts'
import { FakeCluster } from './testing/fake-cluster.ts'

const folder = mkdtempSync(join(tmpdir(), 'brigade-certs-'))
let files: CertificateFiles
let gateway: Gateway
const origin = 'https://shop.example'

function start(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const cluster = new FakeCluster(
    definitions.map((definition) => ({ definition, machine: new Machine(definition) })),
  )
  cluster.deliver(menuRef('main'), { type: 'menu.open' })
  return startGateway({ client: cluster, site: 'main', port: 0, opsPort: 0, ...options })
}
beforeAll(async () => {
  files = await makeCertificates(join(folder, 'certs'))
  gateway = await start({ corsOrigins: [origin] })
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

describe('HTTPS', () => {
  const asked = (url: string, options: RequestOptions): Promise<{ status: number; headers: object }> =>
    new Promise((resolve, reject) => {
      request(url, { agent: false, ...options }, (response) => {
        response.resume()
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }))
      })
        .on('error', reject)
        .end()
    })

  test('is spoken by both listeners to a client that trusts the authority, by name and by address', async () => {
    const secure = await start({ tls: tlsOf(files.cert, files.key) })
    const ca = readFileSync(files.ca, 'utf8')
    for (const url of [
      `${secure.url}/healthz`,
      `${secure.url.replace('127.0.0.1', 'localhost')}/api/v1/menu`,
      `${secure.opsUrl}/ops/v1/cluster`,
    ]) {
      expect(url).toMatch(/^https:/)
      const { status, headers } = await asked(url, { ca })
      expect([url, status]).toEqual([url, 200])
      expect(headers).toMatchObject({ 'strict-transport-security': 'max-age=31536000' })
    }
    await expect(asked(`${secure.url}/healthz`, {})).rejects.toMatchObject({
      code: expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED|UNABLE_TO_GET_ISSUER/),
    })
    await expect(fetch(secure.url.replace('https', 'http'))).rejects.toThrow()
    await secure.close()
  })

  test('C1: keys are their owner’s alone, the authority’s is nowhere, and nothing is written over', async () => {
    expect(statSync(files.key).mode & 0o777).toBe(0o600)
    expect(readFileSync(files.ca, 'utf8')).not.toContain('PRIVATE KEY')
    await expect(makeCertificates(join(folder, 'certs'))).rejects.toMatchObject({
      code: 'CLUSTER_CONFIG_INVALID',
    })
  })

  test('is refused with a key of another certificate, or none', async () => {
    const other = await makeCertificates(join(folder, 'other'))
    for (const [cert, key] of [
      [files.cert, other.key],
      [files.cert, files.cert],
      [files.cert, join(folder, 'nowhere')],
    ] as const) {
      expect(() => tlsOf(cert, key)).toThrow(/--tls-/)
    }
  })
})

describe('what browsers are told', () => {
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${gateway.url}${path}`, { method, headers })

  test('an answer is data: it loads nothing, is in no frame, and is kept by nobody', async () => {
    for (const path of ['/api/v1/orders/ord_1', '/api/v1/nothing', '/healthz']) {
      const { headers } = await get(path)
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('vary')).toContain('Authorization')
      expect(headers.get('strict-transport-security')).toBeNull()
    }
  })

  test('a page of a listed site may ask, one of another may not', async () => {
    const listed = await get('/api/v1/menu', { origin })
    expect(listed.headers.get('access-control-allow-origin')).toBe(origin)
    expect(listed.headers.get('access-control-expose-headers')).toContain('ETag')
    expect(listed.headers.get('vary')).toMatch(/Origin/)
    expect(listed.headers.get('vary')).toMatch(/Authorization/)
    const other = await get('/api/v1/menu', { origin: 'https://evil.example' })
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
    const preflight = await get(
      '/api/v1/orders',
      {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'idempotency-key',
      },
      'OPTIONS',
    )
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin])
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key')
  })

  test('without a list nobody else’s page may', async () => {
    const closed = await start()
    const { headers } = await fetch(`${closed.url}/api/v1/menu`, { headers: { origin } })
    expect(headers.get('access-control-allow-origin')).toBeNull()
    await closed.close()
  })
})

describe('/docs', () => {
  test('shows the document, and all of it comes from here', async () => {
    const page = await fetch(`${gateway.url}/docs`)
    const html = await page.text()
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//)
    // A page under this policy runs no script that stands in it.
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/)
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => String(part))
    expect(parts.length).toBeGreaterThan(3)
    for (const part of parts) {
      const { status } = await fetch(new URL(part, `${page.url}/`.replace(/\/+$/, '/')))
      expect([part, status]).toEqual([part, 200])
    }
    const shown = (await (await fetch(`${gateway.url}/docs/json`)).json()) as { paths: object }
    const own = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { paths: object }
    expect(Object.keys(shown.paths)).toEqual(Object.keys(own.paths))
  })
})
