import { useEffect, useRef } from 'react'
import { KeyTable } from './KeyTable'

/** `?` lists the keys. */
export function KeysDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    function open(event: KeyboardEvent) {
      const target = event.target
      if (event.key !== '?' || event.ctrlKey || event.metaKey) return
      if (
        target instanceof HTMLInputElement ||
        target instanceof HTMLTextAreaElement ||
        target instanceof HTMLSelectElement
      )
        return
      if (!document.querySelector('dialog[open]')) dialog.current?.showModal()
    }
    document.addEventListener('keydown', open)
    return () => document.removeEventListener('keydown', open)
  }, [])
  return (
    <>
      <button
        type="button"
        className="button small quiet"
        aria-label="Keys"
        title="Keys"
        onClick={() => dialog.current?.showModal()}
      >
        ?
      </button>
      <dialog
        ref={dialog}
        aria-labelledby="keys-title"
        className="w-[min(30rem,calc(100vw-16px))] rounded-xl border border-line bg-surface p-5"
      >
        <div className="mb-3 flex items-center justify-between">
          <h2 id="keys-title" className="text-lg font-semibold">
            Keys
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
        <KeyTable />
      </dialog>
    </>
  )
}
