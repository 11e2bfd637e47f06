import { expect, test } from 'vitest'
import { EventReader } from '../../src/api/events'
import type { Turn } from '../../src/api/types'
import { applyToSides, emptySide, headline, type Sides, shownTurn, solvedIn, TAIL } from '../../src/compare/run'

const turn = (number: number, match: number, solved = false): Turn =>
  ({
    number,
    answer: '',
    seconds: 1,
    drawing: null,
    verdict: {
      match,
      reward: match / 2,
      solved,
      error: null,
      feedback: '',
      terms: {},
      weights: {},
      details: {},
      solved_at: 0.93,
    },
  }) as Turn
const event = (name: string, data: Record<string, unknown>) => ({ name, data, id: null })
const fresh = (): Sides => [emptySide('a', 'sparse'), emptySide('b', 'you')]

test('events that come again change nothing', () => {
  const events = [
    event('turn_started', { number: 1, side: 0 }),
    event('token', { text: 'abc', side: 0 }),
    event('turn', { ...turn(1, 0.4), side: 0 }),
    event('turn_started', { number: 2, side: 0 }),
    event('turn', { ...turn(2, 0.99, true), side: 0 }),
    event('end', { status: 'finished', error: null, code: null, side: 0 }),
  ]
  const once = events.reduce(applyToSides, fresh())
  expect(once[0].turns.map((each) => each.number)).toEqual([1, 2])
  expect(events.reduce(applyToSides, once)[0].turns).toEqual(once[0].turns)
  expect(once[0].status).toBe('finished')
  expect(once[1].turns).toEqual([])
})

test('only the end of what is written is kept', () => {
  const sides = [
    event('turn_started', { number: 1, side: 1 }),
    event('token', { text: 'x'.repeat(9000), side: 1 }),
    event('token', { text: 'end', side: 1 }),
  ].reduce(applyToSides, fresh())
  expect(sides[1].tail.length).toBe(TAIL)
  expect(sides[1].tail.endsWith('end')).toBe(true)
})

test('the strip shows the same number on both sides, or the last one there is', () => {
  const side = { ...emptySide('a', 'sparse', 'finished'), turns: [turn(1, 0.2), turn(2, 0.9), turn(3, 0.5)] }
  expect(shownTurn(side, null)?.number).toBe(2)
  expect(shownTurn(side, 1)?.number).toBe(1)
  expect(shownTurn(side, 7)?.number).toBe(3)
  expect(shownTurn({ ...side, status: 'running' }, null)?.number).toBe(3)
  expect(shownTurn({ ...side, turns: [] }, 1)).toBeUndefined()
})

test('the headline is A minus B', () => {
  const sides: Sides = [
    { ...emptySide('a', 'sparse', 'finished'), turns: [turn(1, 0.3), turn(2, 0.99, true)] },
    { ...emptySide('b', 'x', 'finished'), turns: [turn(1, 0.4)] },
  ]
  const numbers = headline(sides, [sides[0].turns[1], sides[1].turns[0]])
  expect(numbers.match).toBeCloseTo(0.59)
  expect(numbers.turns).toEqual(['2', '–'])
  expect(solvedIn(sides[1].turns)).toBeNull()
})

test('a stream is read in any pieces', () => {
  const stream =
    ': hello\n\nevent: turn\nid: 3.1\ndata: {"number": 1}\n\nevent: token\r\ndata: {"text":\r\ndata: "a"}\r\n\r\nevent: x\ndata: no json\n\n'
  for (const size of [1, 7, 1000]) {
    const reader = new EventReader()
    const events = []
    for (let k = 0; k < stream.length; k += size) events.push(...reader.push(stream.slice(k, k + size)))
    expect(events).toEqual([
      { name: 'turn', data: { number: 1 }, id: '3.1' },
      { name: 'token', data: { text: 'a' }, id: null },
    ])
  }
})
