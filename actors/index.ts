/** The restaurant. */
export {}
