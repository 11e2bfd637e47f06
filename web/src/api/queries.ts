import { keepPreviousData, QueryClient, useQuery } from '@tanstack/react-query'
import { ApiError } from './errors'
import { api, read } from './http'
import type { ProblemRequest } from './types'

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

export const useServer = () => useQuery({ queryKey: ['server'], queryFn: () => read(api.GET('/api/server')) })

export const useEndpoints = () =>
  useQuery({ queryKey: ['endpoints'], queryFn: () => read(api.GET('/api/endpoints')), staleTime: FOREVER })

export const usePlayers = (task: string) =>
  useQuery({
    queryKey: ['players', task],
    queryFn: () => read(api.GET('/api/players/{task}', { params: { path: { task } } })),
    staleTime: FOREVER,
  })

export const useSubjects = (task: string) =>
  useQuery({
    queryKey: ['subjects', task],
    queryFn: () => read(api.GET('/api/subjects/{task}', { params: { path: { task } } })),
    staleTime: FOREVER,
  })

export const useSubject = (task: string, name: string) =>
  useQuery({
    queryKey: ['subject', task, name],
    queryFn: () => read(api.GET('/api/subjects/{task}/{name}', { params: { path: { task, name } } })),
    staleTime: FOREVER,
  })

/** Pose a problem; the same request always names the same one. */
export const useProblem = (request: ProblemRequest, enabled: boolean) =>
  useQuery({
    queryKey: ['problem', JSON.stringify(request)],
    queryFn: ({ signal }) => read(api.POST('/api/problems', { body: request, signal })),
    enabled,
    staleTime: FOREVER,
    placeholderData: keepPreviousData,
  })

export const readComparison = (id: string) =>
  read(api.GET('/api/comparisons/{comparison}', { params: { path: { comparison: id } } }))
