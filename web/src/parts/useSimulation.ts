import { useCallback, useEffect, useRef, useState } from 'react'
import { api, read } from '../api/http'
import type { Simulation, SimulationRequest } from '../api/types'

/**
 * Ask the verifier what a law does, without entering it as an answer.
 *
 * One request is on its way at a time; of those that come meanwhile only the newest is sent.
 */
export function useSimulation(): {
  simulation: Simulation | null
  failure: string | null
  ask(request: SimulationRequest): void
  clear(): void
} {
  const [simulation, setSimulation] = useState<Simulation | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const waiting = useRef<SimulationRequest | null>(null)
  const busy = useRef(false)
  const epoch = useRef(0)

  const run = useCallback(async () => {
    busy.current = true
    while (waiting.current) {
      const request = waiting.current
      const mine = epoch.current
      waiting.current = null
      try {
        const answer = await read(api.POST('/api/simulate', { body: request }))
        if (mine !== epoch.current) continue
        setSimulation(answer)
        setFailure(null)
      } catch (error) {
        if (mine === epoch.current) setFailure(error instanceof Error ? error.message : String(error))
      }
    }
    busy.current = false
  }, [])

  const ask = useCallback(
    (request: SimulationRequest) => {
      waiting.current = request
      if (!busy.current) void run()
    },
    [run],
  )
  const clear = useCallback(() => {
    epoch.current += 1
    waiting.current = null
    setSimulation(null)
    setFailure(null)
  }, [])
  useEffect(() => clear, [clear])
  return { simulation, failure, ask, clear }
}
