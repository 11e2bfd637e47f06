import type { LawDrawing, ProblemKey, Shown, Turn } from '../api/types'
import type { Sides } from './run'

/** The options of a problem as keyword arguments of Python. */
function pythonOptions(problem: ProblemKey): string {
  const write = (value: unknown) => (typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value))
  const named = Object.entries(problem.options).map(([name, value]) => `${name}=${write(value)}`)
  const level = problem.level === null ? [] : [`level=${problem.level}`]
  return [`split="${problem.split}"`, `index=${problem.index}`, ...level, ...named].join(', ')
}

/** A script that gives the same verdict with the library: the turns before count, since progress is paid. */
export function asPython(problem: ProblemKey, turns: Turn[], maxTurns: number): string {
  const answers = turns.map((turn) => `    ${JSON.stringify(turn.answer)},`)
  return [
    'from gedanken.loop import Turn',
    'from gedanken.tasks.discover.task import DiscoverTask',
    '',
    'task = DiscoverTask()',
    `task.max_turns = ${maxTurns}`,
    `problem = task.pose("${problem.subject}", ${pythonOptions(problem)})`,
    'answers = [',
    ...answers,
    ']',
    'turns = []',
    'for answer in answers:',
    '    verdict = task.verify(problem, answer, turns)',
    '    turns.append(Turn(answer, verdict))',
    '    print(f"{verdict.reward:.6f}", verdict.terms, verdict.feedback)',
    '',
  ].join('\n')
}

/** The formula without the page's hooks. */
export function asLatex(law: Pick<LawDrawing, 'latex'>): string {
  let latex = law.latex
  for (;;) {
    const start = latex.search(/\\htmlData\{param=[^}]*\}\{/)
    if (start < 0) return latex
    const open = latex.indexOf('}{', start) + 1
    let depth = 0
    let end = open
    for (; end < latex.length; end++) {
      if (latex[end] === '{') depth += 1
      else if (latex[end] === '}' && --depth === 0) break
    }
    latex = latex.slice(0, start) + latex.slice(open + 1, end) + latex.slice(end + 1)
  }
}

/** The request that starts the same comparison, with a place for the key. */
export function asCurl(
  base: string,
  problem: ProblemKey,
  players: { name?: string | null; endpoint?: string | null; model?: string | null }[],
  maxTurns: number,
): string {
  const body = {
    problem,
    players: players.map((player) =>
      player.endpoint ? { endpoint: player.endpoint, model: player.model, api_key: 'YOUR_KEY' } : { name: player.name },
    ),
    max_turns: maxTurns,
  }
  const text = JSON.stringify(body, null, 2).replaceAll("'", "'\\''")
  return `curl ${base}/api/comparisons \\\n  -H 'Content-Type: application/json' \\\n  -d '${text}'`
}

/** Time, data, both laws and their residuals, column by column. */
export function asCsv(shown: Shown, laws: [LawDrawing | null, LawDrawing | null], trial = 0): string {
  const data = shown.trials[trial]
  if (!data) return ''
  const names = shown.columns.flatMap((column) => [
    column,
    `${column}_A`,
    `${column}_B`,
    `${column}_residual_A`,
    `${column}_residual_B`,
  ])
  const write = (value: number | null | undefined) => (value === null || value === undefined ? '' : String(value))
  const rows = data.t.map((t, k) => {
    const cells = shown.columns.flatMap((_, c) => {
      const seen = data.values[k]?.[c]
      const predicted = laws.map((law) => law?.curves[trial]?.values[k]?.[c])
      const missing = predicted.map((value) =>
        value === null || value === undefined || seen === null || seen === undefined ? null : value - seen,
      )
      return [seen, ...predicted, ...missing].map(write)
    })
    return [write(t), ...cells].join(',')
  })
  return `${[shown.time, ...names].join(',')}\n${rows.join('\n')}\n`
}

/** What the page shows, as data; there is no key in it. */
export function asJson(id: string, problem: ProblemKey, shown: Shown, sides: Sides): string {
  const players = sides.map((side) => ({
    player: side.player,
    status: side.status,
    error: side.error,
    turns: side.turns,
  }))
  return JSON.stringify({ id, problem, shown, players }, null, 2)
}
