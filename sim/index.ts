/** The ports over one seeded queue of events. */
export {}
