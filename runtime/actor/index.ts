/** What the author of an actor imports: definitions, refs, effects, errors. */
export {}
