/** Handlers of outbound calls, and the stub parties they talk to. */
export {}
