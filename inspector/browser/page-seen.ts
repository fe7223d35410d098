/**
 * A page of the inspector as a person has it, and everything that the browser says against it.
 */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export interface Seen {
  readonly page: Page
  /** Errors, warnings and what the policy of the page has refused. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** In a context of its own: nothing is kept from a page before. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Seen> {
  const context = await browser.newContext({ viewport: { width: 1_440, height: 900 }, ...options })
  const page = await context.newPage()
  // A bound against hanging, out of the reach of a busy machine.
  page.setDefaultTimeout(50_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    // How fast a processor draws what a graphics card would is nothing against the page.
    const isOfDriver = message.text().includes('GL Driver Message')
    if (!isOfDriver && ['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`refused by the policy: ${violatedDirective} ${blockedURI}`),
    )
  })
  await page.goto(url)
  return { page, complaints, close: () => context.close() }
}

/** It is closed whatever is seen of it. */
export async function lookAt(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  see: (seen: Seen) => Promise<void>,
): Promise<void> {
  const seen = await openPage(browser, url, options)
  try {
    await see(seen)
  } finally {
    await seen.close()
  }
}

/** Boxes that reach out of the page to the right, by their class: what a person would have to scroll for, or never sees. */
export const cutOff = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const isScrolled = (element: Element): boolean =>
      element.closest('.scrolls, .aloud, .list, dialog:not([open])') !== null
    return [...document.querySelectorAll('body *')].flatMap((element) => {
      const { right, width, height } = element.getBoundingClientRect()
      if (width === 0 || height === 0 || right <= innerWidth + 0.5 || isScrolled(element)) return []
      return [
        `${element.tagName.toLowerCase()}.${element.getAttribute('class') ?? ''} ends at ${Math.round(right)}`,
      ]
    })
  })
