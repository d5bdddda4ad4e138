import { readFile } from 'node:fs/promises'
import { test } from 'tap'
import { prometheusText } from '../../src/metrics/prometheus.ts'
import { promtool } from '../helpers/promtool.ts'
import { FACTS, snapshotOf } from './rig.ts'

const RULES = 'fixtures/deploy/alerts.yaml'

void test('the alert rules', async (t) => {
  void t.test('are rules that Prometheus takes', async (sub) => {
    const { isGood, said } = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES])
    sub.ok(isGood, said)
  })

  void t.test('fire when they should, and stay silent when they should', async (sub) => {
    const { isGood, said } = await promtool(['test', 'rules', 'fixtures/deploy/alerts.test.yaml'])
    sub.ok(isGood, said)
  })

  void t.test('look at metrics that there are', async (sub) => {
    const text = (['tcp', 'http'] as const)
      .map((mode) => prometheusText(snapshotOf({ mode }), FACTS))
      .join('')
    const rules = await readFile(RULES, 'utf8')
    const names = rules
      .split('\n')
      .filter((line) => !line.includes('alert:'))
      .flatMap((line) => line.match(/\b(fairlead|nodejs|process)_\w+/g) ?? [])
    sub.ok(names.length > 10)
    const unknown = names.filter((name) => !new RegExp(`^${name}[ {]`, 'm').test(text))
    sub.same(unknown, [])
  })
})
