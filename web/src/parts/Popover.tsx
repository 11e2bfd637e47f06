import { type ReactNode, useId, useRef } from 'react'

interface Props {
  label: ReactNode
  title: string
  children: (close: () => void) => ReactNode
  className?: string
  onOpen?: () => void
}

/** A button with a native popover under it. */
export function Popover({ label, title, children, className = 'button', onOpen }: Props) {
  const id = useId()
  const panel = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)

  function place() {
    const node = panel.current
    const box = button.current?.getBoundingClientRect()
    if (!node || !box) return
    const width = node.offsetWidth
    node.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`
    const below = box.bottom + 6
    node.style.top = `${below + node.offsetHeight < innerHeight ? below : Math.max(8, box.top - node.offsetHeight - 6)}px`
  }

  return (
    <>
      <button ref={button} type="button" className={className} popoverTarget={id} aria-haspopup="dialog">
        {label}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={title}
        className="fixed inset-auto m-0 max-h-[85vh] max-w-[calc(100vw-16px)] overflow-auto rounded-lg border border-line bg-surface p-3 shadow-lg"
        onToggle={(event) => {
          if (event.newState !== 'open') return
          onOpen?.()
          place()
          requestAnimationFrame(place)
        }}
      >
        {children(() => panel.current?.hidePopover())}
      </div>
    </>
  )
}
