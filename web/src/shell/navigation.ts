/** The path below which the page lives, without a slash at its end: '' at a server's root. */
export const base = new URL(document.baseURI).pathname.replace(/\/[^/]*$/, '')

export interface Page {
  path: string
  title: string
}

/** The header's links. */
export const pages: Page[] = [
  { path: '/', title: 'Compare' },
  { path: '/discover', title: 'Discover' },
  { path: '/predict', title: 'Predict' },
  { path: '/zoo', title: 'Zoo' },
  { path: '/results', title: 'Results' },
  { path: '/runs', title: 'Runs' },
]

/** The absolute address of a path of this page, as it is shared. */
export function address(path: string): string {
  return `${location.origin}${base}${path}`
}

/** Replace the query of the current address without a new entry in the history, or with one. */
export function setQuery(query: URLSearchParams, push = false): void {
  const text = query.toString()
  const target = `${location.pathname}${text ? `?${text}` : ''}${location.hash}`
  if (target === `${location.pathname}${location.search}${location.hash}`) return
  history[push ? 'pushState' : 'replaceState'](history.state, '', target)
}
