/**
 * Where the inspector is built to: beside the compiled code, in a clone and in the installed package.
 *
 * Does not: build it (scripts/run.mjs), or wait until it is built: its page says so itself, and comes back.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

export const inspectorFolder = join(packageRoot, 'dist', 'inspector')

/**
 * In a clone, has it built when it is stale: in a process of its own, and out of the way of what runs. To be called when the
 * cluster is open; before, it would keep the nodes from starting.
 */
export function refreshInspector(): void {
  if (!existsSync(join(packageRoot, 'inspector'))) return
  const builder = spawn(process.execPath, [join(packageRoot, 'scripts', 'run.mjs'), 'inspector'], {
    stdio: 'ignore',
    detached: true,
  })
  if (builder.pid !== undefined) setPriority(builder.pid, constants.priority.PRIORITY_LOW)
  builder.unref()
}
