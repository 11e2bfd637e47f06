import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api, read } from '../api/http'
import type { Dataset, Example } from '../api/types'
import { usePageTitle } from '../shell/usePageTitle'
import { ColumnsStep, ExampleStep } from './ColumnsStep'
import { DataStep } from './DataStep'
import { Finding } from './Finding'
import { SearchStep } from './SearchStep'

/** A person's own data: upload, columns, search, law. */
export function DiscoverPage({ id }: { id: string | null }) {
  usePageTitle('Discover my data')
  const [, navigate] = useLocation()
  const [dataset, setDataset] = useState<Dataset | null>(null)
  const [example, setExample] = useState<Example | null>(null)

  async function remove() {
    if (!dataset) return
    await read(api.DELETE('/api/datasets/{dataset}', { params: { path: { dataset: dataset.id } } })).catch(() => {})
    setDataset(null)
  }

  const series = dataset?.series ?? example?.series ?? null
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-baseline gap-x-4">
        <h1 tabIndex={-1} className="text-xl font-semibold">
          Discover my data
        </h1>
        <p className="text-[14px] text-muted">Which law of motion is in a table of measurements, and how sure is it?</p>
        {id && (
          <Link href="/discover" className="ml-auto text-[14px]">
            Other data
          </Link>
        )}
      </div>
      {id ? (
        <Finding key={id} id={id} />
      ) : (
        <>
          <DataStep
            chosen={example?.name ?? null}
            onDataset={(next) => {
              setExample(null)
              setDataset(next)
            }}
            onExample={(next) => {
              setDataset(null)
              setExample(next)
            }}
          />
          {dataset && <ColumnsStep dataset={dataset} onDataset={setDataset} onDelete={remove} />}
          {example && <ExampleStep example={example} />}
          {series && (
            <SearchStep
              key={dataset?.id ?? example?.name}
              source={dataset ? { dataset: dataset.id } : { example: example?.name ?? '' }}
              series={series}
              hint={example?.hint ?? ''}
              onStarted={(found) => navigate(`/d/${found}`)}
            />
          )}
        </>
      )}
    </div>
  )
}
