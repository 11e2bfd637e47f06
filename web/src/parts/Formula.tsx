import { useEffect, useRef, useState } from 'react'
import { drawFormula } from './formula'

interface Props {
  latex: string
  /** The same in the grammar: what screen readers read, and what is shown until the formula is drawn. */
  text: string
  /** The parameter that is lit. */
  lit?: string | null
  onLight?: (name: string | null) => void
  onChoose?: (name: string) => void
}

/** An equation, with a hook from each parameter to its slider. */
export function Formula({ latex, text, lit = null, onLight, onChoose }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const [ready, setReady] = useState(false)

  useEffect(() => {
    let current = true
    const node = document.createElement('div')
    drawFormula(node, latex).then(
      () => {
        if (!current || !host.current) return
        host.current.replaceChildren(node)
        setReady(true)
      },
      () => {}, // Without KaTeX the text stays.
    )
    return () => {
      current = false
    }
  }, [latex])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a formula that was just drawn has to be lit, too
  useEffect(() => {
    for (const node of host.current?.querySelectorAll<HTMLElement>('[data-param]') ?? [])
      node.classList.toggle('lit', node.dataset.param === lit)
  }, [lit, ready, latex])

  const paramOf = (target: EventTarget) =>
    target instanceof Element ? (target.closest<HTMLElement>('[data-param]')?.dataset.param ?? null) : null

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: by keyboard the sliders themselves are reached
    <div
      className="law flex min-w-0 items-center justify-center-safe overflow-x-auto overflow-y-hidden"
      style={{ minHeight: `${0.9 + 2.7 * Math.max(1, latex.split('\\\\').length)}rem` }}
      role="img"
      aria-label={text}
      onMouseOver={(event) => onLight?.(paramOf(event.target))}
      onMouseLeave={() => onLight?.(null)}
      onFocus={() => {}}
      onClick={(event) => {
        const name = paramOf(event.target)
        if (name) onChoose?.(name)
      }}
    >
      {!ready && <code className="font-mono text-[13px]">{text}</code>}
      <div ref={host} aria-hidden="true" />
    </div>
  )
}
