/**
 * `/storefront` of the operator listener leads to the public one, wherever that listens.
 *
 * Does not: serve the storefront (`pageRoutes` does, on the public listener). It tells nothing but that address, so it is open
 *           as the page is that links to it.
 */
import type { Server } from '../server.ts'

const anyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** `host`: what the public listener is bound to; `url` is asked late, because a listener may choose its port. */
export function storefrontLink(
  app: Server,
  { url, host }: { readonly url: () => string; readonly host: string },
): void {
  app.get('/storefront', { config: { isOpen: true }, schema: { hide: true } }, ({ hostname }, reply) => {
    const address = new URL('/', url())
    // Bound to every address, it is at the one by which the operator came.
    if (anyAddress.has(host)) address.hostname = hostname
    return reply.redirect(address.href)
  })
}
