import { keepPreviousData, QueryClient, useQuery } from '@tanstack/react-query'
import { ApiError } from './errors'
import { get, post } from './http'
import type {
  Comparison,
  Endpoint,
  LocalPlayer,
  PosedProblem,
  ScenarioDetail,
  Server,
  SubjectRow,
  SystemDetail,
} from './types'

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 6,
      retryDelay: (attempt) => [1000, 2000, 5000, 10_000][Math.min(attempt, 3)] as number,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

const FOREVER = Number.POSITIVE_INFINITY

export const useServer = () => useQuery({ queryKey: ['server'], queryFn: () => get<Server>('api/server') })

export const useEndpoints = () =>
  useQuery({ queryKey: ['endpoints'], queryFn: () => get<Endpoint[]>('api/endpoints'), staleTime: FOREVER })

export const usePlayers = (task: string) =>
  useQuery({ queryKey: ['players', task], queryFn: () => get<LocalPlayer[]>(`api/players/${task}`), staleTime: FOREVER })

export const useSubjects = (task: string) =>
  useQuery({ queryKey: ['subjects', task], queryFn: () => get<SubjectRow[]>(`api/subjects/${task}`), staleTime: FOREVER })

export const useSubject = (task: string, name: string) =>
  useQuery({
    queryKey: ['subject', task, name],
    queryFn: () => get<SystemDetail | ScenarioDetail>(`api/subjects/${task}/${encodeURIComponent(name)}`),
    staleTime: FOREVER,
  })

/** Pose a problem; the same request always names the same one. */
export const useProblem = (request: unknown, enabled: boolean) =>
  useQuery({
    queryKey: ['problem', JSON.stringify(request)],
    queryFn: ({ signal }) => post<PosedProblem>('api/problems', request, signal),
    enabled,
    staleTime: FOREVER,
    placeholderData: keepPreviousData,
  })

export const readComparison = (id: string) => get<Comparison>(`api/comparisons/${encodeURIComponent(id)}`)
