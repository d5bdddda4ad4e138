import t from 'tap'
import { flagTable } from '../../src/config/flag-table.ts'
import type { BalancerOptions } from '../../src/config/options.ts'
import { expectation, readSetting } from '../../src/config/read-setting.ts'
import { resolveOptions } from '../../src/config/resolve.ts'
import { environmentName, flagText, type Setting } from '../../src/config/setting.ts'
import { settings } from '../../src/config/settings.ts'

const all: readonly Setting[] = settings

/** Issue by issue, these names were promised; taking one away breaks somebody's start script. */
const PROMISED = (
  '--balance --check --check-path --check-port --check-interval --check-timeout --check-expect --rise --fall ' +
  '--initial --retries --connect-timeout --idle-timeout --half-closed-timeout --queue-timeout ' +
  '--max-connections --backend-max-connections --max-queue --no-eject --when-all-down --on-down ' +
  '--slow-start --backup --shutdown-timeout --log-level --log-format --no-session-log ' +
  '--mode --request-timeout --body-timeout --response-timeout --keep-alive-timeout --max-head-size --max-body-size ' +
  '--trusted-proxies --forwarded --via --explain --upgrades --access-log --error-pages --sticky --sticky-cookie ' +
  '--backend-ca --no-backend-verify'
).split(' ')

void t.test('every promised flag is there', async (sub) => {
  const flags = all.map(flagText)
  sub.same(
    PROMISED.filter((flag) => !flags.includes(flag)),
    [],
  )
})

void t.test('an option is its flag in camelCase, and each name is there once', async (sub) => {
  for (const { flag, key } of all) {
    sub.equal(
      key,
      flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    )
  }
  sub.equal(new Set(all.map(({ flag }) => flag)).size, all.length)
})

void t.test('every setting says what happens without it', async (sub) => {
  for (const setting of all) {
    sub.equal(setting.default === undefined, setting.unset !== undefined, setting.flag)
  }
})

void t.test('every default is a value that the setting accepts', async (sub) => {
  for (const setting of all) {
    const { default: fallback } = setting
    if (fallback !== undefined) sub.doesNotThrow(() => readSetting(setting, fallback), setting.flag)
  }
})

void t.test('settings of the command are no options of the library', async (sub) => {
  for (const { key } of all.filter((setting) => setting.commandOnly === true)) {
    const options = { listen: 0, backends: [], [key]: 'x' } as BalancerOptions
    sub.throws(() => resolveOptions(options), new RegExp(`^${key}: is not an option`, 'm'))
  }
})

void t.test('values outside the limits, and empty ones, are refused with the limits', async (sub) => {
  for (const setting of all.filter(({ kind }) => kind === 'integer')) {
    const { min = 0, max = 0 } = setting
    sub.equal(readSetting(setting, String(min)), min, setting.flag)
    sub.equal(readSetting(setting, max), max, setting.flag)
    for (const value of [min - 1, max + 1, 1.5, NaN, null, '1.5', {}]) {
      sub.throws(() => readSetting(setting, value), new RegExp(`from ${min} to ${max}, not`), setting.flag)
    }
  }
  for (const setting of all) {
    sub.throws(() => readSetting(setting, ''), { message: `needs a value: ${expectation(setting)}` })
  }
})

void t.test('switches read the usual words', async (sub) => {
  const eject = all.find(({ key }) => key === 'eject') as Setting
  for (const word of ['true', '1', 'yes', 'ON', true]) sub.equal(readSetting(eject, word), true)
  for (const word of ['false', '0', 'no', 'Off', false]) sub.equal(readSetting(eject, word), false)
})

void t.test('headers are read from lines and from objects, and cannot smuggle a second one', async (sub) => {
  const header = all.find(({ key }) => key === 'checkHeader') as Setting
  sub.same(readSetting(header, ['X-A: 1', 'X-B:two:three']), { 'X-A': '1', 'X-B': 'two:three' })
  sub.same(readSetting(header, { 'X-A': ' 1 ' }), { 'X-A': '1' })
  for (const value of ['no colon', 'bad name: x', 'A: b\r\nC: d', { A: 1 }, { 'a\n': 'b' }, 5]) {
    sub.throws(() => readSetting(header, value), /must be "Name: value", not/)
  }
})

void t.test('what no HTTP field can carry is refused before it is sent cut', async (sub) => {
  const header = all.find(({ key }) => key === 'checkHeader') as Setting
  const host = all.find(({ key }) => key === 'checkHost') as Setting
  const body = all.find(({ key }) => key === 'checkBody') as Setting
  sub.same(readSetting(header, 'X-A: caf\u00e9'), { 'X-A': 'caf\u00e9' })
  sub.throws(() => readSetting(header, 'X-A: a\u0100'), {
    message: 'the value of X-A: no HTTP field can carry "\u0100"',
  })
  sub.throws(() => readSetting(host, '\u{1f600}.example'), /no HTTP field can carry/)
  sub.equal(readSetting(body, '\u{1f600}'), '\u{1f600}', 'a body can')
})

void t.test('sizes keep to their limits, as text and as number', async (sub) => {
  const head = all.find(({ key }) => key === 'maxHeadSize') as Setting
  sub.equal(readSetting(head, '2KiB'), 2_048)
  sub.equal(readSetting(head, 2_048), 2_048)
  for (const value of [1_023, '2MiB', 1.5, NaN, null, {}]) {
    sub.throws(() => readSetting(head, value), /must be a size from 1KiB to 1MiB, not/)
  }
})

void t.test('lists are given in one text, in several, or both', async (sub) => {
  const proxies = all.find(({ key }) => key === 'trustedProxies') as Setting
  sub.same(readSetting(proxies, ['10.0.0.0/8,::1', '192.0.2.1']), ['10.0.0.0/8', '::1', '192.0.2.1'])
  sub.same(readSetting(proxies, []), [])
  sub.throws(() => readSetting(proxies, [5]), {
    message: 'must be addresses such as 10.0.0.0/8 or fd00::1, not 5',
  })
  sub.throws(() => readSetting(proxies, ['::1', '']), {
    message: 'needs a value: addresses such as 10.0.0.0/8 or fd00::1',
  })
})

void t.test('a name, a folder or certificates that are no text are refused', async (sub) => {
  for (const key of ['via', 'sticky', 'stickyCookie', 'errorPages', 'backendCa']) {
    const setting = all.find((known) => known.key === key) as Setting
    sub.throws(() => readSetting(setting, 5), { message: `must be ${expectation(setting)}, not 5` }, key)
  }
})

void t.test('environment names are derived from flags', async (sub) => {
  sub.equal(environmentName('connect-timeout'), 'FAIRLEAD_CONNECT_TIMEOUT')
})

void t.test('the table for the README holds a line for each flag', async (sub) => {
  const table = flagTable()
  sub.equal(table.match(/^\| `--/gm)?.length, all.length)
  sub.match(table, '| `--connect-timeout` | `5s` | Time for one attempt to connect; 0 = no limit |')
  sub.match(table, '| `--no-eject` | on |')
})
