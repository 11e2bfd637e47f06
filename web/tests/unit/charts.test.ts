import { expect, test } from 'vitest'
import type { Report, Shown } from '../../src/api/types'
import { mix } from '../../src/charts/colours'
import {
  byMisfit,
  cellEdges,
  describeChart,
  describeMiss,
  exitOf,
  residuals,
  short,
  valueRange,
} from '../../src/charts/measure'
import { timeSpan, viewColumns, zoomBy } from '../../src/charts/stack'
import { showReport, split, withInterval } from '../../src/discover/series'
import { STEPS, scaleOf } from '../../src/parts/sliderScale'

test('the value axis fits the data with a fifth to spare, whatever the laws do', () => {
  expect(valueRange([0, null, 10])).toEqual([-2, 12])
  const [low, high] = valueRange([5, 5])
  expect(low).toBeLessThan(5)
  expect(high).toBeGreaterThan(5)
  expect(valueRange([null])).toEqual([-1, 1])
})

test('a curve that leaves is marked where it leaves for good', () => {
  expect(exitOf([0, 1, 2, 3], [0, 20, 0, 20], [-1, 1])).toEqual({ t: 3, above: true })
  expect(exitOf([0, 1, 2, 3], [0, 0, -9, -9], [-1, 1])).toEqual({ t: 2, above: false })
  expect(exitOf([0, 1], [0, 0], [-1, 1])).toBeNull()
  expect(exitOf([0, 1, 2], [0, 0.9, null], [-1, 1])).toEqual({ t: 2, above: true })
})

test('residuals are in standard deviations, clipped to two, and missing without data', () => {
  expect(residuals([0, null, 0, 0], [1, 1, 9, null], 2)).toEqual([0.5, null, 2, null])
  expect(residuals([0], [1], null)).toEqual([null])
  expect(cellEdges([0, 1, 3])).toEqual([-0.5, 0.5, 2, 4])
})

test('the worst columns come first', () => {
  expect(byMisfit(['x', 'y', 'z'], [{ x: 1, y: 0.2, z: 0.9 }, null])).toEqual([1, 2, 0])
})

test('a chart is told in a sentence', () => {
  const t = [0, 1, 2, 3, 4, 5]
  expect(describeMiss(t, [0, 0, -1, -1, -2, -2])).toBe('too low from 2 to 5')
  expect(describeMiss(t, [0, 0, 0, 0.1, 0, 0])).toBe('follows the data')
  expect(describeChart('y', 'm', [{ label: 'A', r2: 0.5, miss: 'too low from 2 to 5' }])).toBe(
    'y in m over time. A, R2 0.500, too low from 2 to 5.',
  )
  expect([short(0.00001234), short(1234.567), short(0)]).toEqual(['1.23e-5', '1235', '0'])
})

test('sliders reach a tenth and ten times the value, and their own value in the middle', () => {
  for (const start of [9.81, -0.003]) {
    const scale = scaleOf(start)
    expect(scale.toValue(STEPS / 2)).toBe(start)
    expect(scale.toValue(0)).toBeCloseTo(start / 10, 5)
    expect(scale.toValue(STEPS)).toBeCloseTo(start * 10, 3)
    expect(scale.toPosition(start)).toBeCloseTo(STEPS / 2)
  }
  expect(scaleOf(0).toValue(0)).toBe(-1)
  expect(scaleOf(0).toPosition(0)).toBe(STEPS / 2)
})

const shown: Shown = {
  task: 'discover',
  hint: '',
  columns: ['x', 'v', 'w'],
  left_sides: [],
  functions: [],
  time: 't',
  time_unit: '',
  units: {},
  spread: { x: 1, v: 1, w: 1 },
  trials: [
    {
      name: '',
      t: [0, 1],
      values: [
        [0, 0, 0],
        [1, null, 1],
      ],
      inputs: null,
    },
  ],
  held_out: [
    {
      name: '',
      t: [2, 3],
      values: [
        [2, 2, 2],
        [3, 3, 3],
      ],
      inputs: null,
    },
  ],
  inputs: [],
  known: [],
  prompt_length: 0,
}

test('two of three columns are open, and held-out samples lengthen the time', () => {
  const views = viewColumns(shown, 0, [{ label: 'A', colour: 'a', drawing: null, r2: { x: 1, v: 0, w: 0.5 } }], null)
  expect(views.map((view) => view.open)).toEqual([false, true, true])
  expect(views[0]?.data.heldFrom).toBe(2)
  expect(timeSpan(views)).toEqual([0, 3])
  expect(zoomBy([0, 4], 0.5, [0, 4])).toEqual([1, 3])
  expect(zoomBy([0, 2], 4, [0, 4])).toEqual([0, 4])
})

test('own data are split at the hold-out time and written with their interval', () => {
  const [kept, held] = split({ name: '', t: [0, 1, 2], values: [[0], [1], [2]], inputs: [[5], [6], [7]] }, 1)
  expect([kept.t, held?.t, held?.inputs]).toEqual([[0, 1], [2], [[7]]])
  expect(withInterval(0.03221, 0.0012)).toBe('0.0322 ± 0.0012')
  expect(withInterval(12, null)).toBe('12.00')
})

test('a held-out trial that continues the fitted one is drawn behind it', () => {
  const part = (name: string, t: number[], held_out: boolean) => ({
    name,
    held_out,
    t,
    observed: t.map((x) => [x]),
    predicted: t.map((x) => [x]),
    curve: { t, values: t.map((x) => [x]) },
  })
  const report = {
    columns: ['x'],
    units: {},
    time: 't',
    time_unit: '',
    trials: [part('', [0, 1], false), part('', [2, 3], true)],
  } as unknown as Report
  const { shown: drawn, drawing } = showReport(report)
  expect(drawn.trials.map((trial) => trial.t)).toEqual([[0, 1]])
  expect(drawn.held_out.map((trial) => trial.t)).toEqual([[2, 3]])
  expect(drawing.dense[0]?.t).toEqual([0, 1, 2, 3])
})

test('colours are mixed in both of the forms that stylesheets write', () => {
  expect(mix('#fff', '#000000', 0.5)).toBe('rgb(128 128 128)')
  expect(mix('#ff0000', '#fff', 1)).toBe('rgb(255 0 0)')
})
