/** Which code runs: of a clone its commit, of the installed package its version. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot as root } from './package-root.ts'

/** `9f31c0d2e4ab`, with `+changes` when the working tree is not what was committed. */
export function codeVersion(): string {
  if (!existsSync(join(root, '.git'))) return version()
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const changes = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+changes'
    return git('rev-parse', '--short=12', 'HEAD') + changes
  } catch {
    return version()
  }
}

function version(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}
