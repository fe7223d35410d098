/** Side-by-side measurements. */
export {}
