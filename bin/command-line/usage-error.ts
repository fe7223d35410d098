/** Something that whoever typed the command can mend: what is wrong, and what to do next. */
export class UsageError extends Error {
  /** A line of its own under the message. */
  readonly next: string | undefined
  /** What a program decides by: a refusal of a running cluster has the code of its problem. */
  readonly code: string

  constructor(message: string, next?: string, code = 'USAGE') {
    super(message)
    this.name = 'UsageError'
    this.next = next
    this.code = code
  }
}
