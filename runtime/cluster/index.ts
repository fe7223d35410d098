/** Which node owns which shard, as step functions. */
export {}
