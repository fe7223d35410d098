/** Something that whoever typed the command can mend: what is wrong, and what to do next. */
export class UsageError extends Error {
  /** A line of its own under the message. */
  readonly next: string | undefined

  constructor(message: string, next?: string) {
    super(message)
    this.name = 'UsageError'
    this.next = next
  }
}
