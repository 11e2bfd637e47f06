import { Link, useLocation } from 'wouter'
import { useServer } from '../api/queries'
import { useConnect } from '../connect/ConnectDialog'
import { KeysDialog } from './KeysDialog'
import { pages } from './navigation'
import { ThemeSwitch } from './ThemeSwitch'

/** Name, links, theme, keys, Connect. */
export function Header() {
  const [place] = useLocation()
  const connect = useConnect()
  const { data: server } = useServer()
  const shown = pages.filter((page) => page.path !== '/runs' || server?.features.runs !== false)
  const isHere = (path: string) =>
    path === '/'
      ? place === '/' || place.startsWith('/c/') || place.startsWith('/e/')
      : place === path || place.startsWith(`${path}/`) || (path === '/discover' && place.startsWith('/d/'))
  return (
    <header className="border-b border-line bg-surface">
      <div className="mx-auto flex max-w-[1280px] flex-wrap items-center gap-x-4 gap-y-1 px-4 py-1.5">
        <Link href="/" className="mr-1 text-[17px] font-bold text-ink no-underline">
          gedanken
        </Link>
        <nav aria-label="Pages" className="max-sm:order-last max-sm:w-full max-sm:overflow-x-auto">
          <ul className="flex gap-x-1">
            {shown.map((page) => (
              <li key={page.path}>
                <Link
                  href={page.path}
                  aria-current={isHere(page.path) ? 'page' : undefined}
                  className="inline-flex min-h-8 items-center rounded-md px-2 text-[14.5px] text-ink no-underline max-sm:px-1 max-sm:text-[13.5px] hover:bg-sunken aria-[current=page]:bg-sunken aria-[current=page]:font-semibold pointer-coarse:min-h-11"
                >
                  {page.title}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="ml-auto flex items-center gap-1">
          <ThemeSwitch />
          <KeysDialog />
          <Link href="/about" className="button small quiet" aria-current={place === '/about' ? 'page' : undefined}>
            About
          </Link>
          <button type="button" className="button small" onClick={() => connect()}>
            Connect
          </button>
        </div>
      </div>
    </header>
  )
}
