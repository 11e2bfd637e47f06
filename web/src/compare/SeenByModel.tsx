import { useProblem } from '../api/queries'
import type { ProblemRequest } from '../api/types'
import { Skeleton } from '../parts/Skeleton'

/** The text that a language model reads: that is all it sees. */
export function SeenByModel({ request }: { request: ProblemRequest }) {
  const { data, error } = useProblem(request, true)
  if (error) return <p>{error.message}</p>
  if (!data) return <Skeleton heights={[200]} />
  return (
    <div className="w-[44rem] max-w-full">
      {data.messages.map((message, k) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a conversation is an order
        <section key={k} className="mb-2">
          <h3 className="text-[13px] text-muted">{message.role}</h3>
          <pre className="raw max-h-[50vh] rounded bg-sunken p-2">{message.content}</pre>
        </section>
      ))}
    </div>
  )
}
