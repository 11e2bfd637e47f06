import { useEffect } from 'react'

/** Give the document a title. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · gedanken` : 'gedanken'
  }, [title])
}
