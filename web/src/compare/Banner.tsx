import { useEffect, useRef, useState } from 'react'
import { actionFor, actionTitles } from '../api/errors'
import { Notice } from '../parts/Notice'
import type { Failure } from './useCompare'

interface Props {
  failure: Failure
  onAction(action: string): void
}

/** Why nothing was started, with one thing to do; a busy server is asked once more when its time is over. */
export function Banner({ failure, onAction }: Props) {
  const [left, setLeft] = useState(failure.retryAfter ?? 0)
  const act = useRef(onAction)
  act.current = onAction
  useEffect(() => {
    if (!failure.retryAfter) return
    let seconds = failure.retryAfter
    setLeft(seconds)
    const timer = setInterval(() => {
      seconds -= 1
      setLeft(seconds)
      if (seconds > 0) return
      clearInterval(timer)
      act.current('last')
    }, 1000)
    return () => clearInterval(timer)
  }, [failure])
  const action = actionFor(failure.code)
  return (
    <div role="alert">
      <Notice
        tone="bad"
        action={
          action && (
            <button type="button" className="button small" onClick={() => onAction(action)}>
              {actionTitles[action]}
            </button>
          )
        }
      >
        {left > 0 ? `${failure.message.replace(/\.$/, '')}. Once more in ${left} s.` : failure.message}
      </Notice>
    </div>
  )
}
