/** The `brigade` command: reads its arguments and runs one of its verbs. */
const usage = `brigade <command>

Commands:
  start     run a cluster on this machine
  --help    show this text
`

process.stdout.write(usage)
