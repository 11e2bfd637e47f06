import { describe, expect, test } from 'vitest'
import { nameEndpoint, nameOf, readPlayer } from '../../src/compare/players'
import {
  defaults,
  isPlayer,
  names,
  problemOf,
  readSettings,
  settingsOf,
  writeSettings,
} from '../../src/compare/settings'

const presets = [
  { name: 'openai', title: 'OpenAI', base_url: 'https://api.openai.com/v1', model: 'm', needs_key: true },
]

describe('settings in the address', () => {
  test('come back as they were written', () => {
    const settings = {
      ...defaults,
      subject: 'lorenz',
      seed: 7,
      level: null,
      noise: 0.02,
      uneven: true,
      rows: 12,
      b: 'openai:gpt',
    }
    expect(readSettings(writeSettings(settings), { ...defaults, level: null }).settings).toEqual(settings)
  })
  test('that are unknown or out of range are dropped by name', () => {
    const { settings, dropped } = readSettings(
      new URLSearchParams('seed=-1&level=9&turns=2.5&wurst=1&hint=all&a=<b>&subject=../x&noise=0.5'),
    )
    expect(dropped).toEqual(['seed', 'level', 'turns', 'wurst', 'hint', 'a', 'subject'])
    expect(settings).toEqual({ ...defaults, noise: 0.5 })
  })
  test('name a problem and are named by it', () => {
    const settings = { ...defaults, seed: 3, gaps: 2, positions_only: true, hint: 'names' }
    const problem = problemOf(settings)
    expect(problem.options).toEqual({ gaps: 2, positions_only: true, hint: 'names' })
    expect(settingsOf(problem)).toEqual(settings)
    expect(names(settings, problem)).toBe(true)
    expect(names({ ...settings, seed: 4 }, problem)).toBe(false)
  })
})

describe('players in the address', () => {
  test('are read in all five forms', () => {
    expect(readPlayer('you')).toEqual({ kind: 'you' })
    expect(readPlayer('sparse')).toEqual({ kind: 'builtin', name: 'sparse' })
    expect(readPlayer('local:base')).toEqual({ kind: 'local', name: 'base' })
    expect(readPlayer('openai:a/b:c')).toEqual({ kind: 'endpoint', endpoint: 'openai', model: 'a/b:c' })
    expect(readPlayer('url:http://h:1/v1/|m')).toEqual({ kind: 'endpoint', endpoint: 'http://h:1/v1', model: 'm' })
  })
  test('are what the server recorded', () => {
    expect(nameOf({ endpoint: 'http://h/v1', model: 'm' })).toBe('url:http://h/v1|m')
    expect(nameOf({ endpoint: 'openai', model: 'm' })).toBe('openai:m')
    expect(nameEndpoint('https://api.openai.com/v1/', 'm', presets)).toBe('openai:m')
  })
  test('cannot carry markup', () => {
    for (const text of ['<img src=x>', 'a b', 'url:javascript:alert(1)|m', 'url:http://h/v1|', '"x"'])
      expect(isPlayer(text)).toBe(false)
  })
})
