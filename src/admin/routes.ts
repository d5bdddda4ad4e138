import type { Route } from './http/route.ts'
import { backendRoutes } from './resources/backends.ts'
import { dashboardRoutes } from './resources/dashboard.ts'
import { documentRoutes } from './resources/documents.ts'
import { eventRoutes } from './resources/events.ts'
import { faultRoutes } from './resources/faults.ts'
import { healthRoutes } from './resources/health.ts'
import { loginRoutes } from './resources/login.ts'
import { poolRoutes } from './resources/pools.ts'
import { processRoutes } from './resources/process.ts'
import { sessionRoutes } from './resources/sessions.ts'
import { statusRoutes } from './resources/status.ts'

/** Everything that can be asked: the router and the OpenAPI document are made of this. */
export const routes: readonly Route[] = [
  ...statusRoutes,
  ...poolRoutes,
  ...backendRoutes,
  ...sessionRoutes,
  ...eventRoutes,
  ...faultRoutes,
  ...processRoutes,
  ...documentRoutes,
  ...healthRoutes,
  ...loginRoutes,
  ...dashboardRoutes,
]
