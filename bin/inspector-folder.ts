/** Where the inspector is built to: beside the compiled code, in a clone and in the installed package. */
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

export const inspectorFolder = join(packageRoot, 'dist', 'inspector')
