const STEPS: { title: string; text: string; draw: React.ReactNode }[] = [
  {
    title: 'A simulator writes text',
    text: 'A system is simulated and observed with noise; what comes out is a table and a sentence about the scene.',
    draw: (
      <>
        <path d="M8 52C20 20 34 20 46 36s22 20 44-8" fill="none" stroke="var(--a)" strokeWidth="2.5" />
        {[14, 28, 42, 56, 70, 84].map((x, k) => (
          <circle key={x} cx={x} cy={[40, 27, 32, 46, 47, 33][k]} r="3" fill="var(--muted)" />
        ))}
      </>
    ),
  },
  {
    title: 'A model answers',
    text: 'It proposes a law in a small grammar, with its constants. A person can play, too.',
    draw: (
      <>
        <rect x="8" y="14" width="84" height="36" rx="6" fill="none" stroke="var(--edge)" strokeWidth="2" />
        <text x="50" y="37" textAnchor="middle" fontSize="9.5" fontFamily="monospace" fill="var(--ink)">
          y″ = −g + k v²
        </text>
      </>
    ),
  },
  {
    title: 'The simulator verifies',
    text: 'The law is integrated from the same start and compared with the data, and from other starts that nobody saw.',
    draw: (
      <>
        <path d="M8 50C24 22 40 22 52 36s20 16 40-10" fill="none" stroke="var(--ink)" strokeWidth="1.5" />
        <path
          d="M8 50C24 24 40 26 52 42s24 12 40 2"
          fill="none"
          stroke="var(--b)"
          strokeWidth="2.5"
          strokeDasharray="6 4"
        />
        <path d="M86 29v14" stroke="var(--b)" strokeWidth="1.5" />
      </>
    ),
  },
  {
    title: 'The answer is told what is wrong',
    text: 'Reward by named terms, and the mismatch in English: which column, when, too high or too low. Then the next turn.',
    draw: (
      <>
        <rect x="8" y="18" width="60" height="12" fill="var(--a-fill)" stroke="var(--edge)" />
        <rect x="68" y="18" width="24" height="12" fill="none" stroke="var(--edge)" />
        <text x="8" y="46" fontSize="8" textLength="84" lengthAdjust="spacingAndGlyphs" fill="var(--ink)">
          “vy too low from t = 2”
        </text>
      </>
    ),
  },
]

/** The loop in four pictures. */
export function Loop() {
  return (
    <ol className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
      {STEPS.map((step, k) => (
        <li key={step.title} className="card p-3">
          <svg viewBox="0 0 100 60" className="w-full" aria-hidden="true">
            {step.draw}
          </svg>
          <h2 className="font-semibold">
            {k + 1} {step.title}
          </h2>
          <p className="text-[14px]">{step.text}</p>
        </li>
      ))}
    </ol>
  )
}
