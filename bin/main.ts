/** The `brigade` command: what `npx brigade` and `npm start` load. */
import { brigade } from './brigade.ts'
import { processTerminal } from './terminal/terminal.ts'

process.exitCode = await brigade(process.argv.slice(2), processTerminal())
