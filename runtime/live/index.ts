/** The ports over a real machine. */
export {}
