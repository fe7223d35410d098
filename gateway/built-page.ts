/**
 * A page and its files, as they were built: the inspector and the storefront.
 *
 * Owns:     which files there are, and what a browser may do with them.
 * Does not: build them (scripts/run.mjs), or ask who reads them: they hold no secret, and a browser that opens an address
 *           has no token to send. What they show comes from routes that ask for it.
 *
 * Invariants:
 *   I1. An address is looked up among names of files that were read, and never becomes a path.
 *   I2. What a name with a hash stands for never changes; the page, which names them, is asked for each time.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { Problem } from './problems.ts'
import type { Server } from './server.ts'

interface BuiltFile {
  readonly bytes: Buffer
  readonly type: string
  readonly tag: string
}

interface Built {
  readonly page: BuiltFile
  readonly assets: ReadonlyMap<string, BuiltFile>
}

/** Nothing of another origin, and no script or style that stands in the page itself. */
const pagePolicy = [
  "default-src 'self'",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Until the files are there, a page that looks again each second, without a script. */
const waitingPage = (name: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta http-equiv="refresh" content="1">
<title>Brigade</title>
<h1>The ${name} is being built</h1>
<p>This takes some seconds, and this page comes back by itself.
<p>If it does not: <code>npm run build</code> says why.
</html>
`

/** Serves the page at `/`. `folder`: of the built files. They may appear, and change, while it serves. */
export function pageRoutes(app: Server, folder: string, name: 'inspector' | 'storefront'): void {
  const files = new BuiltPage(folder)
  // Several phones behind one address load it at once, and a page without its style is none.
  const config = { isOpen: true, isUncounted: true }
  const schema = { hide: true } as const
  app.get('/', { config, schema }, async ({ headers }, reply) => {
    reply.header('content-security-policy', pagePolicy).header('cache-control', 'no-cache')
    const built = await files.built()
    if (built !== undefined) return send(reply, built.page, headers['if-none-match'])
    return reply.code(503).header('retry-after', '1').type('text/html; charset=utf-8').send(waitingPage(name))
  })
  app.get(
    '/assets/:name',
    { config, schema: { ...schema, params: Type.Object({ name: Type.String() }) } },
    async ({ headers, params }, reply) => {
      const file = (await files.built())?.assets.get(params.name)
      if (file === undefined) throw new Problem('not-found', `The ${name} has no such file. Reload its page.`)
      // A worker is bound by what its own file came with, and not by its page's.
      reply
        .header('content-security-policy', pagePolicy)
        .header('cache-control', 'public, max-age=31536000, immutable')
      return send(reply, file, headers['if-none-match'])
    },
  )
}

function send(reply: FastifyReply, file: BuiltFile, known: string | undefined): FastifyReply {
  reply.header('etag', file.tag)
  if (known?.split(/\s*,\s*/).some((tag) => tag.replace(/^W\//, '') === file.tag))
    return reply.code(304).send()
  return reply.type(file.type).send(file.bytes)
}

class BuiltPage {
  readonly #folder: string
  #built: Promise<Built> | undefined
  #madeAt = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** As it is on the disk now; undefined while there is none. Read once for each build: it is some megabytes. */
  async built(): Promise<Built | undefined> {
    try {
      const { mtimeMs } = await stat(join(this.#folder, 'index.html'))
      if (this.#built === undefined || mtimeMs !== this.#madeAt) {
        this.#madeAt = mtimeMs
        this.#built = readBuilt(this.#folder)
      }
      return await this.#built
    } catch (error) {
      this.#built = undefined
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
}

async function readBuilt(folder: string): Promise<Built> {
  const page = await readBuiltFile(folder, 'index.html')
  const assets = new Map<string, BuiltFile>()
  const inAssets = join(folder, 'assets')
  for (const name of await readdir(inAssets)) assets.set(name, await readBuiltFile(inAssets, name))
  return { page, assets }
}

async function readBuiltFile(folder: string, name: string): Promise<BuiltFile> {
  const bytes = await readFile(join(folder, name))
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  return { bytes, type: types[extname(name)] ?? 'application/octet-stream', tag }
}
