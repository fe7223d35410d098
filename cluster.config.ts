/** The composition root: the actors, the ports and the bounds that make one cluster. */
export {}
