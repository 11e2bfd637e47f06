import { useCallback, useState } from 'react'
import type { LawDrawing, ProblemKey } from '../api/types'
import { useSimulation } from '../parts/useSimulation'

/** Which law was slid, and to which values. */
interface Slid {
  key: string
  values: Record<string, number>
}

/** The sliders of one side: moved values and what the verifier says of them. They belong to one turn. */
export function useSlid(problem: ProblemKey | null, key: string) {
  const [slid, setSlid] = useState<Slid | null>(null)
  const { simulation, failure, ask, clear } = useSimulation()
  const current = slid?.key === key ? slid : null

  const slide = useCallback(
    (law: LawDrawing, values: Record<string, number> | null) => {
      if (!values || !problem) {
        setSlid(null)
        clear()
        return
      }
      setSlid({ key, values })
      ask({ problem, equation: law.equation, params: values })
    },
    [problem, key, ask, clear],
  )

  const draft = useCallback(
    (equation: string, params: Record<string, number>) => {
      if (problem) ask({ problem, equation, params })
    },
    [problem, ask],
  )
  return {
    values: current?.values ?? null,
    simulation: current ? simulation : null,
    drafted: simulation,
    failure,
    slide,
    draft,
    clear,
  }
}
