/** What a person is writing: an equation, and values of the parameters in it. */
export interface Draft {
  equation: string
  params: Record<string, number>
}

/** An empty equation in the form that the problem asks for. */
export function emptyDraft(leftSides: string[]): Draft {
  return { equation: leftSides.map((side) => `${side} = `).join('; '), params: {} }
}

/** Keep the values of parameters that are still named; new ones begin at 1. */
export function withParams(draft: Draft, found: string[]): Draft {
  const params: Record<string, number> = {}
  for (const name of found) params[name] = draft.params[name] ?? 1
  const same = found.length === Object.keys(draft.params).length && found.every((name) => name in draft.params)
  return same ? draft : { ...draft, params }
}

/** Put a word in at the cursor, with a space where it would run into another word. */
export function insertAt(text: string, start: number, end: number, word: string): { text: string; cursor: number } {
  const before = text.slice(0, start)
  const space = /[A-Za-z0-9_]$/.test(before) && /^[A-Za-z0-9_]/.test(word) ? ' ' : ''
  const next = before + space + word + text.slice(end)
  return { text: next, cursor: before.length + space.length + word.length }
}
