import { useState } from 'react'
import { useAnnounce } from '../shell/useAnnounce'

interface Props {
  children: string
  text: () => string
  className?: string
}

/** A button that copies a text and says so. */
export function CopyButton({ children, text, className = 'button small' }: Props) {
  const announce = useAnnounce()
  const [done, setDone] = useState<string | null>(null)

  async function copy() {
    try {
      await navigator.clipboard.writeText(text())
      setDone('Copied')
      announce(`${children}: copied`)
    } catch {
      setDone('Not allowed')
    }
    setTimeout(() => setDone(null), 1500)
  }

  return (
    <button type="button" className={className} onClick={copy}>
      {done ?? children}
    </button>
  )
}
