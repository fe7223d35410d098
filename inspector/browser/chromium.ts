/**
 * The browser of the tests: one that is installed, started with an empty profile.
 *
 * Does not: bring a browser. `npm run browser` installs Debian's; elsewhere BRIGADE_CHROMIUM names one.
 */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
]

/** @throws when there is none: what no browser has shown is not known to work. */
export function startBrowser(): Promise<Browser> {
  const given = process.env.BRIGADE_CHROMIUM
  const executablePath = given ?? usualPlaces.find((path) => existsSync(path))
  if (executablePath === undefined || !existsSync(executablePath)) {
    throw new Error(
      `${given === undefined ? 'No Chromium was found' : `There is no browser at BRIGADE_CHROMIUM=${given}`}. ` +
        '`npm run browser` installs one on Debian, as root; elsewhere set BRIGADE_CHROMIUM to the path of one.',
    )
  }
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
