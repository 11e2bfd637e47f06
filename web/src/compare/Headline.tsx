import type { Headline as Numbers } from './run'

function signed(value: number | null): string {
  if (value === null) return '–'
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`
}

/** A minus B in one line. */
export function Headline({ numbers, label }: { numbers: Numbers; label: string }) {
  return (
    <table className="mx-auto text-[15px]">
      <caption className="visually-hidden">{label}</caption>
      <tbody>
        <tr className="flex flex-wrap justify-center gap-x-6">
          <th scope="row" className="font-semibold">
            A − B
          </th>
          <td>
            match <strong data-testid="headline-match">{signed(numbers.match)}</strong>
          </td>
          <td>
            reward <strong data-testid="headline-reward">{signed(numbers.reward)}</strong>
          </td>
          <td>
            solved in turn{' '}
            <strong data-testid="headline-turns">
              {numbers.turns[0]} : {numbers.turns[1]}
            </strong>
          </td>
        </tr>
      </tbody>
    </table>
  )
}
