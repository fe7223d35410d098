/** One step function: an input and a state give a state and effects. */
export {}
