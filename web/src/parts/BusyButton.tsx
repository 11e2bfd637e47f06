import type { ComponentProps } from 'react'

/** A button that does nothing while its work is under way, and keeps the focus: a disabled one would lose it. */
export function BusyButton({ busy, onClick, ...rest }: ComponentProps<'button'> & { busy: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={busy}
      onClick={(event) => {
        // A click that is prevented submits no form either.
        if (busy) event.preventDefault()
        else onClick?.(event)
      }}
    />
  )
}
