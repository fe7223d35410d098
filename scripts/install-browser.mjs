/**
 * Installs Chromium for the tests of the inspector, where it can: on Debian and its kin, as root.
 *
 * Does not: download a browser of its own; elsewhere BRIGADE_CHROMIUM names one that is there.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const given = process.env.BRIGADE_CHROMIUM
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const present = (given === undefined ? places : [given]).find((path) => existsSync(path))
const run = (...args) => spawnSync('apt-get', args, { stdio: 'inherit' }).status === 0

if (present !== undefined) console.log(`There is one already: ${present}`)
else if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
  const isInstalled = run('update', '-q') && run('install', '-y', '-q', '--no-install-recommends', 'chromium')
  process.exitCode = isInstalled ? 0 : 1
} else {
  console.error(
    'Chromium can be installed here on Debian alone, as root: `sudo npm run browser`.\nElsewhere set BRIGADE_CHROMIUM to the path of a Chromium or Chrome.',
  )
  process.exitCode = 1
}
