import type { Contender } from './contender.ts'
import {
  fairlead,
  fairleadChecks,
  fairleadHttp,
  fairleadHttpSockets,
  fairleadSockets,
} from './contenders/fairlead.ts'
import {
  fairleadBusyAdmin,
  fairleadBusyNeighbour,
  fairleadQuietAdmin,
} from './contenders/fairlead-operated.ts'
import { fairleadReloading } from './contenders/fairlead-reloading.ts'
import { goCopy } from './contenders/go-copy.ts'
import { goHttp, goHttpPool } from './contenders/go-http.ts'
import { haproxyHttp } from './contenders/haproxy-http.ts'
import { haproxyBusyAdmin } from './contenders/haproxy-operated.ts'
import { haproxy } from './contenders/haproxy.ts'
import { naive } from './contenders/naive.ts'
import { nginxHttp } from './contenders/nginx-http.ts'
import { nginx } from './contenders/nginx.ts'
import { nodeHttp } from './contenders/node-http.ts'

/** Everybody who can be compared, in the table's order. A new one is one file and one line. */
export const contenders: readonly Contender[] = [
  haproxy,
  nginx,
  goCopy,
  fairlead,
  fairleadSockets,
  fairleadChecks,
  naive,

  haproxyHttp,
  haproxyBusyAdmin,
  nginxHttp,
  goHttp,
  goHttpPool,
  fairleadHttp,
  fairleadHttpSockets,
  fairleadQuietAdmin,
  fairleadBusyAdmin,
  fairleadBusyNeighbour,
  fairleadReloading,
  nodeHttp,
]
