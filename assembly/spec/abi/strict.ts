// What strict mode tells the host of each use of a cache (hostUse), besides the request and what became of it.

/** The requester's line of the context cache says something else than the entries in memory. */
export const USE_CONTEXT_STALE: u32 = 0x0000_0001;
/** So does the line of the PASID cache. */
export const USE_PASID_STALE: u32 = 0x0000_0002;
