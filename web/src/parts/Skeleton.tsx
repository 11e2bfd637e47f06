import { useEffect, useState } from 'react'

/** Grey boxes where the content will be, after 400 ms: what comes sooner needs none. */
export function Skeleton({ heights, label = 'Loading' }: { heights: number[]; label?: string }) {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 400)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className="grid gap-3" aria-busy="true">
      <span className="visually-hidden">{label}</span>
      {heights.map((height, k) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: boxes without identity
        <div key={k} className={late ? 'animate-pulse rounded-lg bg-sunken' : ''} style={{ height }} />
      ))}
    </div>
  )
}
