import { useSyncExternalStore } from 'react'
import { connections, type Listed, onKeysChanged } from './keys'

/** The connected endpoints, without their keys. */
export function useConnections(): Listed[] {
  return useSyncExternalStore(onKeysChanged, connections)
}
