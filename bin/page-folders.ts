/**
 * Where the pages, the inspector and the storefront, are built to: beside the compiled code, in a clone and in the installed
 * package.
 *
 * Does not: build them (scripts/run.mjs), or wait until they are built: each page says so itself, and comes back.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

export const inspectorFolder = join(packageRoot, 'dist', 'inspector')
export const storefrontFolder = join(packageRoot, 'dist', 'storefront')

/**
 * In a clone, has them built when they are stale: in a process of its own, and out of the way of what runs. To be called when
 * the cluster is open; before, it would keep the nodes from starting.
 */
export function refreshPages(): void {
  if (!existsSync(join(packageRoot, 'inspector'))) return
  const builder = spawn(process.execPath, [join(packageRoot, 'scripts', 'run.mjs'), 'pages'], {
    stdio: 'ignore',
    detached: true,
  })
  if (builder.pid !== undefined) setPriority(builder.pid, constants.priority.PRIORITY_LOW)
  builder.unref()
}
