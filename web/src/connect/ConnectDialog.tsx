import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react'
import { type Connected, ConnectForm } from './ConnectForm'
import { KeyList } from './KeyList'

export interface ConnectRequest {
  initial?: { endpoint: string; model: string }
  onConnected?: (connected: Connected) => void
}

const Connecting = createContext<(request?: ConnectRequest) => void>(() => {})

/** Opens the dialog in which a model's endpoint is connected. */
export function useConnect(): (request?: ConnectRequest) => void {
  return useContext(Connecting)
}

export function ConnectProvider({ children }: { children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [request, setRequest] = useState<ConnectRequest | null>(null)
  const open = useCallback((next: ConnectRequest = {}) => {
    setRequest(next)
    dialog.current?.showModal()
  }, [])
  return (
    <Connecting.Provider value={open}>
      {children}
      <dialog
        ref={dialog}
        aria-labelledby="connect-title"
        className="w-[min(36rem,calc(100vw-16px))] rounded-xl border border-line bg-surface p-5"
        onClose={() => setRequest(null)}
      >
        <div className="mb-3 flex items-center justify-between">
          <h2 id="connect-title" className="text-lg font-semibold">
            Connect a model
          </h2>
          <button
            type="button"
            className="button small quiet"
            onClick={() => dialog.current?.close()}
            aria-label="Close"
          >
            ✕
          </button>
        </div>
        {request && (
          <ConnectForm
            {...(request.initial ? { initial: request.initial } : {})}
            onConnected={(connected) => {
              dialog.current?.close()
              request.onConnected?.(connected)
            }}
          />
        )}
        <h3 className="mt-5 mb-1 font-semibold">Connected</h3>
        <KeyList />
      </dialog>
    </Connecting.Provider>
  )
}
