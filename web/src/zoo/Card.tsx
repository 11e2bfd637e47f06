import { useRef, useState } from 'react'
import { Link } from 'wouter'
import type { Scene, SubjectRow, Thumbnails } from '../api/types'
import { Sparkline } from '../parts/Sparkline'
import { uncovered } from './filter'
import { ScenePicture } from './ScenePicture'
import { useInView } from './useInView'

interface Props {
  row: SubjectRow
  task: 'discover' | 'predict'
  laws: boolean
  curve: Thumbnails['systems'][string] | undefined
  scene: Scene | undefined
  level: number
}

/** A system with a small trajectory, or a scenario with a still that plays on hover or focus. */
export function Card({ row, task, laws, curve, scene, level }: Props) {
  const box = useRef<HTMLLIElement>(null)
  const seen = useInView(box)
  const [playing, setPlaying] = useState(false)
  return (
    <li
      ref={box}
      className="card relative grid content-start gap-1.5 p-2.5 focus-within:border-accent hover:border-accent"
      onMouseEnter={() => setPlaying(true)}
      onMouseLeave={() => setPlaying(false)}
      onFocus={() => setPlaying(true)}
      onBlur={() => setPlaying(false)}
    >
      <div className={task === 'predict' ? 'aspect-4/3' : 'h-16'}>
        {seen && task === 'discover' && curve && (
          <figure className="relative h-16">
            <Sparkline t={curve.t} values={curve.values} width={240} height={60} wide />
            <figcaption className="absolute top-0 right-0 text-[12px] text-muted">{curve.column}</figcaption>
          </figure>
        )}
        {seen && task === 'predict' && scene && (
          <ScenePicture name={row.name} scene={scene} level={level} playing={playing} />
        )}
      </div>
      <h2 className="text-[15px] font-semibold">
        <Link
          href={`/zoo/${task}/${row.name}`}
          className="text-ink no-underline after:absolute after:inset-0 hover:underline"
        >
          {row.name.replaceAll('_', ' ')}
        </Link>
      </h2>
      <p className="text-[13.5px]">{task === 'predict' || laws ? row.summary : uncovered(row.summary)}</p>
      {laws && row.equation && (
        <code className="font-mono text-[12.5px]" data-law>
          {row.equation}
        </code>
      )}
      <p className="flex flex-wrap gap-1">
        <span className="badge">{row.category}</span>
        {row.tier !== null && <span className="badge">tier {row.tier}</span>}
        {row.held_out && <span className="badge">held out</span>}
      </p>
    </li>
  )
}
