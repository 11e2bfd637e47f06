import { useState } from 'react'
import { api, read } from '../api/http'
import type { DataColumn, Dataset, Example } from '../api/types'
import { Notice } from '../parts/Notice'
import { type Role, rolesOf, withRole } from './roles'

const ROLES: [Role, string][] = [
  ['time', 'time'],
  ['state', 'state'],
  ['velocity', 'velocity of'],
  ['input', 'input (lines)'],
  ['held_input', 'input (held)'],
  ['parameter', 'known constant'],
  ['trial', 'trial'],
  ['ignore', 'ignore'],
]

interface Props {
  dataset: Dataset
  onDataset(dataset: Dataset): void
  onDelete(): void
}

/** Step 2: what each column is; the server's guess comes first. */
export function ColumnsStep({ dataset, onDataset, onDelete }: Props) {
  const [failure, setFailure] = useState('')
  const [busy, setBusy] = useState(false)

  async function change(columns: DataColumn[], order: 1 | 2 | null) {
    setBusy(true)
    setFailure('')
    try {
      onDataset(
        await read(
          api.PATCH('/api/datasets/{dataset}', {
            params: { path: { dataset: dataset.id } },
            body: rolesOf(columns, order),
          }),
        ),
      )
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }

  const states = dataset.columns.filter((column) => column.role === 'state')
  return (
    <fieldset className="card grid grid-cols-[minmax(0,1fr)] gap-2 p-3" aria-busy={busy}>
      <legend className="px-1 font-semibold">2 Columns of {dataset.name}</legend>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys */}
      <section className="overflow-x-auto" tabIndex={0} aria-label="Columns, table">
        <table className="table w-full">
          <thead>
            <tr>
              <th scope="col">column</th>
              <th scope="col">role</th>
              <th scope="col">unit</th>
              <th scope="col">first cells</th>
            </tr>
          </thead>
          <tbody>
            {dataset.columns.map((column) => (
              <tr key={column.header}>
                <th scope="row" dir="auto" className="max-w-64 truncate" title={column.header}>
                  {column.header}
                </th>
                <td className="whitespace-nowrap">
                  <select
                    className="input small"
                    aria-label={`Role of ${column.header}`}
                    value={column.role}
                    onChange={(event) =>
                      change(withRole(dataset.columns, column.header, event.target.value as Role), dataset.order)
                    }
                  >
                    {ROLES.map(([role, name]) => (
                      <option key={role} value={role}>
                        {name}
                      </option>
                    ))}
                  </select>
                  {column.role === 'velocity' && (
                    <select
                      className="input small ml-1"
                      aria-label={`Position whose velocity ${column.header} is`}
                      value={column.velocity_of ?? ''}
                      onChange={(event) =>
                        change(
                          dataset.columns.map((each) =>
                            each.header === column.header ? { ...each, velocity_of: event.target.value } : each,
                          ),
                          dataset.order,
                        )
                      }
                    >
                      {states.map((each) => (
                        <option key={each.header}>{each.header}</option>
                      ))}
                    </select>
                  )}
                </td>
                <td>{column.unit || '–'}</td>
                <td className="max-w-64 truncate font-mono text-[12.5px] text-muted" dir="auto">
                  {column.preview.slice(0, 5).join('  ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div className="flex flex-wrap items-center gap-3 text-[14px]">
        <label className="flex items-center gap-1">
          order of the law
          <select
            className="input small"
            value={dataset.order ?? ''}
            onChange={(event) =>
              change(dataset.columns, event.target.value ? (Number(event.target.value) as 1 | 2) : null)
            }
          >
            <option value="">auto</option>
            <option value="1">first</option>
            <option value="2">second</option>
          </select>
        </label>
        <span className="text-muted">{dataset.rows} rows</span>
        <button type="button" className="button small ml-auto" onClick={onDelete}>
          Delete these data
        </button>
      </div>
      {dataset.notes.length > 0 && (
        <ul className="list-disc pl-5 text-[14px]">
          {dataset.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {(failure || dataset.problem) && (
        <div role="alert">
          <Notice tone="bad">{failure || dataset.problem}</Notice>
        </div>
      )}
    </fieldset>
  )
}

/** What is known about an example, in place of its columns. */
export function ExampleStep({ example }: { example: Example }) {
  return (
    <fieldset className="card grid gap-2 p-3 text-[14px]">
      <legend className="px-1 font-semibold">2 {example.title}</legend>
      <p>{example.about}</p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4">
        {Object.entries(example.about_columns).map(([column, about]) => (
          <div key={column} className="contents">
            <dt className="font-mono text-[13px]">{column}</dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
      {example.caveats.map((caveat) => (
        <p key={caveat}>{caveat}</p>
      ))}
      <p className="text-muted">{example.source}</p>
    </fieldset>
  )
}
