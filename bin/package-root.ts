/** The folder of package.json, for what runs from source and for what was compiled, which lies one folder deeper. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const packageRoot = rootOf(dirname(fileURLToPath(import.meta.url)))

function rootOf(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootOf(dirname(folder))
}
