/** What should hold at any time, in a person's words. */
const names: Readonly<Record<string, string>> = {
  'every-shard-owned': 'Every shard has an owner',
  'no-shard-waits-for-a-build': 'No shard waits for a newer build',
  'no-dead-letters': 'No dead letters',
  'no-backlog': 'No backlog',
  'departments-answer': 'Every department answers',
}

/** One that this page does not know is shown by its id. */
export const invariantNameOf = (id: string): string => names[id] ?? id
