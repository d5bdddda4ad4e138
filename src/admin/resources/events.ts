import { badRequest } from '../api-error.ts'
import { LIVE_EVENTS } from '../events/event-names.ts'
import { flag, listOf, text } from '../http/parameters.ts'
import { route } from '../http/route.ts'

export const eventRoutes = [
  route({
    method: 'GET',
    path: '/api/v1/events',
    id: 'streamEvents',
    tag: 'events',
    summary: 'What happens, as it happens (server-sent events)',
    description: [
      'Messages, by their `event:`; the data of each is one JSON object:',
      '- `event`: `{ id, at, name, data }`: a change of state, such as `backend:down`. Its `id:` is `RUN.NUMBER`;',
      '  the latest 1,000 are kept, and sent first where `since` or `Last-Event-ID` asks for them. After a restart',
      '  another RUN begins, and all that are kept are sent.',
      '- `gap`: `{ missed }`: so many of those asked for are forgotten already.',
      '- `snapshot` (with `snapshot`): as `GET /api/v1/status`; one at once and one a second. A reader that is slow',
      '  misses some.',
      '- `live` (with `live`): `{ at, name, data }`: events that come per session, request or check. At most 100 a',
      '  second; `{ skipped }` tells how many more there were.',
      '',
      'A comment each 15 s keeps the connection alive. A reader that lets more than 64 KiB wait is cut off; it may',
      'come back with `Last-Event-ID`, as an `EventSource` does by itself.',
    ].join('\n'),
    query: {
      since: text(
        'Send first what came after this id; a bare number, or `RUN.NUMBER`; `0` = all that are kept.',
        {
          pattern: '^([0-9a-z]+\\.)?[0-9]{1,15}$',
        },
      ),
      snapshot: flag('Also `snapshot` messages.'),
      live: listOf(`Also \`live\` messages of these: ${LIVE_EVENTS.join(', ')}.`, LIVE_EVENTS),
    },
    type: 'text/event-stream',
    answers: {
      200: { description: 'The stream.' },
      503: { description: 'As many streams are open as may be.' },
    },
    handle: ({ context, query, request }) => {
      const since = query.since ?? request.headersDistinct['last-event-id']?.[0]
      if (since !== undefined && !/^(?:[0-9a-z]+\.)?\d{1,15}$/.test(since)) {
        throw badRequest('since and Last-Event-ID must be an id as this stream gave it')
      }
      const snapshot = query.snapshot ?? false
      context.streams.assertRoom({ snapshot })
      return {
        type: 'text/event-stream',
        headers: { 'X-Accel-Buffering': 'no' },
        stream: (response) =>
          context.streams.open(response, {
            since,
            snapshot,
            live: query.live ?? [],
          }),
      }
    },
  }),
]
