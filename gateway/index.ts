/** The HTTP and WebSocket door of a cluster. */
export {}
