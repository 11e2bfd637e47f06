import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A line of a metrics file as trainers write it. */
export function metricsLine(run: number, step: number): string {
  const wave = Math.sin(step * (run + 2) * 0.9) * 0.05
  return JSON.stringify({
    step,
    loss: 2 * Math.exp(-step / (30 + 10 * run)) + 0.3 + wave,
    reward: 1 - Math.exp(-step / 40) + wave,
    'reward/match': 0.8 - Math.exp(-step / 30) * 0.6 + wave,
  })
}

/** Folders of training runs with their options and so many lines. */
export function writeRuns(folder: string, names: string[], lines: number): void {
  names.forEach((name, run) => {
    mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(
      join(folder, name, 'config.json'),
      JSON.stringify({
        kind: run % 2 ? 'grpo' : 'sft',
        options: { model: 'smollm2', learning_rate: 0.001 * (run + 1), max_steps: 100 },
      }),
    )
    writeFileSync(
      join(folder, name, 'metrics.jsonl'),
      Array.from({ length: lines }, (_, step) => `${metricsLine(run, step)}\n`).join(''),
    )
  })
}

export function appendMetrics(folder: string, name: string, run: number, step: number): void {
  appendFileSync(join(folder, name, 'metrics.jsonl'), `${metricsLine(run, step)}\n`)
}
