import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gateway, startGateway } from './index.ts'
import { FakeCluster } from './testing/fake-cluster.ts'

const token = 'a-token-of-enough-length'
const folder = mkdtempSync(join(tmpdir(), 'brigade-inspector-'))
const built = join(folder, 'built')
let open: Gateway
let closed: Gateway

function build(into: string, script: string, madeAt: number): void {
  mkdirSync(join(into, 'assets'), { recursive: true })
  writeFileSync(join(into, 'assets', 'index-a1.js'), script)
  writeFileSync(join(into, 'assets', 'index-a1.css'), 'p {}')
  writeFileSync(join(into, 'assets', 'archivo-a1.woff2'), 'font')
  writeFileSync(join(into, 'index.html'), `<!doctype html><title>${script}</title>`)
  utimesSync(join(into, 'index.html'), madeAt, madeAt)
}

const start = (options: object): Promise<Gateway> =>
  startGateway({ client: new FakeCluster([]), site: 'main', port: 0, opsPort: 0, ...options })

beforeAll(async () => {
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  build(built, 'first', 1)
  open = await start({ inspector: built })
  closed = await start({ inspector: built, token })
})
afterAll(async () => {
  await Promise.all([open.close(), closed.close()])
  rmSync(folder, { recursive: true })
})

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${open.opsUrl}${path}`, { method, headers })

/** As it was typed: `fetch` would tidy the address up. */
function raw(target: string): Promise<string> {
  const { port } = new URL(open.opsUrl)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), '127.0.0.1')
    socket
      .on('data', (chunk) => {
        text += chunk.toString('latin1')
      })
      .on('close', () => resolve(text))
      .on('error', reject)
    socket.write(`GET ${target} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`)
  })
}

describe('the page', () => {
  test('is asked for each time, and loads nothing but files of its own server', async () => {
    const response = await get('/')
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('first')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    })
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'self'; connect-src 'self'")
    expect(policy).not.toMatch(/unsafe|\*|http|data:/)
  })

  test('has workers that may do what it may', async () => {
    const { headers } = await get('/assets/index-a1.js')
    expect(headers.get('content-security-policy')).toContain("connect-src 'self'")
  })

  test('is not sent again to who has it', async () => {
    const tag = (await get('/')).headers.get('etag') ?? ''
    const again = await get('/', { 'if-none-match': `"other", W/${tag}` })
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag])
    expect((await get('/', { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('is another once it was built again', async () => {
    const again = join(folder, 'again')
    build(again, 'second', 2)
    rmSync(built, { recursive: true })
    renameSync(again, built)
    expect(await (await get('/')).text()).toContain('second')
    expect(await (await get('/assets/index-a1.js')).text()).toBe('second')
  })

  test('says so while there is none yet, and looks again by itself', async () => {
    const gateway = await start({ inspector: join(folder, 'to-come') })
    try {
      const early = await fetch(gateway.opsUrl)
      expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await early.text()).toContain('<meta http-equiv="refresh" content="1">')
      expect((await fetch(`${gateway.opsUrl}/assets/index-a1.js`)).status).toBe(404)
      build(join(folder, 'to-come'), 'there', 1)
      expect(await (await fetch(gateway.opsUrl)).text()).toContain('there')
    } finally {
      await gateway.close()
    }
  })

  test('is not there where no inspector was given', async () => {
    const gateway = await start({})
    expect((await fetch(gateway.opsUrl)).status).toBe(404)
    await gateway.close()
  })
})

describe('its files', () => {
  test.each([
    ['index-a1.js', 'text/javascript; charset=utf-8'],
    ['index-a1.css', 'text/css; charset=utf-8'],
    ['archivo-a1.woff2', 'font/woff2'],
  ])('%s is %s, and kept for ever', async (name, type) => {
    const { status, headers } = await get(`/assets/${name}`)
    expect(status).toBe(200)
    expect([headers.get('content-type'), headers.get('cache-control')]).toEqual([
      type,
      'public, max-age=31536000, immutable',
    ])
    const again = await get(`/assets/${name}`, { 'if-none-match': headers.get('etag') ?? '' })
    expect(again.status).toBe(304)
  })

  test('HEAD tells of a file what GET does, without the file', async () => {
    for (const path of ['/', '/assets/index-a1.js']) {
      const [whole, head] = [await get(path), await get(path, {}, 'HEAD')]
      expect([head.status, await head.text()]).toEqual([200, ''])
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control'])
        expect(head.headers.get(name)).toBe(whole.headers.get(name))
    }
  })

  test('what is none of them is a problem, and its address leads nowhere', async () => {
    const missing = await get('/assets/index-b2.js')
    expect([missing.status, missing.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ])
    expect(missing.headers.get('cache-control')).toBe('no-store')
    for (const target of [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/assets/..%2f..%2fsecret.txt',
      '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/assets/..\\..\\secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/assets/index-a1.js%00',
      '/assets/%00',
      '/assets/%',
      '/assets//index-a1.js',
      '/assets/',
      '//assets/index-a1.js',
      '/index.html',
      '/assets/__proto__',
    ]) {
      const answer = await raw(target)
      expect(answer, target).toMatch(/^HTTP\/1\.1 40[04] /)
      expect(answer, target).toContain('application/problem+json')
      expect(answer, target).not.toContain('secret\r\n')
    }
  })
})

describe('the storefront', () => {
  test('is at the door of guests, by the same rules, and the operators’ leads there', async () => {
    const gateway = await start({ storefront: built, inspector: built })
    try {
      const page = await fetch(`${gateway.url}/`)
      expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-cache'])
      expect(page.headers.get('content-security-policy')).toContain("default-src 'self'; connect-src 'self'")
      const again = await fetch(`${gateway.url}/`, {
        headers: { 'if-none-match': page.headers.get('etag') ?? '' },
      })
      expect(again.status).toBe(304)
      const script = await fetch(`${gateway.url}/assets/index-a1.js`)
      expect(script.headers.get('cache-control')).toContain('immutable')
      expect((await fetch(`${gateway.url}/assets/..%2f..%2fsecret.txt`)).status).toBe(404)
      const away = await fetch(`${gateway.opsUrl}/storefront`, { redirect: 'manual' })
      expect([away.status, away.headers.get('location')]).toEqual([302, `${gateway.url}/`])
    } finally {
      await gateway.close()
    }
  })

  test('says that it is being built while it is not', async () => {
    const gateway = await start({ storefront: join(folder, 'nowhere') })
    const early = await fetch(`${gateway.url}/`)
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await early.text()).toContain('The storefront is being built')
    await gateway.close()
  })

  test('is reached by the name that the operator came by, where guests come by any', async () => {
    const gateway = await start({ storefront: built, inspector: built, host: '0.0.0.0' })
    const { port } = new URL(gateway.url)
    const away = await fetch(`${gateway.opsUrl.replace('127.0.0.1', 'localhost')}/storefront`, {
      redirect: 'manual',
    })
    expect(away.headers.get('location')).toBe(`http://localhost:${port}/`)
    await gateway.close()
  })

  test('is counted against nobody: all who share an address get the whole of it', async () => {
    const gateway = await start({ storefront: built, rateLimit: 'everybody' })
    const isCounted = async (path: string) => (await fetch(`${gateway.url}${path}`)).headers.has('ratelimit')
    expect(await Promise.all(['/', '/assets/index-a1.js', '/nothing'].map(isCounted))).toEqual([
      false,
      false,
      true,
    ])
    await gateway.close()
  })
})

describe('with a token', () => {
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${closed.opsUrl}${path}`, { headers })

  test('the page and its files are for everybody, and nothing else is', async () => {
    expect((await ask('/')).status).toBe(200)
    expect((await ask('/assets/index-a1.css')).status).toBe(200)
    expect((await ask('/ops/v1/cluster')).status).toBe(401)
    expect((await ask('/openapi.json')).status).toBe(401)
    expect((await ask('/ops/v1/cluster', { authorization: `Bearer ${token}` })).status).toBe(200)
  })

  test('a page of another origin is refused these, too', async () => {
    expect((await ask('/', { origin: 'https://evil.example' })).status).toBe(403)
  })
})
