/** Which code runs: of a clone its commit, of the installed package its version. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `9f31c0d2e4ab`, with `+changes` when the working tree is not what was committed. */
export function codeVersion(): string {
  const root = rootOf(dirname(fileURLToPath(import.meta.url)))
  if (!existsSync(join(root, '.git'))) return versionIn(root)
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    const changes = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+changes'
    return git('rev-parse', '--short=12', 'HEAD') + changes
  } catch {
    return versionIn(root)
  }
}

// Compiled, this file lies one folder deeper.
function rootOf(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootOf(dirname(folder))
}

function versionIn(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
}
