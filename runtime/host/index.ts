/** The only loop: drives kernel and cluster over a set of ports. */
export {}
