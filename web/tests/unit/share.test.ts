import { beforeEach, expect, test } from 'vitest'
import type { DataColumn, SubjectRow, Turn } from '../../src/api/types'
import { requestOf } from '../../src/compare/players'
import { asCurl, asLatex, asPython } from '../../src/compare/share'
import { deleteKey, findKey, isPrivateConnection, saveKey } from '../../src/connect/keys'
import { rolesOf, withRole } from '../../src/discover/roles'
import { differences, runningMean, seriesOf } from '../../src/runs/series'
import { insertAt, withParams } from '../../src/you/draft'
import { choose, readFilter, uncovered, writeFilter } from '../../src/zoo/filter'
import { readPoses } from '../../src/zoo/recording'

const problem = {
  task: 'discover',
  subject: 'free_fall',
  split: 'test' as const,
  index: 4,
  level: 3,
  options: { noise: 0.1, uneven: true, hint: 'names' },
}

beforeEach(() => localStorage.clear())

test('Python writes options as Python and answers as strings', () => {
  const text = asPython(problem, [{ answer: '{"equation": "x\'"}\n' } as Turn], 8)
  expect(text).toContain('task.pose("free_fall", split="test", index=4, level=3, noise=0.1, uneven=True, hint="names")')
  expect(text).toContain('"{\\"equation\\": \\"x\'\\"}\\n",')
})

test('LaTeX is shared without the hooks of the sliders', () => {
  expect(asLatex({ latex: '\\ddot{y} = -\\htmlData{param=g}{g} + \\htmlData{param=k_1}{k_{1}} \\dot{y}^{2}' })).toBe(
    '\\ddot{y} = -g + k_{1} \\dot{y}^{2}',
  )
})

test('a key is in storage under its base URL when asked, and in no shared text', () => {
  saveKey('http://localhost:1/v1/', { key: 'canary', model: 'm' }, true)
  expect(Object.keys(localStorage)).toEqual(['gedanken:keys:1'])
  expect(findKey('http://localhost:1/v1')?.key).toBe('canary')
  expect(requestOf('url:http://localhost:1/v1|m', []).api_key).toBe('canary')
  expect(asCurl('', problem, [{ endpoint: 'http://localhost:1/v1', model: 'm' }], 8)).not.toContain('canary')
  saveKey('http://localhost:1/v1', { key: 'other', model: 'm' }, false)
  expect(localStorage.length).toBe(0)
  expect(findKey('http://localhost:1/v1')?.key).toBe('other')
  deleteKey('http://localhost:1/v1')
  expect(findKey('http://localhost:1/v1')).toBeNull()
})

test('plain http is private on this machine alone', () => {
  expect(isPrivateConnection({ protocol: 'http:', hostname: '127.0.0.1' })).toBe(true)
  expect(isPrivateConnection({ protocol: 'http:', hostname: 'box.local' })).toBe(false)
  expect(isPrivateConnection({ protocol: 'https:', hostname: 'example.org' })).toBe(true)
})

test('a draft keeps the values of the parameters that it still names', () => {
  expect(withParams({ equation: '', params: { g: 9, k: 2 } }, ['k', 'c']).params).toEqual({ k: 2, c: 1 })
  expect(insertAt('a = g', 5, 5, 'vy')).toEqual({ text: 'a = g vy', cursor: 8 })
})

test('time is held by one column', () => {
  const column = (header: string, role: DataColumn['role']): DataColumn => ({
    header,
    role,
    kind: 'number',
    unit: '',
    velocity_of: null,
    preview: [],
  })
  const columns = withRole([column('t', 'time'), column('y', 'state'), column('s', 'ignore')], 's', 'time')
  expect(columns.map((each) => each.role)).toEqual(['ignore', 'state', 'time'])
  const moved = withRole(columns, 't', 'velocity')
  const given = { inputs: [], held_inputs: [], parameters: [] }
  expect(rolesOf(moved, null)).toEqual({
    ...given,
    time: 's',
    state: ['y'],
    trial: null,
    order: null,
    velocities: { y: 't' },
  })
  const driven = rolesOf([...columns, column('u', 'input'), column('on', 'held_input'), column('m', 'parameter')], 2)
  expect(driven).toMatchObject({ state: ['y'], inputs: ['u'], held_inputs: ['on'], parameters: ['m'] })
})

test('the zoo is filtered by all that stands in the address, and laws stay covered', () => {
  const row = (name: string, category: string, tier: number, held_out: boolean): SubjectRow => ({
    name,
    category,
    tier,
    held_out,
    about: '',
    summary: `${name} moves`,
    equation: 'x',
    source: '',
  })
  const rows = [row('one', 'a', 1, false), row('two', 'a', 2, true), row('three', 'b', 2, false)]
  const filter = readFilter(new URLSearchParams('category=a&held=held out&tier=2'))
  expect(choose(rows, filter).map((each) => each.name)).toEqual(['two'])
  expect(readFilter(writeFilter(filter))).toEqual(filter)
  expect(choose(rows, readFilter(new URLSearchParams('text=thr')))).toHaveLength(1)
  expect(uncovered('A body falls: drag grows with the square.')).toBe('A body falls.')
})

test('recordings and metrics are read', () => {
  const bytes = new Uint8Array(new Float32Array([1.5, -2]).buffer)
  expect([...readPoses(btoa(String.fromCharCode(...bytes)))]).toEqual([1.5, -2])
  expect(runningMean([2, 4, 6], 2)).toEqual([2, 3, 5])
  expect(seriesOf([{ step: 5, loss: 1 }, { step: 6 }, { loss: 3 }], 'loss')).toEqual({ x: [5, 2], y: [1, 3] })
  expect(
    differences([
      { a: { lr: 1 }, b: 2 },
      { a: { lr: 3 }, b: 2 },
    ]),
  ).toEqual([['a.lr', ['1', '3']]])
})
