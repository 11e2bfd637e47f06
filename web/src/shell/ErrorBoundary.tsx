import { Component, type ReactNode } from 'react'

/** A fault of the page itself: one sentence instead of a white screen. */
export class ErrorBoundary extends Component<{ children: ReactNode; place: string }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override componentDidUpdate(before: { place: string }) {
    if (before.place !== this.props.place && this.state.error) this.setState({ error: null })
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <div role="alert" className="grid gap-3 py-10">
        <h1 tabIndex={-1} className="text-xl font-semibold">
          This page failed
        </h1>
        <p>{error.message}</p>
        <p>
          <a href="./">Begin anew</a>
        </p>
      </div>
    )
  }
}
