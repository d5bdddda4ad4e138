import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import type { Test } from 'tap'
import { grantedCpus } from '../../src/service/granted-cpus.ts'

/** Below whatever this machine has, so that it is the limit which is seen. */
const TENTH = '10000 100000'

function cpusWhere(t: Test, files: Record<string, string>): number {
  const root = t.testdir()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), `${text}\n`)
  }
  return grantedCpus(root)
}

void test('a limit of the control group, version 2', (t) => {
  void t.test('its own, in a container', (sub) => {
    sub.equal(cpusWhere(sub, { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': TENTH }), 0.1)
    sub.end()
  })
  void t.test('one around it, where its own is wider', (sub) => {
    const files = {
      'proc/self/cgroup': '0::/system.slice/fairlead.service',
      'sys/fs/cgroup/system.slice/fairlead.service/cpu.max': '20000 100000',
      'sys/fs/cgroup/system.slice/cpu.max': TENTH,
    }
    sub.equal(cpusWhere(sub, files), 0.1)
    sub.end()
  })
  void t.test('of one that lies outside of what the process sees', (sub) => {
    sub.equal(cpusWhere(sub, { 'proc/self/cgroup': '0::/../pod', 'sys/fs/cgroup/cpu.max': TENTH }), 0.1)
    sub.end()
  })
  void t.test('none', (sub) => {
    const files = { 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/cpu.max': 'max 100000' }
    sub.equal(cpusWhere(sub, files), availableParallelism())
    sub.end()
  })
  t.end()
})

void test('a limit of the control group, version 1', (t) => {
  const cgroup = '4:memory:/other\n3:cpuset:/other\n2:cpu,cpuacct:/docker/1\n1:name=systemd:/\n0::/'
  const limit = (group: string, quota: string): Record<string, string> => ({
    'proc/self/cgroup': cgroup,
    [`sys/fs/cgroup/cpu/${group}cpu.cfs_quota_us`]: quota,
    [`sys/fs/cgroup/cpu/${group}cpu.cfs_period_us`]: '50000',
  })
  void t.test('its own', (sub) => {
    sub.equal(cpusWhere(sub, limit('docker/1/', '5000')), 0.1)
    sub.end()
  })
  void t.test('in a container, whose group is the root that it sees', (sub) => {
    sub.equal(cpusWhere(sub, limit('', '5000')), 0.1)
    sub.end()
  })
  void t.test('none', (sub) => {
    sub.equal(cpusWhere(sub, limit('docker/1/', '-1')), availableParallelism())
    sub.end()
  })
  t.end()
})

void test('where there are no control groups, or no sense in what they say', (t) => {
  void t.test('nothing to read', (sub) => {
    sub.equal(cpusWhere(sub, {}), availableParallelism())
    sub.end()
  })
  void t.test('no numbers', (sub) => {
    const files = { 'proc/self/cgroup': 'x\n0::/', 'sys/fs/cgroup/cpu.max': '' }
    sub.equal(cpusWhere(sub, files), availableParallelism())
    sub.end()
  })
  t.end()
})
