import type { ReactNode } from 'react'

const TONES = {
  plain: 'border-line bg-sunken',
  bad: 'border-bad bg-surface',
  warn: 'border-warn bg-surface',
}

/** A sentence in a box, with at most one thing to do about it. */
export function Notice({
  tone = 'plain',
  children,
  action,
}: {
  tone?: keyof typeof TONES
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <div
      className={`flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg border px-3 py-1.5 text-[14px] ${TONES[tone]}`}
    >
      <span className="min-w-0 flex-1">{children}</span>
      {action}
    </div>
  )
}
