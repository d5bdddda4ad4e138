/**
 * What holding a chunk costs at the least, in bytes: a client that sends byte by byte must not make us hold a hundred
 * times as much as we count.
 */
export const LEAST_CHUNK_COST = 128
