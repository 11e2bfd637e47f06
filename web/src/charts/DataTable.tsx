import type { Shown } from '../api/types'
import { short } from './measure'
import type { ChartSide } from './stack'

interface Props {
  shown: Shown
  trial: number
  sides: ChartSide[]
}

/** The numbers behind the charts. */
export function DataTable({ shown, trial, sides }: Props) {
  const data = shown.trials[trial]
  if (!data) return null
  const drawn = sides.filter((side) => side.drawing?.curves[trial])
  const write = (value: number | null | undefined) => (value === null || value === undefined ? '' : short(value))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keys
    <section className="mt-2 max-h-80 overflow-auto" tabIndex={0} aria-label="Data and laws in numbers">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{shown.time}</th>
            {shown.columns.map((column) => [
              <th key={column} scope="col">
                {column}
              </th>,
              ...drawn.map((side) => (
                <th key={`${column} ${side.label}`} scope="col">
                  {column}, {side.label}
                </th>
              )),
            ])}
          </tr>
        </thead>
        <tbody>
          {data.t.map((t, k) => (
            <tr key={t}>
              <th scope="row" className="font-normal">
                {write(t)}
              </th>
              {shown.columns.map((column, c) => [
                <td key={column}>{write(data.values[k]?.[c])}</td>,
                ...drawn.map((side) => (
                  <td key={`${column} ${side.label}`}>{write(side.drawing?.curves[trial]?.values[k]?.[c])}</td>
                )),
              ])}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
