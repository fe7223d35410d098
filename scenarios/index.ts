/** Restaurant days, and the seeds that once failed. */
export {}
