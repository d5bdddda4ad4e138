/**
 * Whether an error code tells of this machine rather than of the backend: out of descriptors, ports, buffers or memory.
 * Such a fault is never held against a backend.
 */
export function isLocalFault(code: string): boolean {
  return LOCAL_FAULTS.has(code)
}

const LOCAL_FAULTS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'])
