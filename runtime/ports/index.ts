/** The outside world as the runtime asks for it: interfaces, no implementations. */
export {}
