/** KaTeX, fetched when the first formula is drawn. */
type Renderer = typeof import('katex').default

let loading: Promise<Renderer> | null = null

export function loadKatex(): Promise<Renderer> {
  loading ??= Promise.all([import('katex'), import('katex/dist/katex.min.css')]).then(([module]) => module.default)
  return loading
}

/** Draw LaTeX into an element. Model output never comes here: the server writes the formula from the law it has read. */
export async function drawFormula(element: HTMLElement, latex: string, display = true): Promise<void> {
  const katex = await loadKatex()
  katex.render(
    display && latex.includes('\\\\') && !latex.includes('\\begin')
      ? `\\begin{gathered}${latex}\\end{gathered}`
      : latex,
    element,
    {
      displayMode: display,
      output: 'html',
      throwOnError: false,
      strict: false,
      maxSize: 20,
      maxExpand: 200,
      trust: (context) => context.command === '\\htmlData',
    },
  )
}
