import type { ByteText } from '../core/byte-text.ts'
import type { Latencies } from '../core/snapshot.ts'
import type { Labels, Series } from './text.ts'
import { writeHistogram, writeKeyedLine, writeLine } from './text.ts'

/** One family of series: everything that has one name. */
export interface Metric<Row> {
  /** Without the prefix that its table has. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Rows that have no such thing; default none. */
  readonly lacks?: (row: Row) => boolean
  /** Writes all lines of one row. */
  write(out: ByteText, series: Series, row: Row): void
}

type Value<Row, Of> = (row: Row) => Of

/** Goes up and down. */
export function gauge<Row>(name: string, help: string, value: Value<Row, number | boolean>): Metric<Row> {
  return {
    name,
    type: 'gauge',
    help,
    write: (out, series, row) => writeLine(out, series, Number(value(row))),
  }
}

/** Only grows, until it is reset; its name ends in `_total`. */
export function counter<Row>(name: string, help: string, value: Value<Row, number>): Metric<Row> {
  return { name, type: 'counter', help, write: (out, series, row) => writeLine(out, series, value(row)) }
}

/** A counter with one series for each key of a set that is always the same. */
export function counters<Row>(
  name: string,
  help: string,
  by: { readonly label: string; readonly counts: Value<Row, Iterable<readonly [string, number]>> },
): Metric<Row> {
  return { name, type: 'counter', help, write: keyed(by.label, by.counts) }
}

/** One series for each value that something may have: 1 for the present one, 0 for all others. */
export function oneOf<Row>(
  name: string,
  help: string,
  by: { readonly label: string; readonly among: readonly string[]; readonly is: Value<Row, string> },
): Metric<Row> {
  const { label, among, is } = by
  const values = (row: Row): [string, number][] => among.map((value) => [value, is(row) === value ? 1 : 0])
  return { name, type: 'gauge', help, write: keyed(label, values) }
}

/** How long something takes; its name ends in `_seconds`. */
export function durations<Row>(name: string, help: string, value: Value<Row, Latencies>): Metric<Row> {
  return {
    name,
    type: 'histogram',
    help,
    write: (out, series, row) => writeHistogram(out, series, value(row)),
  }
}

/** What never changes, as labels beside those that tell rows apart; the value is always 1. */
export function info<Row>(name: string, help: string, more: Value<Row, Labels>): Metric<Row> {
  return {
    name,
    type: 'gauge',
    help,
    write: (out, { name: full, of }, row) =>
      writeLine(out, { name: full, of: [of, more(row)].filter(Boolean).join(',') }, 1),
  }
}

/** The same metrics for those rows alone that have what they tell of. */
export function onlyFor<Row>(has: Value<Row, boolean>, metrics: readonly Metric<Row>[]): Metric<Row>[] {
  return metrics.map((metric) => ({ ...metric, lacks: (row) => !has(row) }))
}

function keyed<Row>(
  label: string,
  counts: Value<Row, Iterable<readonly [string, number]>>,
): Metric<Row>['write'] {
  return (out, series, row) => {
    for (const [key, value] of counts(row)) writeKeyedLine(out, series, { label, key, value })
  }
}
