import { useSyncExternalStore } from 'react'
import type { Transport } from './transport'

/** The frame that is shown, and how it is played; re-renders at most when it changes. */
export function useFrame(transport: Transport): number {
  return useSyncExternalStore(transport.subscribe, () => transport.frame)
}

export function usePlaying(transport: Transport): boolean {
  return useSyncExternalStore(transport.subscribe, () => transport.playing)
}

export function useSpeed(transport: Transport): number {
  return useSyncExternalStore(transport.subscribe, () => transport.speed)
}
