import type { Page } from 'playwright-core'
import { expect, inject, test } from 'vitest'
import { law } from './endpoint.ts'
import { text, WRONG, withBrowser } from './support.ts'

const { endpoint, context } = withBrowser()

interface Stop {
  name: string
  tag: string
  /** Whether a person sees that the focus is here: on the screen, and marked. */
  seen: boolean
}

function stop(page: Page): Promise<Stop> {
  return page.evaluate(() => {
    const node = document.activeElement as HTMLElement
    const box = node.getBoundingClientRect()
    const style = getComputedStyle(node)
    const labels = 'labels' in node ? [...((node.labels as NodeListOf<HTMLElement> | null) ?? [])] : []
    const label = labels.map((each) => each.firstChild?.textContent ?? '').join(' ')
    const name = node.getAttribute('aria-label') ?? (label || node.textContent?.slice(0, 80)) ?? ''
    const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
    const marked = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1
    return { name: name.trim(), tag: node.tagName.toLowerCase(), seen: inside && marked }
  })
}

/** Press Tab until the focus is at something of this name; everything on the way has to show the focus. */
async function tabTo(page: Page, name: string | RegExp, way: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = []
  for (let k = 0; k < 60; k++) {
    await page.keyboard.press(way)
    const here = await stop(page)
    if (!here.seen) throw new Error(`the focus is not seen at ${here.tag} ${JSON.stringify(here.name)}`)
    if (typeof name === 'string' ? here.name === name : name.test(here.name)) return
    passed.push(here.name)
  }
  throw new Error(`Tab does not lead to ${name}: ${passed.join(', ')}`)
}

test('16: by keyboard alone: choose, run, answer, scrub, copy the link', async () => {
  const a = endpoint.script('sixteen', WRONG, law('d2y/dt2 = -g + c*y', { g: 9, c: 0.01 }))
  const opened = await context({ permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await opened.newPage()
  await page.goto(`/?subject=lorenz&seed=1&level=3&hint=full&turns=2&a=${encodeURIComponent(a)}&b=sparse`)
  await page.locator('[data-column] canvas').first().waitFor()
  await tabTo(page, 'Skip to the content')
  await tabTo(page, 'System')
  await page.keyboard.type('free fall d')
  await page.waitForURL(/subject=free_fall_drag/)
  await tabTo(page, 'Seed')
  await page.keyboard.press('Control+a')
  await page.keyboard.type('42')
  await page.waitForURL(/seed=42/)
  await tabTo(page, 'B')
  await page.keyboard.type('You')
  await page.waitForURL(/b=you/)
  await tabTo(page, 'Run')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/c\/[\w-]+/)
  const id = /\/c\/([\w-]+)/.exec(page.url())?.[1] ?? ''
  await page.getByTestId('editor').waitFor()
  expect((await stop(page)).name).toBe('Run')
  await tabTo(page, /^Your law/)
  for (const [turn, equation] of ['d2y/dt2 = -9.8', 'd2y/dt2 = -9.9'].entries()) {
    await page.keyboard.press('Control+a')
    await page.keyboard.type(equation)
    await page.keyboard.press('Control+Enter')
    await page.getByRole('button', { name: new RegExp(`^B, turn ${turn + 1}`) }).waitFor()
  }
  await page.getByTestId('end-card').waitFor()
  await page.getByTestId('status-a').getByText('not solved in 2').waitFor()
  await tabTo(page, /^A, turn 1/)
  await page.keyboard.press('End')
  await page.waitForURL(/turn=2/)
  await page.keyboard.press('Home')
  await page.waitForURL(/turn=1/)
  expect(await text(page, 'announcement')).toMatch(/^Turn 1\. A: match/)
  await tabTo(page, 'Share', 'Shift+Tab')
  await page.keyboard.press('Enter')
  await tabTo(page, 'Copy the link')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`${inject('server')}/c/${id}?turn=1`)
  await page.keyboard.press('Escape')
  expect((await stop(page)).name).toBe('Share')
})
