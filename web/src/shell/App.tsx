import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useRef } from 'react'
import { Route, Router, Switch, useLocation } from 'wouter'
import { useServerGone } from '../api/connectivity'
import { client } from '../api/queries'
import { ComparePage } from '../compare/ComparePage'
import { ConnectProvider } from '../connect/ConnectDialog'
import { Skeleton } from '../parts/Skeleton'
import { ErrorBoundary } from './ErrorBoundary'
import { Header } from './Header'
import { NotFound } from './NotFound'
import { base } from './navigation'
import { Announcer } from './useAnnounce'

const EpisodePage = lazy(() => import('../compare/EpisodePage').then((module) => ({ default: module.EpisodePage })))
const DiscoverPage = lazy(() => import('../discover/DiscoverPage').then((module) => ({ default: module.DiscoverPage })))
const PredictPage = lazy(() => import('../predict/PredictPage').then((module) => ({ default: module.PredictPage })))
const ZooPage = lazy(() => import('../zoo/ZooPage').then((module) => ({ default: module.ZooPage })))
const SubjectPage = lazy(() => import('../zoo/SubjectPage').then((module) => ({ default: module.SubjectPage })))
const ResultsPage = lazy(() => import('../results/ResultsPage').then((module) => ({ default: module.ResultsPage })))
const RunsPage = lazy(() => import('../runs/RunsPage').then((module) => ({ default: module.RunsPage })))
const AboutPage = lazy(() => import('../about/AboutPage').then((module) => ({ default: module.AboutPage })))

/** The page's frame: header, one of the routes, what screen readers are told. */
export function App() {
  return (
    <QueryClientProvider client={client}>
      <Router base={base}>
        <Announcer>
          <ConnectProvider>
            {/* biome-ignore lint/a11y/useValidAnchor: it does go to #main, which <base> would make another page */}
            <a href="#main" className="button visually-hidden absolute top-1 left-1 z-20" onClick={skip}>
              Skip to the content
            </a>
            <Header />
            <GoneBanner />
            <Main />
          </ConnectProvider>
        </Announcer>
      </Router>
    </QueryClientProvider>
  )
}

function skip(event: React.MouseEvent) {
  event.preventDefault()
  document.querySelector<HTMLElement>('h1')?.focus()
}

function GoneBanner() {
  const gone = useServerGone()
  if (!gone) return null
  return (
    <div role="alert" className="border-b border-warn bg-sunken px-4 py-1.5 text-center text-[14px]">
      The server does not answer. What is here can be read; running waits until it is back.
    </div>
  )
}

function Main() {
  const [place] = useLocation()
  const page = /^\/(c\/|$)/.test(place) ? '/' : place
  const before = useRef(page)
  useEffect(() => {
    if (before.current === page) return
    before.current = page
    // The route may still be loading: the focus waits for its heading.
    let tries = 0
    const timer = setInterval(() => {
      const heading = document.querySelector<HTMLElement>('main h1')
      tries += 1
      if (!heading && tries < 40) return
      clearInterval(timer)
      heading?.focus({ preventScroll: true })
      scrollTo(0, 0)
    }, 50)
    return () => clearInterval(timer)
  }, [page])

  return (
    <main id="main" className="mx-auto max-w-[1280px] px-4 py-2">
      <ErrorBoundary place={page}>
        <Suspense fallback={<Skeleton heights={[40, 200, 300]} />}>
          <Switch>
            {/* One route for both, so that a run that begins at / goes on at /c/:id. */}
            <Route path={/^\/(?:c\/(?<id>[\w-]+)\/?)?$/}>{({ id }) => <ComparePage id={id ?? null} />}</Route>
            <Route path="/e/:id">{({ id }) => <EpisodePage id={id} />}</Route>
            <Route path={/^\/(?:discover|d\/(?<id>[\w-]+))\/?$/}>{({ id }) => <DiscoverPage id={id ?? null} />}</Route>
            <Route path="/predict" component={PredictPage} />
            <Route path="/zoo" component={ZooPage} />
            <Route path="/zoo/:task/:name">
              {({ task, name }) => <SubjectPage key={`${task} ${name}`} task={task} name={name} />}
            </Route>
            <Route path="/results" component={ResultsPage} />
            <Route path="/runs" component={RunsPage} />
            <Route path="/about" component={AboutPage} />
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </ErrorBoundary>
    </main>
  )
}
