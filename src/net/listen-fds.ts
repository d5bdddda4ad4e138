/** First descriptor that systemd hands over (`SD_LISTEN_FDS_START`). */
const FIRST_FD = 3
/** More than anybody hands over; a number beyond it is a mistake. */
const MOST_FDS = 1_024

type Env = Readonly<Record<string, string | undefined>>

export interface ListenFd {
  readonly fd: number
  /** `FileDescriptorName=` of the socket unit; empty where none was given. */
  readonly name: string
}

/** What the environment says about sockets that were opened for us. */
export interface ListenFds {
  readonly fds: readonly ListenFd[]
  /** Why there are none although the environment speaks of some; undefined = nothing is wrong. */
  readonly problem: string | undefined
}

/** The variables of the protocol; whoever has read them removes them, so that no child takes them for its own. */
export const LISTEN_VARIABLES = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES'] as const

/** Reads `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` (sd_listen_fds(3)). `pid` is this process's. */
export function readListenFds(env: Env, pid: number): ListenFds {
  const { LISTEN_FDS: count, LISTEN_PID: owner, LISTEN_FDNAMES: names } = env
  if (count === undefined || count === '' || count === '0') return none(undefined)
  if (owner !== String(pid)) {
    // A wrapper (a shell, npx) between systemd and us has the number that they are meant for.
    return none(`LISTEN_FDS=${count} is meant for process ${owner ?? '(none named)'}, not for ${pid}`)
  }
  if (!/^\d{1,4}$/.test(count) || Number(count) > MOST_FDS)
    return none(`LISTEN_FDS=${count} is no count of sockets`)
  const named = names === undefined ? [] : names.split(':')
  return {
    fds: Array.from({ length: Number(count) }, (_, i) => ({ fd: FIRST_FD + i, name: named[i] ?? '' })),
    problem: undefined,
  }
}

function none(problem: string | undefined): ListenFds {
  return { fds: [], problem }
}
