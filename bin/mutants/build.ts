/**
 * A build of this project with one bug in it, in a folder of its own.
 *
 * Owns:     the copy, the change, and compiling what was changed.
 * Does not: run anything in it.
 *
 * Invariants:
 *   B1. Nothing outside of the copy is written: no command and no test of this project can meet a mutant by chance.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, planted } from './mutant.ts'

/** Whatever a build or a test of it reads, but for packages: those are found further up. */
const parts = [
  'actors',
  'bin',
  'cluster.config.ts',
  'dist',
  'gateway',
  'package-lock.json',
  'package.json',
  'projections',
  'runtime',
  'scenarios',
  'scripts',
  'sim',
  'tsconfig.base.json',
  'vitest.config.ts',
]

/** The clone that this file is part of, compiled or not; undefined in an installed package, which has no sources. */
export function cloneRoot(folder = dirname(fileURLToPath(import.meta.url))): string | undefined {
  if (!existsSync(join(folder, 'package.json'))) return cloneRoot(dirname(folder))
  return existsSync(join(folder, 'tsconfig.base.json')) ? folder : undefined
}

/**
 * Makes the build in `.mutants/NAME`, and returns that folder.
 *
 * @throws Error when the change fits nowhere or does not compile.
 */
export function buildWith(mutant: Mutant, root: string, name: string = mutant.id): string {
  const folder = join(root, '.mutants', name)
  removeBuild(folder)
  mkdirSync(folder, { recursive: true })
  for (const part of parts) {
    cpSync(join(root, part), join(folder, part), {
      recursive: true,
      // What is newer than its compiled form is compiled again: the changed file, and nothing else.
      preserveTimestamps: true,
      filter: (path) => !path.endsWith('.tsbuildinfo'),
    })
  }
  rewrite(join(folder, mutant.file), (text) => planted(text, mutant))
  // Files of failures say which code failed.
  rewrite(join(folder, 'package.json'), (text) => {
    const manifest = JSON.parse(text) as { version: string }
    return JSON.stringify({ ...manifest, version: `${manifest.version}+mutant.${mutant.id}` }, undefined, 2)
  })
  execFileSync(process.execPath, [join(folder, 'scripts', 'run.mjs'), 'compile'], { stdio: 'pipe' })
  return folder
}

export function removeBuild(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}
