import type { SubjectRow } from '../api/types'

/** What the Zoo shows, as it stands in the address. */
export interface Filter {
  kind: 'systems' | 'scenarios'
  category: string
  tier: string
  held: string
  text: string
}

export const HELD = ['', 'train', 'held out']

export function readFilter(query: URLSearchParams): Filter {
  return {
    kind: query.get('kind') === 'scenarios' ? 'scenarios' : 'systems',
    category: (query.get('category') ?? '').slice(0, 60),
    tier: /^\d$/.test(query.get('tier') ?? '') ? (query.get('tier') as string) : '',
    held: HELD.includes(query.get('held') ?? '') ? (query.get('held') ?? '') : '',
    text: (query.get('text') ?? '').slice(0, 100),
  }
}

export function writeFilter(filter: Filter): URLSearchParams {
  const query = new URLSearchParams()
  if (filter.kind !== 'systems') query.set('kind', filter.kind)
  for (const name of ['category', 'tier', 'held', 'text'] as const) if (filter[name]) query.set(name, filter[name])
  return query
}

export function choose(rows: SubjectRow[], filter: Filter): SubjectRow[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    if (filter.category && row.category !== filter.category) return false
    if (filter.kind === 'systems' && filter.tier && String(row.tier) !== filter.tier) return false
    if (filter.held && row.held_out !== (filter.held === 'held out')) return false
    const text = `${row.name.replaceAll('_', ' ')} ${row.name} ${row.category} ${row.summary}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** A summary up to where it tells the law: what stands before a colon says what happens, what follows says why. */
export function uncovered(summary: string): string {
  const first = summary.split(/[:;(]/)[0]?.trim() ?? ''
  return /[.!?]$/.test(first) ? first : `${first}.`
}

const NAME = 'gedanken:laws:1'

export function lawsShown(): boolean {
  return localStorage.getItem(NAME) === 'shown'
}

export function keepLawsShown(shown: boolean): void {
  if (shown) localStorage.setItem(NAME, 'shown')
  else localStorage.removeItem(NAME)
}
