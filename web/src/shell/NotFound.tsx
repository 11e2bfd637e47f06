import { Link } from 'wouter'
import { usePageTitle } from './usePageTitle'

/** There is nothing at this address. */
export function NotFound() {
  usePageTitle('Not found')
  return (
    <div className="py-10">
      <h1 tabIndex={-1} className="text-xl font-semibold">
        Nothing is here
      </h1>
      <p>
        This address names no page. <Link href="/">Compare two players</Link>
      </p>
    </div>
  )
}
