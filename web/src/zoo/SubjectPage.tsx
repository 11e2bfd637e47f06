import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link } from 'wouter'
import { api, read } from '../api/http'
import { useSubject } from '../api/queries'
import type { ScenarioDetail, SystemDetail } from '../api/types'
import { Formula } from '../parts/Formula'
import { Skeleton } from '../parts/Skeleton'
import { Sparkline } from '../parts/Sparkline'
import { usePageTitle } from '../shell/usePageTitle'
import { lawsShown, uncovered } from './filter'
import { ScenePicture } from './ScenePicture'

/** One entry of the zoo. */
export function SubjectPage({ task, name }: { task: string; name: string }) {
  const title = name.replaceAll('_', ' ')
  usePageTitle(title)
  const { data, error } = useSubject(task, name)
  if (error)
    return (
      <div className="py-8">
        <h1 tabIndex={-1} className="text-xl font-semibold">
          {title}
        </h1>
        <p>
          {error.message} <Link href="/zoo">To the zoo</Link>
        </p>
      </div>
    )
  return (
    <div className="grid gap-4">
      <p className="text-[14px]">
        <Link href={task === 'predict' ? '/zoo?kind=scenarios' : '/zoo'}>Zoo</Link> / {data?.category ?? ''}
      </p>
      <h1 tabIndex={-1} className="text-xl font-semibold">
        {title}
      </h1>
      {!data ? (
        <Skeleton heights={[120, 200]} />
      ) : data.task === 'discover' ? (
        <System entry={data} />
      ) : (
        <Scenario entry={data} />
      )}
    </div>
  )
}

function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1 text-[14.5px]">
      {rows.map(([term, value]) => (
        <div key={term} className="contents">
          <dt className="text-muted">{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Actions({ links }: { links: [string, string][] }) {
  return (
    <p className="flex flex-wrap gap-2">
      {links.map(([href, text], k) => (
        <Link key={text} href={href} className={`button ${k ? '' : 'primary'}`}>
          {text}
        </Link>
      ))}
    </p>
  )
}

function System({ entry }: { entry: SystemDetail }) {
  const [law, setLaw] = useState(lawsShown)
  const { data: curves } = useQuery({
    queryKey: ['curves'],
    queryFn: () => read(api.GET('/api/subjects/discover/thumbnails')),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const curve = curves?.systems[entry.name]
  const list = (quantities: SystemDetail['params']) =>
    quantities.length ? (
      <ul>
        {quantities.map((each) => (
          <li key={each.name}>
            <code className="font-mono text-[13px]">{each.name}</code> {each.text}
          </li>
        ))}
      </ul>
    ) : (
      'none'
    )
  return (
    <div className="grid gap-6 md:grid-cols-2">
      <div className="grid content-start gap-3">
        <p className="max-w-prose whitespace-pre-line">{law ? entry.about : uncovered(entry.summary)}</p>
        {curve && (
          <figure className="card p-3">
            <Sparkline t={curve.t} values={curve.values} width={520} height={150} wide />
            <figcaption className="text-[13px] text-muted">{curve.column} over time, one instance</figcaption>
          </figure>
        )}
        <Actions
          links={[
            [`/?subject=${entry.name}`, 'Compare'],
            [`/?subject=${entry.name}&a=you&b=sparse`, 'Play it yourself'],
          ]}
        />
      </div>
      <div className="grid content-start gap-3">
        {law ? (
          <div className="card p-3">
            <Formula latex={entry.latex} text={entry.equation} />
          </div>
        ) : (
          <div className="card grid min-h-20 place-items-center p-3">
            <button type="button" className="button" onClick={() => setLaw(true)}>
              Show the law
            </button>
          </div>
        )}
        <Facts
          rows={[
            ['tier', `${entry.tier}, ${entry.held_out ? 'held out from training' : 'used in training'}`],
            ['states', entry.columns.join(', ')],
            ...(law
              ? ([
                  ['parameters', list(entry.params)],
                  ['starts', list(entry.initial)],
                  [
                    'keeps',
                    Object.keys(entry.conserved).length
                      ? Object.entries(entry.conserved).map(([key, value]) => (
                          <div key={key}>
                            {key}: <code className="font-mono text-[13px]">{value}</code>
                          </div>
                        ))
                      : 'nothing',
                  ],
                ] as [string, ReactNode][])
              : []),
            ['record', `${entry.samples} samples, ${entry.duration}`],
            ['levels', '1 clean; 2 to 4 noise of 1, 5, 10 %, from 4 on uneven; 5 a gap and outliers, too'],
            ['source', entry.source],
          ]}
        />
      </div>
    </div>
  )
}

function Scenario({ entry }: { entry: ScenarioDetail }) {
  const [playing, setPlaying] = useState(false)
  const [level, setLevel] = useState(2)
  const { data: scenes } = useQuery({
    queryKey: ['scenes', level],
    queryFn: () => read(api.GET('/api/scenes/thumbnails', { params: { query: { level } } })),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const scene = scenes?.scenes[entry.name]
  return (
    <div className="grid gap-6 md:grid-cols-2">
      <div className="grid content-start gap-2">
        {scene ? (
          <ScenePicture key={level} name={entry.name} scene={scene} level={level} playing={playing} />
        ) : (
          <Skeleton heights={[320]} />
        )}
        <div className="flex flex-wrap items-center gap-2">
          <button type="button" className="button small" aria-pressed={playing} onClick={() => setPlaying(!playing)}>
            {playing ? 'Stop' : 'Play'}
          </button>
          <label className="flex items-center gap-1 text-[14px]">
            level
            <select className="input small" value={level} onChange={(event) => setLevel(Number(event.target.value))}>
              {Object.keys(entry.levels).map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
        </div>
      </div>
      <div className="grid content-start gap-3">
        <p className="max-w-prose whitespace-pre-line">{entry.about}</p>
        <Actions links={[[`/predict?scenario=${entry.name}&level=${level}`, 'Predict']]} />
        <Facts
          rows={[
            ['split', entry.held_out ? 'held out from training' : 'used in training'],
            [
              'keeps',
              entry.conserved.length
                ? entry.conserved.map((each) => each.replaceAll('_', ' ')).join(', ')
                : 'nothing is promised',
            ],
            [
              'bodies',
              Object.entries(entry.levels)
                .map(([each, range]) => `level ${each}: ${range.join(' to ')}`)
                .join('; '),
            ],
          ]}
        />
      </div>
    </div>
  )
}
