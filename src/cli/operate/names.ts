/** The commands that speak to a running balancer; what they do is loaded only when one is asked for. */
export const operateNames: readonly string[] = [
  'status',
  'top',
  'drain',
  'ready',
  'maint',
  'weight',
  'add',
  'remove',
  'sessions',
  'kill',
  'reload',
  'events',
  'explain',
]
