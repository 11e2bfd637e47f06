export function DiscoverPage({ id }: { id: string | null }) { return <h1 tabIndex={-1}>{id}</h1> }
