/** The comedy actor that is asked in P4 and killed in P5; comedy loads it in a process of its own. */
export default class Asked {
  ask({ id }: { readonly id: string }): object {
    return { id, outcome: { kind: 'answer', value: 1_250, state: 'queued', version: 3 } }
  }

  whoAreYou(): object {
    return { pid: process.pid }
  }
}
