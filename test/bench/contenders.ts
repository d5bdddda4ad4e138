import type { Contender } from './contender.ts'
import { fairlead, fairleadChecks, fairleadSockets } from './contenders/fairlead.ts'
import { goCopy } from './contenders/go-copy.ts'
import { haproxy } from './contenders/haproxy.ts'
import { naive } from './contenders/naive.ts'
import { nginx } from './contenders/nginx.ts'

/** Everybody who can be compared, in the table's order. A new one is one file and one line. */
export const contenders: readonly Contender[] = [
  haproxy,
  nginx,
  goCopy,
  fairlead,
  fairleadSockets,
  fairleadChecks,
  naive,
]

/** The one that all ratios are to. */
export const reference = haproxy.name
